/**
 * CSV (RFC 4180), read in pieces. The text is one character for each byte, so that structure is found before
 * anybody asks whether the bytes are UTF-8, and so that one broken row says its exact line and costs nobody
 * else's.
 */

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly broken: string }

export type CsvReader = {
  /** The records that are complete with this piece. */
  push(piece: string): readonly CsvRecord[]
  /** What was still open at the end of the file. */
  end(): readonly CsvRecord[]
}

/** Bytes of one record. Without an end, one quote too many would read the rest of a file into memory. */
export const recordBytesMax = 65_536

const tooLong = 'the row is longer than 64 KiB; is a quote missing?'
const notClosed = 'a quote is opened and never closed'
const inTheMiddle = 'a quote stands in the middle of a value; a value with quotes in it is quoted whole'
const behind = 'something stands behind a closing quote; is a quote missing?'

export type Delimiter = ',' | ';' | '\t'

/** What stands between the columns: spreadsheets write a semicolon where a comma is the decimal sign. */
export function delimiterOf(header: string): Delimiter {
  if (header.includes(',')) return ','
  return header.includes(';') ? ';' : header.includes('\t') ? '\t' : ','
}

/** A reader of one file. */
export function csvReader(delimiter: Delimiter = ','): CsvReader {
  let rest = ''
  let line = 1
  let skipping = false

  function read(text: string, last: boolean): CsvRecord[] {
    const records: CsvRecord[] = []
    let at = 0
    let quote = text.indexOf('"')
    while (at < text.length) {
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      if (newline < 0 && !last && end - at <= recordBytesMax) break
      if (skipping || end - at > recordBytesMax) {
        // Said once; the rest of this line is read past, however many pieces it has.
        if (!skipping) records.push({ line, broken: tooLong })
        skipping = newline < 0
        if (!skipping) line += 1
        at = end + 1
        continue
      }
      if (quote >= 0 && quote < at) quote = text.indexOf('"', at)
      if (quote < 0 || quote > end) {
        const fields = text.slice(at, text[end - 1] === '\r' && end > at ? end - 1 : end)
        if (fields !== '') records.push({ line, fields: fields.split(delimiter) })
        at = end + 1
        line += 1
        continue
      }
      const found = readQuoted(text, at, { delimiter, last })
      if (found === 'open') break
      if ('broken' in found) {
        // Only this line is lost: a quote too many would else turn every row behind it inside out.
        records.push({ line, broken: found.broken })
        at = end + 1
        line += 1
        continue
      }
      records.push({ line, fields: found.fields })
      at = found.next
      line += found.lines
    }
    rest = text.slice(at)
    return records
  }

  return {
    push: (piece) => read(rest + piece, false),
    end: () => read(rest, true),
  }
}

type Quoted = { readonly fields: readonly string[]; readonly next: number; readonly lines: number }

/** A record with a quote in its first line; `open`: its end is not in this piece. */
function readQuoted(
  text: string,
  start: number,
  { delimiter, last }: { readonly delimiter: Delimiter; readonly last: boolean },
): Quoted | { broken: string } | 'open' {
  const fields: string[] = []
  let at = start
  for (;;) {
    let field: string
    if (text[at] === '"') {
      const closed = readQuotedField(text, at)
      if (closed === undefined) {
        if (!last && text.length - start <= recordBytesMax) return 'open'
        return { broken: notClosed }
      }
      field = closed.field
      at = closed.next
    } else {
      const end = endOfPlainField(text, at, delimiter)
      field = text.slice(at, text[end] === '\n' && text[end - 1] === '\r' && end > at ? end - 1 : end)
      if (field.includes('"')) return { broken: inTheMiddle }
      at = end
    }
    if (at - start > recordBytesMax) return { broken: notClosed }
    fields.push(field)
    if (text[at] === delimiter) {
      at += 1
      continue
    }
    if (text[at] === '\r') at += 1
    if (at >= text.length) return last ? { fields, next: at, lines: linesIn(text, start, at) + 1 } : 'open'
    if (text[at] === '\n') return { fields, next: at + 1, lines: linesIn(text, start, at) + 1 }
    return { broken: behind }
  }
}

/** The value between quotes, two of which stand for one; `undefined`: it is not closed in this text. */
function readQuotedField(text: string, start: number): { field: string; next: number } | undefined {
  let field = ''
  let from = start + 1
  for (;;) {
    const close = text.indexOf('"', from)
    if (close < 0 || close - start > recordBytesMax) return undefined
    field += text.slice(from, close)
    if (text[close + 1] !== '"') return { field, next: close + 1 }
    field += '"'
    from = close + 2
  }
}

function endOfPlainField(text: string, at: number, delimiter: Delimiter): number {
  const comma = text.indexOf(delimiter, at)
  const newline = text.indexOf('\n', at)
  const end = Math.min(comma < 0 ? text.length : comma, newline < 0 ? text.length : newline)
  return end
}

function linesIn(text: string, from: number, to: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}
