/**
 * The floor of an import: what any program in this language must at least do with a file of tokens. It splits
 * lines at commas (no quotes, no checks, no progress), hashes each token, sorts, and makes the rows durable;
 * with the engine, the settings, the runs, the slices and the rows per insert of this server.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { runRowsDefault, sliceRows } from '../server/src/import/import-file.ts'
import { rowsPerInsert } from '../server/src/storage/bulk.ts'
import type { Statement } from '../server/src/storage/database.ts'
import { openSqlite } from '../server/src/storage/sqlite.ts'

const [file = '', path = ''] = process.argv.slice(2)

type Row = readonly [digest: Buffer, fields: readonly string[]]

const database = path === '' ? undefined : await openSqlite(path)
await database?.script(`create table tokens (digest blob, client text, user_id text, organization_id text, scopes text,
  created text, status text, primary key (digest, client)) without rowid`)

const line = '(?, ?, ?, ?, ?, ?, ?)'
const sqlOf = (rows: number): string =>
  `insert into tokens values ${Array.from({ length: rows }, () => line).join(', ')} on conflict do nothing`

function insert(rows: readonly Row[]): Statement {
  const values = rows.flatMap(([digest, [, client = '', user = '', organization = '', scopes = '', created = '']]) => [
    digest, client, user, organization, scopes, created, 'active',
  ]) // biome-ignore format: in the order of the columns
  return { sql: sqlOf(rows.length), values }
}

async function write(rows: Row[]): Promise<void> {
  rows.sort(([one], [other]) => Buffer.compare(one, other))
  for (let slice = 0; slice < rows.length; slice += sliceRows) {
    const end = Math.min(slice + sliceRows, rows.length)
    const statements: Statement[] = []
    for (let at = slice; at < end; at += rowsPerInsert) {
      statements.push(insert(rows.slice(at, Math.min(at + rowsPerInsert, end))))
    }
    await database?.bulk(statements)
  }
}

let rest = ''
let isHeader = true
let waiting: Row[] = []
for await (const text of createReadStream(file, { encoding: 'latin1', highWaterMark: 524_288 })) {
  const lines = (rest + text).split('\n')
  rest = lines.pop() ?? ''
  for (const one of lines) {
    const fields = one.split(',')
    if (isHeader) isHeader = false
    else
      waiting.push([
        createHash('sha256')
          .update(fields[0] ?? '')
          .digest(),
        fields,
      ])
  }
  if (waiting.length >= runRowsDefault) {
    await write(waiting)
    waiting = []
  }
}
await write(waiting)
await database?.close()
