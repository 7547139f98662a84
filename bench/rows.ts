/**
 * What a data set is made of: its client, its tokens, and the rows that real exchanges of them would have
 * left.
 */
import { createHash } from 'node:crypto'
import { legacyLocator, locatorHash } from '../server/src/kernel/chain.ts'
import { lookupOf } from '../server/src/kernel/legacy-lookup.ts'
import type { RingVersion } from '../server/src/kernel/ring.ts'
import type { Database, Load, Statement, Value } from '../server/src/storage/database.ts'

export const clientId = 'bench'
export const clientSecret = 'bench-secret-bench-secret-bench-secret-bench'

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Legacy token number `at`: the first half was exchanged, the others wait. */
export const legacyTokenOf = (at: number): string =>
  createHash('sha1').update(`legacy token ${at}`).digest('hex')

/** An authorization code that stands in the data set, of the user of exchanged legacy token `at`. */
export const codeOf = (at: number): string => sha256(`code ${at}`).toString('base64url')
export const redirectUri = 'https://app.example/callback'
export const codeVerifier = 'bench-verifier-bench-verifier-bench-verifier'
export const codeChallenge = sha256(codeVerifier).toString('base64url')

/** Scattered, so that neighbours in time are no neighbours in an index. */
export const userOf = (at: number): string => `user-${sha256(`user ${at}`).toString('hex', 0, 8)}`

/** The numbers below `count`, each once, in an order that leaps about; `count` is no multiple of the step. */
export const scattered = (at: number, count: number): number => (at * 7919) % count

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

export const codeRow = (at: number, created: number): Columns => ({
  hash: sha256(codeOf(at)),
  kind: 'consent',
  client: clientId,
  user_id: userOf(at),
  organization_id: '',
  acts_as: 'user',
  authorized_by: userOf(at),
  scopes: 'read write',
  resource: '',
  redirect_uri: redirectUri,
  code_challenge: codeChallenge,
  created,
  expires: created + 365 * 86_400_000,
  status: 'open',
})

/** Some rows an insert, ten thousand a transaction; or by the engine's faster way, for keys of bytes. */
export async function insert<Item>(
  database: Database,
  table: string,
  items: readonly Item[],
  rowOf: (item: Item) => Columns,
): Promise<void> {
  const together = database.backend === 'sqlite' ? 20 : 200
  for (let from = 0; from < items.length; from += 10_000) {
    const rows = items.slice(from, from + 10_000).map(rowOf)
    const [first = {}] = rows
    if (database.load && Object.values(first)[0] instanceof Uint8Array) {
      // Every row has the columns of the first.
      const columns = Object.keys(first) as unknown as Load['columns']
      const values = rows.map((row) => Object.values(row))
      await database.load({ table, columns, rows: values, alsoAs: rows.map(() => []) })
      continue
    }
    const statements: Statement[] = []
    for (let at = 0; at < rows.length; at += together) {
      statements.push(insertOf(table, rows.slice(at, at + together)))
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
