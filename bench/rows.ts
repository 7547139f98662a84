/**
 * What a data set is made of: its client, its tokens, and the rows that real exchanges of them would have
 * left.
 */
import { createHash } from 'node:crypto'
import { legacyLocator, locatorHash } from '../server/src/kernel/chain.ts'
import { lookupOf } from '../server/src/kernel/legacy-lookup.ts'
import type { RingVersion } from '../server/src/kernel/ring.ts'
import type { Database, Statement, Value } from '../server/src/storage/database.ts'

export const clientId = 'bench'
export const clientSecret = 'bench-secret-bench-secret-bench-secret-bench'

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Legacy token number `at`: the first half was exchanged, the others wait. */
export const legacyTokenOf = (at: number): string =>
  createHash('sha1').update(`legacy token ${at}`).digest('hex')

/** Scattered, so that neighbours in time are no neighbours in an index. */
export const userOf = (at: number): string => `user-${sha256(`user ${at}`).toString('hex', 0, 8)}`

/** The numbers that the grant of exchanged legacy token `at` and its connection got. */
export const grantNumberOf = (at: number): number => 2 * at + 2
const connectionNumberOf = (at: number): number => 2 * at + 1

export type Token = { readonly at: number; readonly lookup: Buffer }

/** In the order of the key, which is how an import goes in fast. */
export function byLookup(version: RingVersion, from: number, to: number): Token[] {
  const tokens = Array.from({ length: to - from }, (_, index) => {
    const at = from + index
    return { at, lookup: lookupOf(version, 'raw', Buffer.from(legacyTokenOf(at))) }
  })
  return tokens.sort((one, other) => Buffer.compare(one.lookup, other.lookup))
}

type Columns = Readonly<Record<string, Value>>

export const exchangedRow = ({ at, lookup }: Token, version: RingVersion, created: number): Columns => ({
  lookup,
  client: '',
  dialect: 'standard',
  bound_to: clientId,
  lookup_version: version.version,
  user_id: userOf(at),
  organization_id: '',
  kind: 'user',
  scopes: 'read write',
  created,
  status: 'exchanged',
  exchange: 0,
  key_version: version.version,
  grant_number: grantNumberOf(at),
  connection_epoch: 1,
})

export const connectionRow = (at: number, created: number): Columns => ({
  number: connectionNumberOf(at),
  client: clientId,
  user_id: userOf(at),
  organization_id: '',
  scopes: 'read write',
  since: created,
  origin: 'migrated',
  confirmation: 'not_needed',
  status: 'live',
  epoch: 1,
  live_grants: `,${grantNumberOf(at)},`,
})

export const grantRow = (at: number, version: RingVersion, created: number): Columns => ({
  number: grantNumberOf(at),
  locator_hash: locatorHash(legacyLocator(version, legacyTokenOf(at), clientId, 0)),
  connection: connectionNumberOf(at),
  client: clientId,
  user_id: userOf(at),
  organization_id: '',
  acts_as: 'user',
  authorized_by: userOf(at),
  scopes: 'read write',
  resource: '',
  epoch: 1,
  generation: 0,
  rotated_at: created,
  key_version: version.version,
  created,
  refresh_until: created + 90 * 86_400_000,
  access_until: created + 8 * 86_400_000,
  status: 'live',
  replays: 0,
})

/** Twenty rows an insert, ten thousand a transaction. */
export async function insert<Item>(
  database: Database,
  table: string,
  items: readonly Item[],
  rowOf: (item: Item) => Columns,
): Promise<void> {
  for (let from = 0; from < items.length; from += 10_000) {
    const statements: Statement[] = []
    for (let at = from; at < Math.min(from + 10_000, items.length); at += 20) {
      const rows = items.slice(at, Math.min(at + 20, from + 10_000)).map(rowOf)
      statements.push(insertOf(table, rows))
    }
    await database.bulk(statements)
  }
}

function insertOf(table: string, rows: readonly Columns[]): Statement {
  const columns = Object.keys(rows[0] ?? {})
  const line = (row: number): string =>
    `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`
  return {
    sql: `insert into ${table} (${columns.join(', ')}) values ${rows.map((_, row) => line(row)).join(', ')}`,
    values: rows.flatMap((row) => Object.values(row)),
  }
}
