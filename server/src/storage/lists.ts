/**
 * Lists for the operator: by pages, in the order of their keys. None of them stands on a token request's
 * path.
 */
import type { Grant, StoredKey } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Database, Row, Value } from './database.ts'
import {
  bytes,
  number,
  numberOrNone,
  numbers,
  text,
  textOrNone,
  toClient,
  toConnection,
  toEvent,
  toGrant,
  toOrganization,
  toUser,
} from './rows.ts'

type Lists = Pick<
  Store,
  | 'listClients'
  | 'listUsers'
  | 'listOrganizations'
  | 'listConnections'
  | 'listGrants'
  | 'listEvents'
  | 'findEvent'
  | 'countLegacyTokens'
  | 'listKeys'
>

const byId = (table: 'users' | 'organizations'): string =>
  `select * from ${table} where id > $1 order by id limit $2`

export const listsOf = (database: Database): Lists => ({
  async listClients() {
    const rows = await database.scan(
      `select c.*, s.hmac as s_hmac, s.key_version as s_key_version, s.expires as s_expires,
        (select string_agg(identifier, ' ') from client_identifiers where client = c.id) as identifiers
      from clients c left join client_secrets s on s.client = c.id order by c.id`,
      [],
    )
    const groups = new Map<string, Row[]>()
    for (const row of rows) groups.set(text(row.id), [...(groups.get(text(row.id)) ?? []), row])
    return [...groups.values()].flatMap((group) => toClient(group) ?? [])
  },
  listUsers: async ({ after, limit }) =>
    (await database.scan(byId('users'), [after ?? '', limit])).map(toUser),
  listOrganizations: async ({ after, limit }) =>
    (await database.scan(byId('organizations'), [after ?? '', limit])).map(toOrganization),
  async listConnections({ clientId, userId, organizationId }, { after, limit }) {
    const values: Value[] = [after === undefined ? 0 : Number(after), limit]
    const conditions = Object.entries({ client: clientId, user_id: userId, organization_id: organizationId })
      .filter(([, value]) => value !== undefined)
      .map(([column, value]) => `${column} = $${values.push(value ?? '')}`)
    const rows = await database.scan(
      `select * from connections where ${['number > $1', ...conditions].join(' and ')} order by number limit $2`,
      values,
    )
    return rows.map((row) => toConnection(row))
  },
  async listGrants(connection) {
    const [row] = await database.scan('select live_grants from connections where number = $1', [connection])
    const grants: Grant[] = []
    for (const grantNumber of numbers(row?.live_grants)) {
      const [found] = await database.scan('select * from grants where number = $1', [grantNumber])
      if (found) grants.push(toGrant(found))
    }
    return grants
  },
  listEvents: async (afterId, limit) =>
    (await database.scan('select * from events where id > $1 order by id limit $2', [afterId, limit])).map(
      toEvent,
    ),
  async findEvent(id) {
    const [row] = await database.scan('select * from events where id = $1', [id])
    return row && toEvent(row)
  },
  async listKeys() {
    // All nodes read it every other second: so they also learn soon of a server that fell silent.
    const rows = await database.query('select * from keys order by kind, version desc', [])
    return rows.map((row) => ({
      version: number(row.version),
      kind: text(row.kind),
      sealed: bytes(row.sealed),
      publicJwk: textOrNone(row.public_jwk),
      created: number(row.created),
      currentFrom: number(row.current_from),
      publishUntil: numberOrNone(row.publish_until),
      status: text(row.status) as StoredKey['status'], // Written by this store alone, from the same union.
    }))
  },
  async countLegacyTokens() {
    const rows = await database.scan(
      'select dialect, client, status, count(*) as count from legacy_tokens group by 1, 2, 3 order by 1, 2, 3',
      [],
    )
    return rows.map((row) => ({
      dialect: text(row.dialect),
      clientId: text(row.client),
      status: text(row.status),
      count: number(row.count),
    }))
  },
})
