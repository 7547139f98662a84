/** What commands print: aligned columns for people, JSON for scripts. */
import type { Shared } from './command.ts'

type Cell = string | number | boolean | undefined | readonly string[]
export type Shown = Readonly<Record<string, unknown>>

/** Prints one line. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`)

export const sayJson = (value: unknown): void => say(JSON.stringify(value, undefined, 2))

/** `moreAfter`: the key of the last one, where the list goes on behind it. */
type ListOptions = Pick<Shared, 'json'> & { readonly none: string; readonly moreAfter?: string | undefined }

/** Records as a table, with these columns; as JSON whole. Without a record, a sentence says so. */
export function sayRecords<Record extends Shown>(
  records: readonly Record[],
  columns: Readonly<{ [heading: string]: (record: Record) => Cell }>,
  { json, none, moreAfter }: ListOptions,
): void {
  if (json) sayJson(records)
  else if (records.length === 0) process.stderr.write(`${none}\n`)
  else {
    const headings = Object.keys(columns)
    const lines = records.map((record) => Object.values(columns).map((read) => cell(read(record))))
    sayAligned([headings, ...lines])
  }
  if (moreAfter !== undefined) {
    process.stderr.write(`${records.length} are shown, and there are more: --after ${harmless(moreAfter)}\n`)
  }
}

/** One record: a line for each field, named as in the configuration. */
export function sayRecord(record: Shown, { json }: Pick<Shared, 'json'>): void {
  if (json) sayJson(record)
  else sayAligned(Object.entries(record).map(([name, value]) => [labelOf(name), cell(plain(value))]))
}

const labelOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function sayAligned(lines: readonly (readonly string[])[]): void {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  for (const line of lines) {
    say(
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

function plain(value: unknown): Cell {
  if (value === undefined || typeof value === 'string' || typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'boolean' ? value : JSON.stringify(value)
}

function cell(value: Cell): string {
  if (value === undefined || value === '') return '-'
  if (typeof value === 'object') return value.length === 0 ? '-' : harmless(value.join(' '))
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return harmless(String(value))
}

/**
 * What an app or an import named may hold control characters, which would rewrite the terminal, and
 * bidirectional ones, which would show a line in another order than it has.
 */
const harmless = (text: string): string => text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '?')

/** A moment, as ISO 8601 to the second. */
export const timeOf = (milliseconds: number | undefined): string | undefined =>
  milliseconds === undefined ? undefined : new Date(milliseconds).toISOString().replace('.000Z', 'Z')
