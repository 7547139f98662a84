/** Rows by the thousand into a table of PostgreSQL. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { copyLines } from './copy-lines.ts'
import type { Load } from './database.ts'
import { lockImport, lockShared } from './postgres-functions.ts'

/**
 * By way of a table of the transaction's own, since COPY itself stops at a key that is taken. The locks are
 * taken once the rows are there: nobody waits for the network.
 */
export async function copyIn({ table, columns, rows, alsoAs }: Load, client: pg.ClientBase): Promise<number> {
  const [first, second] = columns
  const names = columns.join(', ')
  await client.query(
    `create temp table loading on commit drop as
      select ${names}, array[]::bytea[] as also_as from ${table} with no data`,
  )
  await pipeline(Readable.from(copyLines(rows, alsoAs)), client.query(copyFrom('copy loading from stdin')))
  await client.query(`select ${lockImport}; select ${lockShared}`)
  const { rowCount } = await client.query(
    `insert into ${table} (${names}) select ${names} from loading
      where also_as = '{}' or not exists (select 1 from ${table} already
        where already.${first} = any(also_as) and already.${second} = loading.${second})
      order by ${first}, ${second} on conflict do nothing`,
  )
  return rowCount ?? 0
}

/** Of whose keys it is known that they are free. */
export const copyRows = (
  table: string,
  columns: readonly string[],
  rows: Load['rows'],
  client: pg.ClientBase,
): Promise<void> =>
  pipeline(
    Readable.from(copyLines(rows)),
    client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`)),
  )
