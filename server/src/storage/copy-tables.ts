/**
 * All rows of one database into another of the same schema, whichever engines they are: table by table, in
 * the order of the source's keys. Each page and the place where it ends become durable together, so that
 * whoever is interrupted goes on there, and no row comes twice.
 */
import { hash } from 'node:crypto'
import type { Database, Row, Statement, Value } from './database.ts'
import { number, text } from './rows.ts'
import { insert, schemaHere } from './statement-parts.ts'

export type Table = {
  readonly name: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

/** A copy that cannot be made, in one sentence that says what to do. */
export class CopyError extends Error {
  override readonly name = 'CopyError'
}

export const rowsPerPageDefault = 20_000

/** Every table that is copied as it stands. What the migrations write, each database has itself. */
export async function tablesOf(database: Database): Promise<readonly Table[]> {
  const tables = new Map<string, { columns: string[]; key: string[] }>()
  for (const row of await database.scan(columnsSql[database.backend], [])) {
    const name = text(row.table_name)
    const table = tables.get(name) ?? { columns: [], key: [] }
    tables.set(name, table)
    table.columns.push(`"${text(row.name)}"`)
    const place = number(row.place)
    if (place > 0) table.key[place - 1] = `"${text(row.name)}"`
  }
  return [...tables]
    .filter(([name]) => !ofThisDatabase.has(name))
    .map(([name, { columns, key }]) => ({ name, columns: columns.sort(), key }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** What is not the deployment's, but this database's: also who has which work just now. */
const ofThisDatabase: ReadonlySet<string> = new Set(['migrations', 'meta', 'leases'])

const columnsSql = {
  sqlite: `select m.name as table_name, c.name as name, c.pk as place
    from sqlite_master m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite!_%' escape '!'`,
  postgres: `select c.relname as table_name, a.attname as name,
      coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0) as place
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relkind in ('r', 'p') and c.relnamespace = ${schemaHere} and not c.relispartition`,
}

/** How far a copy has come: all tables before this one, and this one up to the row of this key. */
export type Place = { readonly table: string; readonly after: readonly KeyValue[] | undefined }

/** A key's value as JSON can say it. */
type KeyValue = string | number | { readonly hex: string }

const toKey = (value: Value): KeyValue => {
  if (value instanceof Uint8Array) return { hex: hexOf(value) }
  if (value === null) throw new Error('A key holds no null.')
  return value
}
const fromKey = (value: KeyValue): Value =>
  typeof value === 'object' ? Buffer.from(value.hex, 'hex') : value

export type Sides = {
  readonly source: Database
  readonly target: Database
  readonly rowsPerPage?: number
}

export type Count = (rows: number) => void

/** Adds the rows of a table behind this key; `note` is written with each page. */
export async function copyTable(
  table: Table,
  { source, target, rowsPerPage = rowsPerPageDefault }: Sides,
  from: Place['after'],
  noting: { note(place: Place): Statement; count: Count },
): Promise<void> {
  const { name, columns } = table
  const names = columns.map(bare)
  for await (const { rows, last } of pagesOf(source, table, from, rowsPerPage)) {
    const values = rows.map((row) => names.map((column) => row[column] ?? null))
    refuseNul(table, values)
    const note = noting.note({ table: name, after: last.map(toKey) })
    if (target.addRows) await target.addRows({ table: name, columns, rows: values }, note)
    else await target.bulk([...values.map((row) => ({ sql: insert(name, columns), values: row })), note])
    noting.count(rows.length)
  }
}

export type Sum = { readonly rows: number; readonly sum: string }

/** How many rows there are, and a sum of a digest of each, whatever the order in which they are read. */
export async function sumOf(database: Database, table: Table, count: Count): Promise<Sum> {
  const names = table.columns.map(bare)
  const lanes = new Uint32Array(4)
  let seen = 0
  for await (const { rows } of pagesOf(database, table, undefined, rowsPerPageDefault)) {
    for (const row of rows) {
      const values = names.map((column) => readable(row[column] ?? null))
      const digest = hash('sha256', JSON.stringify(values), 'buffer')
      for (let at = 0; at < lanes.length; at += 1) lanes[at] = (lanes[at] ?? 0) + digest.readUInt32LE(at * 4)
    }
    seen += rows.length
    count(rows.length)
  }
  return { rows: seen, sum: hexOf(new Uint8Array(lanes.buffer)) }
}

const readable = (value: Value): unknown => (value instanceof Uint8Array ? [hexOf(value)] : value)

async function* pagesOf(
  database: Database,
  { name, columns, key }: Table,
  from: Place['after'],
  rowsPerPage: number,
): AsyncGenerator<{ readonly rows: readonly Row[]; readonly last: readonly Value[] }> {
  const order = `order by ${key.join(', ')} limit ${rowsPerPage}`
  const places = key.map((_, at) => `$${at + 1}`).join(', ')
  let after = from?.map(fromKey)
  for (;;) {
    const where = after ? `where (${key.join(', ')}) > (${places})` : ''
    const rows = await database.scan(
      `select ${columns.join(', ')} from ${name} ${where} ${order}`,
      after ?? [],
    )
    const lastRow = rows.at(-1)
    if (!lastRow) return
    after = key.map((column) => lastRow[bare(column)] ?? null)
    yield { rows, last: after }
    if (rows.length < rowsPerPage) return
  }
}

/** SQLite keeps a text with a NUL, PostgreSQL does not. */
function refuseNul({ name, columns, key }: Table, rows: readonly (readonly Value[])[]): void {
  for (const row of rows) {
    const at = row.findIndex((value) => typeof value === 'string' && value.includes('\0'))
    if (at < 0) continue
    const named = key.map((column) => JSON.stringify(readable(row[columns.indexOf(column)] ?? null)))
    throw new CopyError(
      `The column ${bare(columns[at] ?? '')} of ${name} ${named.join(', ')} holds a NUL. Mend it, and go on.`,
    )
  }
}

const bare = (column: string): string => column.slice(1, -1)

const hexOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
