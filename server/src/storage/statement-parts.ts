/** What the tables of statements are made of. */
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import type { User } from '../kernel/records.ts'
import type { Statement, Value } from './database.ts'

/** Statements for each of these writes: the compiler asks for those that are missing. */
export type Statements<Name extends Write['write']> = {
  readonly [W in Name]: (write: Extract<Write, { write: W }>) => Statement[]
}

/** `$1, $2, …` */
export const places = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, at) => `$${from + at}`).join(', ')

/** A plain insert of one row. */
export const insert = (name: string, columns: readonly string[]): string =>
  `insert into ${name} (${columns.join(', ')}) values (${places(columns.length)})`

/** The values that `aliases` asks with: their places, or columns of a row that is called otherwise. */
type AliasedToken = {
  readonly authorization: string
  readonly dialect: string
  readonly lookup: string
  /** The client that the token's own row names, or ''. */
  readonly named: string
  /** The client that exchanges, or has exchanged. */
  readonly client: string
}

/**
 * Other tokens of a token's authorization, as far as they are this client's or nobody's. The look and the
 * guard both ask with this: where they differed, a request would be put off for ever instead of refused.
 */
export const aliases = ({ authorization, dialect, lookup, named, client }: AliasedToken): string =>
  `"authorization" = ${authorization} and dialect = ${dialect} and lookup <> ${lookup}
    and client in (${client}, '')
    and (client <> '' or ${named} = '' or bound_to is null or bound_to = ${client})`

/** What became of the others, of a token `l` that this client asks for: what `toAliasStatus` reads. */
export const aliasOf = (asking: string): string => `case when l."authorization" is not null then
  (select case when count(*) filter (where status = 'revoked') > 0 then 'revoked'
      when count(*) filter (where status in ('exchanged', 'retired')) > 0 then 'exchanged' end
    from legacy_tokens where ${aliases({
      authorization: 'l."authorization"',
      dialect: 'l.dialect',
      lookup: 'l.lookup',
      named: 'l.client',
      client: `coalesce(nullif(l.client, ''), l.bound_to, ${asking})`,
    })}) end`

/**
 * The app is barred from the organization; or from one of the user's, where the connection names none: else a
 * member would bring it back by a consent of their own. The table is nearly always empty, which is asked
 * before memberships are read, so asking costs little.
 */
const isOrganizationBarred = (client: string, user: string, organization: string): string =>
  `(exists (select 1 from barred_clients where organization_id = ${organization} and client = ${client})
    or (${organization} = '' and exists (select 1 from barred_clients) and exists (
      select 1 from memberships m join barred_clients b on b.organization_id = m.organization_id
      where m.user_id = ${user} and b.client = ${client})))`

const isUserBarred = (client: string, user: string): string =>
  `exists (select 1 from barred_users where user_id = ${user} and client = ${client})`

/** Whoever asks may not connect the app, for whichever of the two reasons. */
export const isBarred = (client: string, user: string, organization: string): string =>
  `(${isOrganizationBarred(client, user, organization)} or ${isUserBarred(client, user)})`

/** For which of the two: what `toBarredBy` reads. */
export const barredBy = (client: string, user: string, organization: string): string =>
  `case when ${isUserBarred(client, user)} then 'user'
    when ${isOrganizationBarred(client, user, organization)} then 'organization' end`

/**
 * The connection is as the decision saw it: not there, or at this number and epoch, live or not, waiting for
 * its user or not, and, where scopes are added, with those; and nobody has barred the app. So an uninstall
 * wins against exchanges in flight, two exchanges that would both make the connection cannot both do so, and
 * what is confirmed is what its user saw.
 */
export const connectionAsExpected = (from: number): string => `not exists (
    select 1 from connections c where c.client = $${from} and c.user_id = $${from + 1} and c.organization_id = $${from + 2}
    and not (c.number = $${from + 3} and c.epoch = $${from + 4} and c.status = $${from + 5}
      and c.confirmation = $${from + 6} and (c.scopes = $${from + 7} or $${from + 7} is null)))
    and not ${isBarred(`$${from}`, `$${from + 1}`, `$${from + 2}`)}`

export const connectionValues = ({
  clientId,
  userId,
  organizationId,
  found,
}: ConnectionExpected): Value[] => [
  clientId,
  userId,
  organizationId,
  found?.number ?? -1,
  found?.epoch ?? -1,
  none(found?.status),
  none(found?.confirmation),
  none(found?.scopes?.join(' ')),
]

/** What a user's row is made of, for whoever writes one. */
export const userColumns = [
  'id', 'username', 'email', 'name', 'password_hash', 'status', 'language', 'region',
] // biome-ignore format: a table of names reads best in lines

export const userValues = (user: User): Value[] => [
  user.id,
  user.username,
  none(user.email),
  none(user.name),
  none(user.passwordHash),
  user.status,
  none(user.language),
  none(user.region),
]

/** Of a grant, by the name of its row: nobody has taken its connection back. */
export const isConnected = (grant: string): string => `exists (select 1 from connections c
    where c.number = ${grant}.connection and c.epoch = ${grant}.epoch and c.status = 'live')`

/** A value, or the null that a row keeps for none. */
export const none = <V>(value: V | undefined): V | null => value ?? null

/** Of PostgreSQL, in which its tables are: its name may be any, so it is never read again as SQL. */
export const schemaHere = `(select oid from pg_namespace where nspname = current_schema)`
