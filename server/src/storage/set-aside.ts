/**
 * Databases that no server may use: one that is being filled, one whose rows have moved elsewhere, and one
 * that could not keep every name.
 */
import type { Database } from './database.ts'
import { text } from './rows.ts'

export class DatabaseSetAside extends Error {
  override readonly name = 'DatabaseSetAside'
}

/** Keys of `meta`. */
export const copyingKey = 'copying'
export const movedKey = 'moved_to'
/** Where the rows are being copied to, just now: nothing may change here meanwhile. */
export const movingKey = 'moving_to'

export async function metaOf(database: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await database.scan('select key, value from meta', [])
  return new Map(rows.map(({ key, value }) => [text(key), text(value)]))
}

export const putMeta = (key: string, value: string) => ({
  sql: `insert into meta (key, value) values ($1, $2)
    on conflict (key) do update set value = excluded.value`,
  values: [key, value],
})

export const dropMeta = (key: string) => ({ sql: 'delete from meta where key = $1', values: [key] })

/** Throws where the database was set aside; not where one that had moved is to be used again. */
export async function refuseSetAside(database: Database, again: boolean): Promise<void> {
  const meta = await metaOf(database)
  if (meta.has(copyingKey)) {
    throw new DatabaseSetAside(
      'The database is half of a copy. Run tokenferry copy again: it goes on where it was.',
    )
  }
  const moving = meta.get(movingKey)
  if (moving !== undefined) {
    throw new DatabaseSetAside(
      `The database is being copied to ${moving}, and nothing may change in it. Where the copy has ended in the ` +
        'middle, run it again; or serve this one as before: tokenferry copy --cancel --from DATABASE',
    )
  }
  const moved = meta.get(movedKey)
  if (moved !== undefined && !again) {
    throw new DatabaseSetAside(
      `The database was copied to ${moved}, and what was done there since is not known here. ` +
        'Name that one in the configuration. To use this one again: tokenferry db restored --to TIME',
    )
  }
}

/** Throws where no table was made yet, and none should be: an encoding cannot be changed later. */
export async function refuseEncoding(database: Database): Promise<void> {
  if (database.backend !== 'postgres' || (await database.tables()).has('migrations')) return
  const [row] = await database.scan(`select current_setting('server_encoding') as encoding`, [])
  if (row?.encoding === 'UTF8') return
  throw new DatabaseSetAside(
    `The database has the encoding ${row?.encoding}, which has no room for every name. Make another: ` +
      `create database NAME owner ROLE encoding 'UTF8' template template0`,
  )
}
