/** The floor's own data: two tables of as many rows as ours, of about the same width. */
import { openSqlite } from '../server/src/storage/sqlite.ts'
import { clientId, insert, legacyTokenOf, sha256, userOf } from './rows.ts'

export async function buildFloor(path: string, rows: number): Promise<void> {
  const database = await openSqlite(path)
  await database.script(`
    create table tokens (digest blob primary key, client text, user_id text, scopes text, created integer,
      status text not null, at integer, grant_number integer) without rowid;
    create table grants (number integer primary key, locator_hash blob, client text, user_id text, scopes text,
      created integer, generation integer not null, rotated_at integer)`)
  const created = Date.now()
  const tokens = Array.from({ length: rows }, (_, at) => ({ at, digest: sha256(legacyTokenOf(at)) }))
  tokens.sort((one, other) => Buffer.compare(one.digest, other.digest))
  const common = { client: clientId, scopes: 'read write', created }
  await insert(database, 'tokens', tokens, ({ at, digest }) => ({
    digest,
    user_id: userOf(at),
    status: at < rows / 2 ? 'exchanged' : 'active',
    ...common,
  }))
  const grants = Array.from({ length: rows / 2 }, (_, at) => at)
  await insert(database, 'grants', grants, (at) => ({
    number: at + 1,
    locator_hash: sha256(`locator ${at}`),
    user_id: userOf(at),
    generation: 0,
    rotated_at: created,
    ...common,
  }))
  await database.query('pragma wal_checkpoint(truncate)', [])
  await database.close()
}
