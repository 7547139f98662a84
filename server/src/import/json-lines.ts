/** NDJSON: one JSON object a line. Like `csv.ts`, over one character for each byte. */
import type { ColumnMap, FileKind, Values } from './columns.ts'
import { columnsOf } from './columns.ts'
import { recordBytesMax } from './csv.ts'

export type JsonLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly broken: string }

/** A reader of one file's lines; empty ones are read past. */
export function jsonLinesReader(): { push(piece: string): JsonLine[]; end(): JsonLine[] } {
  let rest = ''
  let line = 1
  let skipping = false

  function read(text: string, last: boolean): JsonLine[] {
    const lines: JsonLine[] = []
    let at = 0
    while (at < text.length) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      if (newline < 0 && !last && end - at <= recordBytesMax) break
      if (!skipping) {
        if (end - at > recordBytesMax) lines.push({ line, broken: 'the row is longer than 64 KiB' })
        else if (text.slice(at, end).trim() !== '') lines.push({ line, text: text.slice(at, end) })
      }
      skipping = newline < 0
      if (!skipping) line += 1
      at = end + 1
    }
    rest = text.slice(at)
    return lines
  }
  return { push: (piece) => read(rest + piece, false), end: () => read(rest, true) }
}

// JSON can spell half of a surrogate pair: two such ids would become one, and PostgreSQL keeps none.
const loneSurrogate = /\p{Surrogate}/u

/** Columns that may be lists; a list in CSV is written by spaces. */
const lists: readonly string[] = ['scopes', 'organizations', 'admin_of']

/** The object's members by our names. Nothing of what it says is repeated in a message: it may be a token. */
export function hearJson(
  text: string,
  map: ColumnMap,
  kind: FileKind,
): { readonly values: Values } | { readonly broken: string } {
  let object: unknown
  try {
    object = JSON.parse(text)
  } catch {
    return { broken: 'the row is not JSON' }
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return { broken: 'the row is not a JSON object' }
  }
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(object)) {
    const theirs = name.trim().toLowerCase()
    if (!map.has(theirs)) return { broken: `a member is none of ${columnsOf[kind].join(', ')}` }
    const column = map.get(theirs)
    // An empty list of scopes is a list: none recorded would be all that the client may have.
    const absent = value === null || (value === '' && column !== 'scopes')
    if (column === undefined || absent) continue
    if (column in values) return { broken: `two members are ${column}` }
    const heard = hearMember(column, value)
    if (heard === undefined) return { broken: `${column} is neither a string nor a whole number` }
    if (loneSurrogate.test(heard))
      return { broken: `${column} holds half of a character, which no UTF-8 has` }
    values[column] = heard
  }
  return { values }
}

function hearMember(column: string, value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (!lists.includes(column) || !Array.isArray(value)) return undefined
  // An element with a space in it would become two.
  return value.every((one) => typeof one === 'string' && /^\S+$/.test(one)) ? value.join(' ') : undefined
}
