/** What the operator's commands look for. Each may read a whole table, a window of rows at a time. */
import type { KeyUses, LegacyRow, Store } from '../kernel/store.ts'
import type { Database, Row } from './database.ts'
import { bytes, number, text, toLegacyToken, words } from './rows.ts'
import { isConnected } from './statement-parts.ts'

type Finders = Pick<
  Store,
  | 'findLegacyRows'
  | 'listExchanged'
  | 'listOtherGrants'
  | 'countKeyUses'
  | 'purgeLegacyTokens'
  | 'countByRegion'
  | 'listLimitedOrganizations'
>

/** The connection under which a row's owner exchanges it: the user's, or the whole organization's. */
const ownConnection = `from connections c
  where c.client = coalesce(nullif(l.client, ''), l.bound_to, '') and c.organization_id = l.organization_id
  and c.user_id in (l.user_id, '')`

const legacyRowColumns = `l.*, (select max(c.epoch) ${ownConnection}) as connection_epoch_now,
  exists (select 1 ${ownConnection} and c.status = 'revoked') as connection_revoked,
  exists (select 1 from grants g where g.number = l.grant_number and g.status = 'live') as grant_is_live`

/** What a user took back is not to come alive again, so such tokens are not to be reset. */
const isUnderItsConnection = isConnected('g')

const isExchangedBy = (client: string): string =>
  `(l.client = ${client} or (l.client = '' and l.bound_to = ${client})) and l.status in ('exchanged', 'retired')`

const sql = {
  exchanged: `select l.lookup, l.client from legacy_tokens l join grants g on g.number = l.grant_number
    where l.lookup > $1 and ${isExchangedBy('$2')} and g.created >= $3 and g.created < $4
    and ${isUnderItsConnection} order by l.lookup limit $5`,
  // `not in` reads the legacy tokens once for each page: no index leads from a grant to its token.
  otherGrants: `select g.number from grants g
    where g.number > $1 and g.client = $2 and g.created >= $3 and g.created < $4 and g.status = 'live'
    and (not ${isUnderItsConnection} or g.number not in
      (select l.grant_number from legacy_tokens l where ${isExchangedBy('$2')} and l.grant_number is not null))
    order by g.number limit $5`,
  keyUses: `select (select count(*) from legacy_tokens where lookup_version = $1) as legacy_tokens,
    (select count(*) from client_secrets where key_version = $1
      and (expires is null or expires > $2)) as client_secrets,
    (select count(*) from callback_secrets where key_version = $1
      and (expires is null or expires > $2)) as callback_secrets,
    (select count(*) from grants where key_version = $1 and status = 'live') as live_grants`,
  byRegion: `select 'users' as record, region, count(*) as count, min(id) as first_id
      from users where region is not null group by region
    union all select 'organizations', region, count(*), min(id)
      from organizations where region is not null group by region order by 1 desc, 2`,
  limited: `select id, allowed_addresses from organizations
    where allowed_addresses <> '' and id > $1 order by id limit $2`,
  // Not every engine has a largest string of bytes.
  windowEnd: `with looked_at as (select lookup from legacy_tokens where lookup > $1 order by lookup limit $2)
    select (select lookup from looked_at order by lookup desc limit 1) as last,
      (select count(*) from looked_at) as seen`,
}

/**
 * A tombstone goes when nothing leans on it: its grant's row is gone, no other token of its authorization is
 * still active (it would become exchangeable), and it is no app's copy of a shared row (the app could
 * exchange it again).
 */
const purgeSql = `delete from legacy_tokens where lookup > $1 and lookup <= $2
  and status in ('exchanged', 'retired', 'revoked', 'expired')
  and (grant_number is null or not exists (select 1 from grants where number = legacy_tokens.grant_number))
  and coalesce(created, 0) < $3 and coalesce(expires, 0) < $3 and coalesce(last_used, 0) < $3
  and not exists (select 1 from legacy_tokens a where a."authorization" = legacy_tokens."authorization"
    and a.client = legacy_tokens.client and a.dialect = legacy_tokens.dialect and a.status = 'active')
  and (client = '' or not exists (select 1 from legacy_tokens shared
    where shared.lookup = legacy_tokens.lookup and shared.client = ''))`

export const operatorFindersOf = (database: Database): Finders => ({
  async findLegacyRows(lookups) {
    if (lookups.length === 0) return []
    const places = lookups.map((_, at) => `$${at + 1}`).join(', ')
    const rows = await database.scan(
      `select ${legacyRowColumns} from legacy_tokens l where l.lookup in (${places})
      union select ${legacyRowColumns} from legacy_tokens own join legacy_tokens l
        on l."authorization" = own."authorization" and l.dialect = own.dialect where own.lookup in (${places})
      order by client, lookup`,
      lookups,
    )
    const all = rows.map(toLegacyRow)
    const isOwn = ({ token }: LegacyRow): boolean =>
      lookups.some((lookup) => Buffer.compare(lookup, token.lookup) === 0)
    return [...all.filter(isOwn), ...all.filter((row) => !isOwn(row))]
  },
  async listExchanged(clientId, { from, before }, { after, limit }) {
    const rows = await database.scan(sql.exchanged, [after, clientId, from, before, limit])
    return rows.map((row) => ({ lookup: bytes(row.lookup), clientId: text(row.client) }))
  },
  async listOtherGrants(clientId, { from, before }, { after, limit }) {
    const rows = await database.scan(sql.otherGrants, [after, clientId, from, before, limit])
    return rows.map((row) => number(row.number))
  },
  async countKeyUses(version, now): Promise<KeyUses> {
    const [row] = await database.scan(sql.keyUses, [version, now])
    return {
      legacyTokens: number(row?.legacy_tokens),
      clientSecrets: number(row?.client_secrets),
      callbackSecrets: number(row?.callback_secrets),
      liveGrants: number(row?.live_grants),
    }
  },
  async countByRegion() {
    const rows = await database.scan(sql.byRegion, [])
    return rows.map((row) => ({
      record: row.record === 'users' ? 'users' : 'organizations',
      region: text(row.region),
      count: number(row.count),
      firstId: text(row.first_id),
    }))
  },
  async listLimitedOrganizations({ after, limit }) {
    const rows = await database.scan(sql.limited, [after ?? '', limit])
    return rows.map((row) => ({ id: text(row.id), allowedAddresses: words(row.allowed_addresses) }))
  },
  async purgeLegacyTokens(before, { after, limit }) {
    const [row] = await database.scan(sql.windowEnd, [after, limit])
    if (!row || row.last === null || row.last === undefined) return { gone: 0, after: undefined }
    const last = bytes(row.last)
    const gone = await database.bulk([{ sql: purgeSql, values: [after, last, before] }])
    return { gone, after: number(row.seen) < limit ? undefined : last }
  },
})

const toLegacyRow = (row: Row): LegacyRow => ({
  token: toLegacyToken(row),
  connectionEpoch: row.connection_epoch_now === null ? 0 : number(row.connection_epoch_now),
  connectionRevoked: row.connection_revoked === 1,
  grantIsLive: row.grant_is_live === 1,
})
