/**
 * The rows of a file, CSV or NDJSON, a piece at a time: a million rows take no more memory than one piece.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import type { ColumnMap, FileKind, Values } from './columns.ts'
import { hearHeader, ImportError } from './columns.ts'
import type { CsvReader, CsvRecord, Delimiter } from './csv.ts'
import { csvReader, delimiterOf } from './csv.ts'
import { hearJson, jsonLinesReader } from './json-lines.ts'

export type FileFormat = 'csv' | 'ndjson'

export type Row =
  | { readonly line: number; readonly values: Values }
  | { readonly line: number; readonly broken: string }

/** The rows of one piece, and how many bytes of the file have been read. */
export type Piece = {
  readonly rows: readonly Row[]
  readonly bytesRead: number
  /** What stands between the columns; absent where there are none. */
  readonly delimiter: Delimiter | undefined
}

export type FileToRead = {
  readonly path: string
  readonly kind: FileKind
  readonly map: ColumnMap
  /** Absent: told by the first character. */
  readonly format: FileFormat | undefined
}

const pieceBytes = 524_288
const notUtf8 = 'the row is not UTF-8'
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Reads the file to its end. */
export async function* readRows({ path, kind, map, format }: FileToRead): AsyncGenerator<Piece> {
  let bytesRead = 0
  let reader: Reader | undefined
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) {
    // Without an encoding a stream of a file gives buffers; its type does not say so.
    let bytes = chunk as Buffer
    if (!reader) {
      bytes = withoutMark(bytes)
      const isJson =
        format === undefined ? /^\s*\{/.test(bytes.toString('latin1', 0, 256)) : format === 'ndjson'
      reader = isJson ? jsonRows(kind, map) : csvRows(kind, map)
    }
    bytesRead += (chunk as Buffer).length
    const rows = reader.push(bytes.toString('latin1'), isAscii(bytes))
    yield { rows, bytesRead, delimiter: reader.delimiter() }
  }
  if (!reader) throw new ImportError('The file is empty.')
  yield { rows: reader.end(), bytesRead, delimiter: reader.delimiter() }
}

function withoutMark(bytes: Buffer): Buffer {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (wide) throw new ImportError('The file is UTF-16. Save it as UTF-8.')
  return bytes.subarray(0, 3).equals(byteOrderMark) ? bytes.subarray(3) : bytes
}

type Reader = {
  push(text: string, plain: boolean): readonly Row[]
  end(): readonly Row[]
  delimiter(): Delimiter | undefined
}

function csvRows(kind: FileKind, map: ColumnMap): Reader {
  let delimiter: Delimiter = ','
  let csv: CsvReader | undefined
  let columns: readonly (string | undefined)[] | undefined
  // A record may have begun in the piece before, so both must be ASCII for it to need no decoding.
  let plainBefore = true

  const toRows = (records: readonly CsvRecord[], plain: boolean): readonly Row[] => {
    const rows: Row[] = []
    for (const record of records) {
      if (!columns) columns = hearHeader(headerOf(record), map, kind)
      else rows.push('broken' in record ? record : toRow(record, columns, plain))
    }
    return rows
  }
  return {
    push(text, plain) {
      if (!csv) {
        delimiter = delimiterOf(text.trimStart().split('\n', 1)[0] ?? '')
        csv = csvReader(delimiter)
      }
      const rows = toRows(csv.push(text), plain && plainBefore)
      plainBefore = plain
      return rows
    },
    end() {
      const rows = csv ? toRows(csv.end(), plainBefore) : []
      if (!columns) throw new ImportError('The file has no header.')
      return rows
    },
    delimiter: () => delimiter,
  }
}

function headerOf(record: CsvRecord): readonly string[] {
  if ('broken' in record) throw new ImportError(`Line ${record.line}, the header: ${record.broken}.`)
  return record.fields.map((field) => fromUtf8(field) ?? '')
}

function toRow(
  { line, fields }: { readonly line: number; readonly fields: readonly string[] },
  columns: readonly (string | undefined)[],
  plain: boolean,
): Row {
  if (fields.length !== columns.length) {
    return { line, broken: `the row has ${fields.length} values, the header has ${columns.length}` }
  }
  const values: Record<string, string> = {}
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at]
    const field = fields[at]
    if (column === undefined || field === undefined || field === '') continue
    const value = plain ? field : fromUtf8(field)
    if (value === undefined) return { line, broken: notUtf8 }
    values[column] = value
  }
  return { line, values }
}

function jsonRows(kind: FileKind, map: ColumnMap): Reader {
  const lines = jsonLinesReader()
  const toRows = (found: ReturnType<typeof lines.push>): readonly Row[] =>
    found.map((one) => {
      if ('broken' in one) return one
      const text = fromUtf8(one.text)
      return text === undefined
        ? { line: one.line, broken: notUtf8 }
        : { line: one.line, ...hearJson(text, map, kind) }
    })
  return {
    push: (text) => toRows(lines.push(text)),
    end: () => toRows(lines.end()),
    delimiter: () => undefined,
  }
}

/** One character for each byte → what the bytes say; `undefined` where they are not UTF-8. */
function fromUtf8(text: string): string | undefined {
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
