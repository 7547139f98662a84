import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CsvRecord } from './csv.ts'
import { csvReader, recordBytesMax } from './csv.ts'

/** All records, however the text is cut into pieces. */
function read(text: string, pieceLength = text.length || 1): CsvRecord[] {
  const reader = csvReader()
  const records: CsvRecord[] = []
  for (let at = 0; at < text.length; at += pieceLength) {
    records.push(...reader.push(text.slice(at, at + pieceLength)))
  }
  return [...records, ...reader.end()]
}

const fieldsOf = (text: string) => read(text).map((record) => ('fields' in record ? record.fields : record))

suite('CSV', () => {
  test('lines end with LF or CRLF, and the last one need not end', () => {
    assert.deepEqual(fieldsOf('a,b\nc,d\r\ne,f'), [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ])
  })

  test('a quoted value may hold commas, quotes and line breaks, and lines are still counted', () => {
    assert.deepEqual(read('"a,1","say ""hi"""\r\n"two\nlines",x\nlast,y\n'), [
      { line: 1, fields: ['a,1', 'say "hi"'] },
      { line: 2, fields: ['two\nlines', 'x'] },
      { line: 4, fields: ['last', 'y'] },
    ])
  })

  test('empty lines are read past and counted; empty values are values', () => {
    assert.deepEqual(read('\n\r\na,,\n"",b,\n'), [
      { line: 3, fields: ['a', '', ''] },
      { line: 4, fields: ['', 'b', ''] },
    ])
  })

  test('a broken row is told by its line and costs no other', () => {
    const [first, broken, next, behind, middle, last] = read('a,b\nc,"d\ne,"f"\ng,"h"i\nj,k"l\nm,n\n')
    assert.deepEqual(first, { line: 1, fields: ['a', 'b'] })
    assert.ok(broken && 'broken' in broken && broken.line === 2)
    assert.deepEqual(next, { line: 3, fields: ['e', 'f'] })
    assert.ok(behind && 'broken' in behind && behind.line === 4)
    assert.ok(middle && 'broken' in middle && middle.line === 5)
    assert.deepEqual(last, { line: 6, fields: ['m', 'n'] })
  })

  test('a quote that is never closed costs one row, and not the rest of the file', () => {
    const rows = read('a,"b\nc,d\ne,f\n')
    assert.deepEqual(
      rows.map(({ line }) => line),
      [1, 2, 3],
    )
    assert.deepEqual(rows.at(-1), { line: 3, fields: ['e', 'f'] })
  })

  test('a row that does not end is refused once, and not kept in memory', () => {
    const long = 'x'.repeat(recordBytesMax * 3)
    const rows = read(`a,b\n${long}\nc,d\n"${long}\ne,f\n`, 10_000)
    assert.deepEqual(
      rows.map((row) => [row.line, 'broken' in row]),
      [
        [1, false],
        [2, true],
        [3, false],
        [4, true],
        [5, false],
      ],
    )
  })

  test('how the file is cut into pieces changes nothing', () => {
    const text = 'h1,h2\r\n"a ""quoted"" one",2\r\n\r\nbad,"x"y\n"multi\nline","z"\nplain,9\n"open,1\nend,2'
    const whole = read(text)
    for (let length = 1; length < text.length; length += 1) assert.deepEqual(read(text, length), whole)
  })
})
