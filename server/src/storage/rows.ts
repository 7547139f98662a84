/** Rows to records. A column that a join adds carries its table's prefix (`c_status`). */
import type {
  AuthorizationCode,
  Client,
  ClientSecret,
  Connection,
  Delivery,
  Event,
  Grant,
  LegacyToken,
  Organization,
  Session,
  User,
} from '../kernel/records.ts'
import type { AliasStatus } from '../kernel/store.ts'
import type { BarredBy, JoinedUser } from '../kernel/subjects.ts'
import type { Row, Value } from './database.ts'

export const text = (value: Value | undefined): string => String(value ?? '')
export const number = (value: Value | undefined): number => Number(value)
export const bytes = (value: Value | undefined): Uint8Array => {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError('A column of bytes holds something else.')
}
export const textOrNone = (value: Value | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value)
export const numberOrNone = (value: Value | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value)
const bytesOrNone = (value: Value | undefined): Uint8Array | undefined =>
  value === null || value === undefined ? undefined : bytes(value)

/** A list as a column keeps it: by space. */
export const words = (value: Value | undefined): readonly string[] => text(value).split(' ').filter(Boolean)

export const numbers = (value: Value | undefined): readonly number[] =>
  text(value).split(',').filter(Boolean).map(Number)

// A union column is written by this store alone, from the same union: reading it back is the one cast here.
export const one = <Union extends string>(value: Value | undefined): Union => text(value) as Union

export const toGrant = (row: Row): Grant => ({
  number: number(row.number),
  locatorHash: bytes(row.locator_hash),
  connection: number(row.connection),
  clientId: text(row.client),
  userId: text(row.user_id),
  organizationId: text(row.organization_id),
  actsAs: one(row.acts_as),
  authorizedBy: text(row.authorized_by),
  scopes: words(row.scopes),
  resource: words(row.resource),
  boundKey: textOrNone(row.bound_key),
  epoch: number(row.epoch),
  generation: number(row.generation),
  rotatedAt: number(row.rotated_at),
  keyVersion: number(row.key_version),
  created: number(row.created),
  usedAt: numberOrNone(row.used_at),
  refreshUntil: numberOrNone(row.refresh_until),
  accessUntil: number(row.access_until),
  status: one(row.status),
  reason: textOrNone(row.reason),
  replays: number(row.replays),
})

export const toLegacyToken = (row: Row): LegacyToken => ({
  lookup: bytes(row.lookup),
  clientId: text(row.client),
  dialect: text(row.dialect),
  boundTo: textOrNone(row.bound_to),
  lookupVersion: number(row.lookup_version),
  authorization: textOrNone(row.authorization),
  userId: text(row.user_id),
  organizationId: text(row.organization_id),
  kind: text(row.kind),
  scopes: row.scopes === null || row.scopes === undefined ? undefined : words(row.scopes),
  created: numberOrNone(row.created),
  expires: numberOrNone(row.expires),
  lastUsed: numberOrNone(row.last_used),
  status: one(row.status),
  exchange: number(row.exchange),
  keyVersion: numberOrNone(row.key_version),
  grantNumber: numberOrNone(row.grant_number),
  connectionEpoch: number(row.connection_epoch),
})

export const toCode = (row: Row): AuthorizationCode => ({
  hash: bytes(row.hash),
  kind: one(row.kind),
  clientId: text(row.client),
  userId: text(row.user_id),
  organizationId: text(row.organization_id),
  actsAs: one(row.acts_as),
  authorizedBy: text(row.authorized_by),
  scopes: words(row.scopes),
  resource: words(row.resource),
  redirectUri: textOrNone(row.redirect_uri),
  codeChallenge: textOrNone(row.code_challenge),
  legacyLookup: bytesOrNone(row.legacy_lookup),
  legacyClientId: textOrNone(row.legacy_client),
  wrappedLocator: bytesOrNone(row.wrapped_locator),
  created: number(row.created),
  expires: number(row.expires),
  status: one(row.status),
  grantNumber: numberOrNone(row.grant_number),
  nonce: textOrNone(row.nonce),
  authenticatedAt: numberOrNone(row.authenticated_at),
})

/** The columns of a joined connection, user and organization; read by the three functions below. */
export const joinedColumns = `
  c.number as c_number, c.client as c_client, c.user_id as c_user_id, c.organization_id as c_organization_id,
  c.scopes as c_scopes, c.since as c_since, c.origin as c_origin, c.confirmation as c_confirmation,
  c.status as c_status, c.epoch as c_epoch, c.live_grants as c_live_grants, c.last_used as c_last_used,
  u.status as u_status, u.username as u_username, u.name as u_name, u.region as u_region,
  o.name as o_name, o.region as o_region, o.api_domain as o_api_domain, o.status as o_status,
  o.allowed_addresses as o_allowed_addresses`

const connectionNames = (prefix: 'c_' | '') =>
  ({
    number: `${prefix}number`,
    client: `${prefix}client`,
    user: `${prefix}user_id`,
    organization: `${prefix}organization_id`,
    scopes: `${prefix}scopes`,
    since: `${prefix}since`,
    origin: `${prefix}origin`,
    confirmation: `${prefix}confirmation`,
    status: `${prefix}status`,
    epoch: `${prefix}epoch`,
    liveGrants: `${prefix}live_grants`,
    lastUsed: `${prefix}last_used`,
  }) as const
// Made once: to put a name together costs more than to read the column.
const connectionColumns = { '': connectionNames(''), c_: connectionNames('c_') }

export function toConnection(row: Row, prefix: 'c_' | '' = ''): Connection {
  const names = connectionColumns[prefix]
  return {
    number: number(row[names.number]),
    clientId: text(row[names.client]),
    userId: text(row[names.user]),
    organizationId: text(row[names.organization]),
    scopes: words(row[names.scopes]),
    since: number(row[names.since]),
    origin: one(row[names.origin]),
    confirmation: one(row[names.confirmation]),
    status: one(row[names.status]),
    epoch: number(row[names.epoch]),
    liveGrants: numbers(row[names.liveGrants]),
    lastUsed: numberOrNone(row[names.lastUsed]),
  }
}

export const joinedConnection = (row: Row): Connection | undefined =>
  row.c_number === null || row.c_number === undefined ? undefined : toConnection(row, 'c_')

export const joinedUser = (row: Row, id: string): JoinedUser | undefined =>
  row.u_status === null || row.u_status === undefined
    ? undefined
    : {
        id,
        status: one(row.u_status),
        username: text(row.u_username),
        name: textOrNone(row.u_name),
        region: textOrNone(row.u_region),
      }

export const joinedOrganization = (row: Row, id: string): Organization | undefined =>
  row.o_status === null || row.o_status === undefined
    ? undefined
    : {
        id,
        name: text(row.o_name),
        region: textOrNone(row.o_region),
        apiDomain: textOrNone(row.o_api_domain),
        status: one(row.o_status),
        allowedAddresses: words(row.o_allowed_addresses),
      }

/** As `aliasOf` asks. */
export const toAliasStatus = (value: Value | undefined): AliasStatus =>
  value === null || value === undefined ? undefined : one(value)

/** As `barredBy` asks. */
export const toBarredBy = (value: Value | undefined): BarredBy =>
  value === null || value === undefined ? undefined : one(value)

export const toUser = (row: Row): User => ({
  id: text(row.id),
  username: text(row.username),
  email: textOrNone(row.email),
  name: textOrNone(row.name),
  passwordHash: textOrNone(row.password_hash),
  status: one(row.status),
  language: textOrNone(row.language),
  lockedUntil: numberOrNone(row.locked_until),
  region: textOrNone(row.region),
})

export const toOrganization = (row: Row): Organization => ({
  id: text(row.id),
  name: text(row.name),
  region: textOrNone(row.region),
  apiDomain: textOrNone(row.api_domain),
  status: one(row.status),
  allowedAddresses: words(row.allowed_addresses),
})

/** A session's columns under their prefix, since its user's stand beside them. */
export const sessionColumns = `s.hash as s_hash, s.user_id as s_user_id, s.created as s_created,
  s.expires as s_expires, s.method as s_method, s.address as s_address, s.user_agent as s_user_agent`

export const toSession = (row: Row): Session => ({
  hash: bytes(row.s_hash),
  userId: text(row.s_user_id),
  created: number(row.s_created),
  expires: number(row.s_expires),
  method: one(row.s_method),
  address: textOrNone(row.s_address),
  userAgent: textOrNone(row.s_user_agent),
})

/** A client comes as a row for each of its secrets (`s_…`), or one row where it has none. */
export function toClient(rows: readonly Row[]): Client | undefined {
  const [row] = rows
  if (!row) return undefined
  return {
    id: text(row.id),
    dialect: text(row.dialect),
    name: text(row.name),
    type: one(row.type),
    status: one(row.status),
    scopes: words(row.scopes),
    redirectUris: words(row.redirect_uris),
    identifiers: words(row.identifiers),
    exchangeStatus: one(row.exchange_status),
    exchangeFrom: numberOrNone(row.exchange_from),
    exchangeUntil: numberOrNone(row.exchange_until),
    exchangesPerDayMax: numberOrNone(row.exchanges_per_day_max),
    mayIntrospect: row.may_introspect === 1,
    origins: words(row.origins),
    tokensValidAfter: number(row.tokens_valid_after),
    maker: textOrNone(row.maker),
    logo: textOrNone(row.logo),
    callback: textOrNone(row.callback),
    callbackStatus: one(row.callback_status),
    callbackEvents: words(row.callback_events),
    policy: JSON.parse(text(row.policy)),
    secrets: rows.filter((each) => each.s_hmac !== null).map(toSecret),
  }
}

const toSecret = (row: Row): ClientSecret => ({
  hmac: bytes(row.s_hmac),
  keyVersion: number(row.s_key_version),
  expires: numberOrNone(row.s_expires),
})

export const toEvent = (row: Row): Event => ({
  id: number(row.id),
  at: number(row.at),
  kind: one(row.kind),
  actor: text(row.actor),
  address: textOrNone(row.address),
  requestId: textOrNone(row.request_id),
  clientId: textOrNone(row.client),
  userId: textOrNone(row.user_id),
  organizationId: textOrNone(row.organization_id),
  grantNumber: numberOrNone(row.grant_number),
  detail: textOrNone(row.detail),
})

export const toDelivery = (row: Row): Delivery => ({
  id: text(row.id),
  // Written together, from the same union.
  ...({ channel: text(row.channel), kind: text(row.kind) } as Pick<
    Delivery & { channel: 'mail' },
    'channel' | 'kind'
  >),
  clientId: text(row.client) || undefined,
  userId: text(row.user_id) || undefined,
  organizationId: text(row.organization_id) || undefined,
  connection: numberOrNone(row.connection),
  epoch: numberOrNone(row.epoch),
  event: numberOrNone(row.event),
  oneTimeCode: bytesOrNone(row.one_time_code),
  at: number(row.at),
  due: number(row.due),
  attempts: number(row.attempts),
  status: one(row.status),
  claimedBy: textOrNone(row.claimed_by),
  problem: textOrNone(row.problem),
})
