/** Rows in the text format of PostgreSQL's COPY (https://www.postgresql.org/docs/current/sql-copy.html). */
import type { Value } from './database.ts'

const rowsPerPiece = 500

/** Pieces of some hundred rows: each costs a write to the socket. `alsoAs` is one column more. */
export function* copyLines(
  rows: readonly (readonly Value[])[],
  alsoAs?: readonly (readonly Uint8Array[])[],
): Generator<string> {
  const more = (at: number): string => (alsoAs ? `\t${list(alsoAs[at] ?? [])}` : '')
  for (let from = 0; from < rows.length; from += rowsPerPiece) {
    yield rows
      .slice(from, from + rowsPerPiece)
      .map((row, at) => `${row.map(field).join('\t')}${more(from + at)}\n`)
      .join('')
  }
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

// A backslash counts once for COPY and once for the array around it.
const list = (values: readonly Uint8Array[]): string =>
  `{${values.map((value) => `"\\\\\\\\x${hex(value)}"`).join(',')}}`

const hex = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')

function field(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return value.replaceAll(/[\\\t\n\r]/g, (found) => escapes[found] ?? found)
  return `\\\\x${hex(value)}`
}
