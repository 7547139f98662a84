/**
 * The statements of the operator's writes: clients, people, keys. None of them stands on a token request's
 * path.
 */
import type { NewestKey } from '../kernel/decision.ts'
import type { Client, Organization, User } from '../kernel/records.ts'
import type { Statement, Value } from './database.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none, places, userColumns, userValues } from './statement-parts.ts'

type OperatorWrite =
  | 'add_client'
  | 'change_client'
  | 'put_logo'
  | 'drop_unused_logos'
  | 'add_client_secret'
  | 'put_user'
  | 'put_organization'
  | 'change_user'
  | 'change_organization'
  | 'set_status'
  | 'end_sessions'
  | 'set_meta'
  | 'add_key'
  | 'change_key'
  | 'raise_numbers'

const clientColumns = [
  'id', 'dialect', 'name', 'type', 'status', 'scopes', 'redirect_uris', 'exchange_status', 'exchange_from',
  'exchange_until', 'exchanges_per_day_max', 'may_introspect', 'origins', 'tokens_valid_after', 'policy',
  'maker', 'logo', 'callback', 'callback_status', 'callback_events', 'auth_method', 'created',
] // biome-ignore format: a table of names reads best in lines

const secretColumns = ['client', 'hmac', 'sealed', 'key_version', 'created', 'expires']

const keyColumns = [
  'kind', 'version', 'sealed', 'public_jwk', 'created', 'current_from', 'publish_until', 'status',
] // biome-ignore format: a table of names reads best in lines

/** No other client (than the one whose id is at `id`) is called by any of these names. */
const namesAreFree = (id: number, count: number, from: number): string =>
  count === 0
    ? 'true'
    : `not exists (select 1 from client_identifiers i where i.client <> $${id}
        and i.identifier in (${places(count, from)}))
      and not exists (select 1 from clients c where c.id <> $${id} and c.id in (${places(count, from)}))`

const newestAsSeen = (from: number, seen: NewestKey | undefined): string =>
  seen === undefined
    ? 'true'
    : `exists (select 1 from keys where kind = 'ring' and version = $${from} and sealed = $${from + 1})
      and not exists (select 1 from keys where kind = 'ring' and version > $${from})`

const newestValues = (seen: NewestKey | undefined): Value[] =>
  seen === undefined ? [] : [seen.version, seen.sealed]

export const operatorStatements: Statements<OperatorWrite> = {
  add_client({ client, at }) {
    const values = [...clientValues(client), client.type === 'public' ? 'none' : 'client_secret', at]
    const names = [client.id, ...client.identifiers]
    return [
      {
        sql: `insert into clients (${clientColumns.join(', ')}) select ${places(values.length)}
          where ${namesAreFree(1, names.length, values.length + 1)} on conflict do nothing returning 1`,
        values: [...values, ...names],
      },
      ...client.identifiers.map((identifier) => identifierOf(client, identifier)),
    ]
  },
  change_client({ client, seen }) {
    const values = clientValues(client)
    const before = clientValues(seen).slice(1)
    const changed = clientColumns.slice(1, values.length)
    const asSeen = changed.map((column, at) => `${column} is not distinct from $${values.length + at + 1}`)
    const from = values.length + before.length + 1
    return [
      {
        sql: `update clients set ${changed.map((column, at) => `${column} = $${at + 2}`).join(', ')}
          where id = $1 and ${asSeen.join(' and ')} and ${namesAreFree(1, client.identifiers.length, from)}
          returning 1`,
        values: [...values, ...before, ...client.identifiers],
      },
      ...seen.identifiers
        .filter((identifier) => !client.identifiers.includes(identifier))
        .map((identifier) => ({
          sql: 'delete from client_identifiers where identifier = $1 and client = $2',
          values: [identifier, client.id],
        })),
      ...client.identifiers.map((identifier) => identifierOf(client, identifier)),
    ]
  },
  put_logo: ({ logo }) => [
    {
      sql: 'insert into logos (name, bytes) values ($1, $2) on conflict do nothing',
      values: [logo.name, logo.bytes],
    },
  ],

  drop_unused_logos: () => [
    {
      sql: 'delete from logos where not exists (select 1 from clients where clients.logo = logos.name)',
      values: [],
    },
  ],

  add_client_secret({ clientId, secret, sealed, created, othersExpire }) {
    const add: Statement = {
      sql: `${insert('client_secrets', secretColumns)} returning 1`,
      values: [clientId, secret.hmac, none(sealed), secret.keyVersion, created, none(secret.expires)],
    }
    // Only the newest is shown to the app, so no older one need be kept.
    const dropOthers: Statement = {
      sql: 'update client_secrets set sealed = null where client = $1 and hmac <> $2 and sealed is not null',
      values: [clientId, secret.hmac],
    }
    const added = sealed === undefined ? [add] : [add, dropOthers]
    if (othersExpire === undefined) return added
    const endOthers: Statement = {
      sql: `update client_secrets set expires = $3
        where client = $1 and hmac <> $2 and (expires is null or expires > $3)`,
      values: [clientId, secret.hmac, othersExpire],
    }
    return [...added, endOthers]
  },
  put_user: ({ user, organizations }) => [
    {
      sql: `${insert('users', userColumns)}
        on conflict (id) do update set
          username = excluded.username, email = excluded.email, name = excluded.name,
          password_hash = coalesce(excluded.password_hash, users.password_hash),
          language = coalesce(excluded.language, users.language) returning 1`,
      values: userValues(user),
    },
    ...organizations.map((id) => ({
      sql: `insert into memberships (user_id, organization_id, role) values ($1, $2, 'member')
        on conflict do nothing`,
      values: [user.id, id],
    })),
  ],
  put_organization: ({ organization }) => [
    {
      sql: `${insert('organizations', ['id', 'name', 'region', 'api_domain', 'status', 'allowed_addresses'])}
        on conflict (id) do update set
          name = excluded.name, region = excluded.region, api_domain = excluded.api_domain,
          allowed_addresses = excluded.allowed_addresses returning 1`,
      values: [
        organization.id,
        organization.name,
        none(organization.region),
        none(organization.apiDomain),
        organization.status,
        organization.allowedAddresses.join(' '),
      ],
    },
  ],
  change_user: ({ user, seen }) => [
    changeOf('users', user.id, changeableOfUser(user), changeableOfUser(seen)),
  ],
  change_organization: ({ organization, seen }) => [
    changeOf('organizations', seen.id, changeableOf(organization), changeableOf(seen)),
  ],
  set_status: ({ record, id, status }) => [
    {
      sql: `update ${record} set status = $2 where id = $1 and status <> $2 returning 1`,
      values: [id, status],
    },
  ],
  end_sessions: ({ userId }) => [
    { sql: 'delete from sessions where user_id = $1 returning 1', values: [userId] },
  ],
  set_meta: ({ key, value }) => [
    {
      sql: `insert into meta (key, value) values ($1, $2)
        on conflict (key) do update set value = excluded.value returning 1`,
      values: [key, value],
    },
  ],
  add_key: ({ key, seen }) => [
    {
      sql: `insert into keys (${keyColumns.join(', ')}) select ${places(keyColumns.length)}
        where ${newestAsSeen(keyColumns.length + 1, seen)} on conflict do nothing returning 1`,
      values: [
        key.kind,
        key.version,
        key.sealed,
        none(key.publicJwk),
        key.created,
        key.currentFrom,
        none(key.publishUntil),
        key.status,
        ...newestValues(seen),
      ],
    },
  ],
  change_key: ({ key, seen }) => [
    {
      sql: `update keys set status = $3, sealed = $4, publish_until = $5 where kind = $1 and version = $2
        and status <> 'destroyed' and ${newestAsSeen(6, seen)} returning 1`,
      values: [key.kind, key.version, key.status, key.sealed, none(key.publishUntil), ...newestValues(seen)],
    },
  ],
  raise_numbers: ({ to }) => [
    {
      sql: `insert into number_blocks (first, next_first, closed_from)
        select coalesce(max(next_first), 1), $1, coalesce(max(next_first), 1)
        from number_blocks returning 1`,
      values: [to],
    },
    // Of a block that is open, nobody knows which of its grants are lost: none of it counts as swept.
    { sql: 'update number_blocks set closed_from = first where closed_from is null', values: [] },
  ],
}

type Changeable = Readonly<Record<string, Value>>

const changeableOfUser = ({ email, name, language, region }: User): Changeable => ({
  email: none(email),
  name: none(name),
  language: none(language),
  region: none(region),
})

const changeableOf = ({ name, region, apiDomain, allowedAddresses }: Organization): Changeable => ({
  name,
  region: none(region),
  api_domain: none(apiDomain),
  allowed_addresses: allowedAddresses.join(' '),
})

/** Of a row that still is as it was seen: else one operator's change would undo another's. */
function changeOf(table: string, id: string, changed: Changeable, seen: Changeable): Statement {
  const columns = Object.keys(changed)
  const set = columns.map((column, at) => `${column} = $${at + 2}`)
  const asSeen = columns.map((column, at) => `${column} is not distinct from $${columns.length + at + 2}`)
  return {
    sql: `update ${table} set ${set.join(', ')} where id = $1 and ${asSeen.join(' and ')} returning 1`,
    values: [id, ...Object.values(changed), ...Object.values(seen)],
  }
}

const identifierOf = (client: Client, identifier: string): Statement => ({
  sql: 'insert into client_identifiers (identifier, client) values ($1, $2) on conflict do nothing',
  values: [identifier, client.id],
})

const clientValues = (client: Client): Value[] => [
  client.id, client.dialect, client.name, client.type, client.status, client.scopes.join(' '),
  client.redirectUris.join(' '), client.exchangeStatus, none(client.exchangeFrom), none(client.exchangeUntil),
  none(client.exchangesPerDayMax), client.mayIntrospect ? 1 : 0, client.origins.join(' '),
  client.tokensValidAfter,
  JSON.stringify(client.policy), none(client.maker), none(client.logo), none(client.callback),
  client.callbackStatus, client.callbackEvents.join(' '),
] // biome-ignore format: in the order of the columns
