/**
 * Each write as statements, visible to `explain`. The first write of a commit is its guard: its first
 * statement ends in `returning`, and no row returned means that the commit was overtaken. `$1` is a value's
 * place in either backend.
 */
import type { Write } from '../kernel/decision.ts'
import type { AuthorizationCode } from '../kernel/records.ts'
import { accountStatements } from './account-statements.ts'
import { admissionStatements } from './admissions-statements.ts'
import { callbackStatements } from './callback-statements.ts'
import type { Statement, Unit, Value } from './database.ts'
import { leaseStatements } from './lease-statements.ts'
import { asSeen, noneElse, noneElseValues, seenValues } from './legacy-seen.ts'
import { oneTimeCodeStatements, revokeOneTimeCodes } from './one-time-code-statements.ts'
import { operatorStatements } from './operator-statements.ts'
import { outboxStatements } from './outbox-statements.ts'
import { requestTokenStatements } from './request-token-statements.ts'
import { signInStatements } from './sign-in-statements.ts'
import type { Statements } from './statement-parts.ts'
import {
  aliases,
  connectionAsExpected,
  connectionValues,
  insert,
  isBarred,
  isConnected,
  none,
  places,
} from './statement-parts.ts'

type Table = Statements<Write['write']>

/** All statements of a commit, the guard first. */
export function unitOf(writes: readonly Write[]): Unit {
  const statements: Statement[] = []
  for (const write of writes) {
    // The table is total and keyed by the discriminant; TypeScript cannot follow the pairing through a union.
    statements.push(...(table[write.write] as (write: Write) => Statement[])(write))
  }
  const [guard, ...followers] = statements
  if (!guard) throw new Error('A commit without a write.')
  return [guard, ...followers]
}

/** Writes of requests for tokens, which leave every client as it is: what was read of clients is still so. */
const ofRequests: ReadonlySet<Write['write']> = new Set([
  'exchange_legacy_token',
  'reserve_grant',
  'redeem_code',
  'rotate_refresh_token',
  'open_connection',
  'widen_connection',
  'add_grant',
  'add_code',
  'append_event',
])

export const leavesClients = ({ write }: Write): boolean => ofRequests.has(write)

const legacyColumns =
  'dialect, lookup_version, "authorization", user_id, organization_id, kind, scopes, created, expires, last_used, connection_epoch'

// Where a value is compared before it is asked whether it is there, its type is known.
const codeStillOpen = (at: number): string =>
  `(exists (select 1 from codes where hash = $${at} and status = 'open') or $${at} is null)`

// Values: 1 lookup, 2 client, 3 bound_to, 4 status, 5 key version, 6 grant number, 7 exchange, 8–15
// connection, 16 code, 17 created; of an authorization: 18 its name, 19 dialect.
const clientGood = `exists (select 1 from clients where id = $3 and status = 'enabled'
    and tokens_valid_after <= $17)`
const noAliasIsUsed = `not exists (select 1 from legacy_tokens
    where ${aliases({ authorization: '$18', dialect: '$19', lookup: '$1', named: '$2', client: '$3' })}
    and status in ('exchanged', 'retired', 'revoked'))`
const exchangeable = `${clientGood} and ${connectionAsExpected(8)} and ${codeStillOpen(16)}`

const exchangeSql = (preconditions: string) => ({
  update: `update legacy_tokens set status = $4, bound_to = $3, key_version = $5, grant_number = $6
    where lookup = $1 and client = $2 and status = 'active' and exchange = $7
    and (grant_number is null or grant_number = $6) and ${preconditions} returning 1`,
  insert: `insert into legacy_tokens (lookup, client, bound_to, status, exchange, key_version, grant_number, ${legacyColumns})
    select lookup, $3, $3, $4, exchange, $5, $6, ${legacyColumns} from legacy_tokens shared
    where shared.lookup = $1 and shared.client = $2 and shared.status = 'active' and shared.exchange = $7
    and ${preconditions} on conflict do nothing returning 1`,
})
const exchangeAlone = exchangeSql(exchangeable)
const exchangeOfSeveral = exchangeSql(`${exchangeable} and ${noAliasIsUsed}`)

/** A grant that a code of theirs had reserved will never be: a number left behind would look like one. */
const useAliasesSql = `update legacy_tokens set status = $6, bound_to = $5, key_version = null, grant_number = null
  where ${aliases({ authorization: '$1', dialect: '$2', lookup: '$3', named: '$4', client: '$5' })}
  and status = 'active' and (client <> '' or $7 = 1)`

const codeGood = `status = 'open' and exists (select 1 from clients where id = codes.client
    and status = 'enabled' and tokens_valid_after <= codes.created)`

const grantColumns = [
  'number', 'locator_hash', 'connection', 'client', 'user_id', 'organization_id', 'acts_as', 'authorized_by',
  'scopes', 'resource', 'bound_key', 'epoch', 'generation', 'rotated_at', 'key_version', 'created', 'used_at',
  'refresh_until', 'access_until', 'status', 'reason', 'replays',
] // biome-ignore format: a table of names reads best in lines

const codeColumns = [
  'hash', 'kind', 'client', 'user_id', 'organization_id', 'acts_as', 'authorized_by', 'scopes', 'resource',
  'redirect_uri', 'code_challenge', 'legacy_lookup', 'legacy_client', 'wrapped_locator', 'created', 'expires',
  'status', 'grant_number', 'nonce', 'authenticated_at',
] // biome-ignore format: a table of names reads best in lines

const connectionColumns = [
  'number', 'client', 'user_id', 'organization_id', 'scopes', 'since', 'origin', 'confirmation', 'status', 'epoch',
  'live_grants',
] // biome-ignore format: a table of names reads best in lines

const sessionColumns = ['hash', 'user_id', 'created', 'expires', 'method', 'address', 'user_agent']

const eventColumns = [
  'at', 'kind', 'actor', 'address', 'request_id', 'client', 'user_id', 'organization_id', 'grant_number', 'detail',
] // biome-ignore format: a table of names reads best in lines

const grantsOf = (connection: string): string =>
  `(length(${connection}.live_grants) - length(replace(${connection}.live_grants, ',', '')) - 1)`

const oldestOf = (connection: string): string =>
  `cast(substr(${connection}.live_grants, 2, instr(substr(${connection}.live_grants, 2), ',') - 1) as bigint)`

const addGrantSql = insert('grants', grantColumns)
const addEventSql = `${insert('events', eventColumns)} returning 1`

/** The connection's row lists its live grants, so that a cap needs no index: over it, the oldest ends. */
const openConnectionSql = {
  evict: `update grants set status = 'revoked', reason = 'too_many_grants' where status = 'live' and number =
    (select ${oldestOf('c')} from connections c where c.number = $1 and ${grantsOf('c')} >= $2)`,
  noteEvicted: `insert into events (at, kind, actor, client, user_id, organization_id, grant_number, detail)
    select $3, 'grant_revoked', 'tokenferry', c.client, c.user_id, c.organization_id, ${oldestOf('c')}, 'too_many_grants'
    from connections c where c.number = $1 and ${grantsOf('c')} >= $2`,
  append: `update connections set
      live_grants = case when ${grantsOf('connections')} >= $2
        then substr(live_grants, instr(substr(live_grants, 2), ',') + 1) else live_grants end || $3 || ','
    where number = $1`,
  create: `${insert('connections', connectionColumns)}
    on conflict (user_id, client, organization_id)
    do update set live_grants = connections.live_grants || substr(excluded.live_grants, 2)`,
}

const allowConnectionSql = `insert into connections (${connectionColumns.join(', ')})
  select ${places(connectionColumns.length)} where not ${isBarred('$2', '$3', '$4')}
  on conflict (client, user_id, organization_id) do update set
    scopes = excluded.scopes, status = 'live', confirmation = excluded.confirmation,
    since = case when connections.status = 'live' then connections.since else excluded.since end,
    origin = case when connections.status = 'live' then connections.origin else excluded.origin end
  where connections.number = $12 and connections.epoch = $13 and connections.status = $14
    and connections.confirmation = $15 and connections.scopes = $16
  returning 1`

const table: Table = {
  exchange_legacy_token(write) {
    const values: Value[] = [
      write.lookup,
      write.clientId,
      write.boundTo,
      write.status,
      write.keyVersion,
      write.grantNumber,
      write.exchange,
      ...connectionValues(write.connection),
      none(write.codeHash),
      write.created,
    ]
    const redeem: Statement[] = write.codeHash
      ? [
          {
            sql: `update codes set status = 'redeemed', grant_number = $2 where hash = $1`,
            values: [write.codeHash, write.grantNumber],
          },
        ]
      : []
    const kind = write.insertFor === undefined ? 'update' : 'insert'
    const { authorization, dialect, lookup, clientId, boundTo, status } = write
    if (authorization === undefined) return [{ sql: exchangeAlone[kind], values }, ...redeem]
    const shared = write.takesShared ? 1 : 0
    return [
      { sql: exchangeOfSeveral[kind], values: [...values, authorization, dialect] },
      { sql: useAliasesSql, values: [authorization, dialect, lookup, clientId, boundTo, status, shared] },
      ...redeem,
    ]
  },
  reserve_grant: (write) => [
    {
      sql: `update legacy_tokens set key_version = $3, grant_number = $4
        where lookup = $1 and client = $2 and status = 'active' and exchange = $5 and grant_number is null
        and ${connectionAsExpected(6)} returning 1`,
      values: [
        write.lookup,
        write.clientId,
        write.keyVersion,
        write.grantNumber,
        write.exchange,
        ...connectionValues(write.connection),
      ],
    },
  ],
  redeem_code: ({ hash, grantNumber, connection }) => [
    connection
      ? {
          sql: `update codes set status = 'redeemed', grant_number = $2 where hash = $1 and ${codeGood}
            and ${connectionAsExpected(3)} returning 1`,
          values: [hash, none(grantNumber), ...connectionValues(connection)],
        }
      : {
          sql: `update codes set status = 'redeemed', grant_number = $2 where hash = $1 and ${codeGood}
            returning 1`,
          values: [hash, none(grantNumber)],
        },
  ],
  rotate_refresh_token: (write) => [
    {
      sql: `update grants set generation = $3, rotated_at = $4, used_at = $5, key_version = $6, refresh_until = $7,
          access_until = $8
        where number = $1 and generation = $2 and status = 'live' and ${isConnected('grants')}
        and exists (select 1 from clients where id = grants.client and status = 'enabled'
          and tokens_valid_after <= grants.created)
        returning 1`,
      values: [
        write.number,
        write.from,
        write.to,
        write.at,
        none(write.usedAt),
        write.keyVersion,
        none(write.refreshUntil),
        write.accessUntil,
      ],
      besideOthers: true,
    },
  ],

  open_connection({ connection, grantNumber, grantsMax, at, isNew }) {
    if (isNew) {
      return [
        {
          sql: openConnectionSql.create,
          values: connectionValuesOf({ ...connection, liveGrants: [...connection.liveGrants, grantNumber] }),
        },
      ]
    }
    const key = [connection.number, grantsMax]
    return [
      { sql: openConnectionSql.evict, values: key },
      { sql: openConnectionSql.noteEvicted, values: [...key, at] },
      appendGrant(connection.number, grantsMax, grantNumber),
    ]
  },
  add_grant: ({ grant }) => [
    {
      sql: addGrantSql,
      values: [
        grant.number, grant.locatorHash, grant.connection, grant.clientId, grant.userId, grant.organizationId,
        grant.actsAs, grant.authorizedBy, grant.scopes.join(' '), grant.resource.join(' '), none(grant.boundKey),
        grant.epoch, grant.generation, grant.rotatedAt, grant.keyVersion, grant.created, none(grant.usedAt),
        none(grant.refreshUntil), grant.accessUntil, grant.status, none(grant.reason), grant.replays,
      ], // biome-ignore format: in the order of the columns
    },
  ],
  add_code({ code, openMax }) {
    const add: Statement = {
      sql: `insert into codes (${codeColumns.join(', ')}) select ${places(codeColumns.length)}
        where not ${isBarred('$3', '$4', '$5')}
        and (exists (select 1 from legacy_tokens where lookup = $12 and client = $13
          and status in ('active', 'exchanged', 'retired') and grant_number = $18) or $12 is null) returning 1`,
      values: [
        code.hash, code.kind, code.clientId, code.userId, code.organizationId, code.actsAs, code.authorizedBy,
        code.scopes.join(' '), code.resource.join(' '), none(code.redirectUri), none(code.codeChallenge),
        none(code.legacyLookup), none(code.legacyClientId), none(code.wrappedLocator), code.created, code.expires,
        code.status, none(code.grantNumber), none(code.nonce), none(code.authenticatedAt),
      ], // biome-ignore format: in the order of the columns
    }
    return openMax === undefined ? [add] : [add, dropOldestCodes(code, openMax)]
  },
  append_event: ({ event }) => [
    {
      sql: addEventSql,
      values: [
        event.at,
        event.kind,
        event.actor,
        none(event.address),
        none(event.requestId),
        none(event.clientId),
        none(event.userId),
        none(event.organizationId),
        none(event.grantNumber),
        none(event.detail),
      ],
    },
  ],

  end_grant: ({ number, reason, whileConnected }) => [
    {
      sql: `update grants set status = 'revoked', reason = $2 where number = $1 and status = 'live'
        ${whileConnected ? `and ${isConnected('grants')}` : ''} returning 1`,
      values: [number, reason],
    },
    {
      sql: `update connections set live_grants = replace(live_grants, $2, ',')
        where number = (select connection from grants where number = $1)`,
      values: [number, `,${number},`],
    },
  ],
  revoke_connection: ({ connection, byGrant }) => [
    {
      sql: `update connections set status = 'revoked', epoch = epoch + 1, live_grants = ','
        where number = $1 and epoch = $2 and status = 'live'
        ${byGrant === undefined ? '' : `and exists (select 1 from grants where number = $3 and status = 'live')`}
        returning 1`,
      values: [connection.number, connection.epoch, ...(byGrant === undefined ? [] : [byGrant])],
    },
    {
      sql: `delete from codes where client = $1 and user_id = $2 and organization_id = $3 and status = 'open'`,
      values: [connection.clientId, connection.userId, connection.organizationId],
    },
    ...requestTokenStatements.end_request_token({ write: 'end_request_token', of: connection }),
    revokeOneTimeCodes(connection.clientId, connection),
  ],
  add_revoked_connection: ({ connection }) => [
    {
      sql: `${insert('connections', connectionColumns)} on conflict do nothing returning 1`,
      values: connectionValuesOf(connection),
    },
  ],
  revoke_access_token: ({ jti, expires }) => [
    {
      sql: 'insert into revoked_access_tokens (jti, expires) values ($1, $2) on conflict do nothing returning 1',
      values: [jti, expires],
    },
  ],
  revoke_legacy_token: ({ token, among }) => [
    {
      sql: `update legacy_tokens set status = 'revoked' where ${asSeen} and ${noneElse(6, among)} returning 1`,
      values: [...seenValues(token), ...noneElseValues(among)],
    },
  ],
  spend_legacy_token: ({ token, boundTo, leavesShared, status, grantNumber }) => [
    {
      sql: leavesShared
        ? `insert into legacy_tokens (lookup, client, bound_to, status, exchange, grant_number, ${legacyColumns})
          select lookup, $6, $6, $7, exchange, $8, ${legacyColumns} from legacy_tokens where ${asSeen}
          on conflict do nothing returning 1`
        : `update legacy_tokens set bound_to = $6, status = $7, grant_number = $8 where ${asSeen} returning 1`,
      values: [...seenValues(token), boundTo, status, none(grantNumber)],
    },
  ],
  drop_codes: ({ clientId }) => [
    { sql: `delete from codes where client = $1 and status = 'open' returning 1`, values: [clientId] },
  ],
  reset_legacy_token: ({ token, connectionEpoch, among }) => [
    {
      sql: `update legacy_tokens set status = 'active', exchange = exchange + 1, bound_to = null, key_version = null,
          grant_number = null, connection_epoch = $6
        where ${asSeen} and ${noneElse(7, among)} returning 1`,
      values: [...seenValues(token), connectionEpoch, ...noneElseValues(among)],
    },
    {
      sql: 'delete from codes where legacy_lookup = $1 and legacy_client = $2',
      values: [token.lookup, token.clientId],
    },
  ],

  allow_connection: ({ connection, seen }) => [
    {
      sql: allowConnectionSql,
      values: [
        ...connectionValuesOf(connection),
        none(seen?.number),
        none(seen?.epoch),
        none(seen?.status),
        none(seen?.confirmation),
        none(seen?.scopes.join(' ')),
      ],
    },
  ],
  confirm_connection: ({ connection: { number, epoch, scopes } }) => [
    {
      sql: `update connections set confirmation = 'confirmed'
        where number = $1 and epoch = $2 and scopes = $3 and status = 'live' and confirmation = 'pending'
        returning 1`,
      values: [number, epoch, scopes.join(' ')],
    },
  ],
  widen_connection: ({ connection: { number, scopes, confirmation } }) => [
    {
      sql: 'update connections set scopes = $2, confirmation = $3 where number = $1',
      values: [number, scopes.join(' '), confirmation],
    },
  ],
  add_session: ({ session }) => [
    {
      sql: `${insert('sessions', sessionColumns)} returning 1`,
      values: [
        session.hash,
        session.userId,
        session.created,
        session.expires,
        session.method,
        none(session.address),
        none(session.userAgent),
      ],
    },
  ],
  end_session: ({ hash }) => [{ sql: 'delete from sessions where hash = $1 returning 1', values: [hash] }],

  ...accountStatements,
  begin_grant: ({ clientId, userId, passwordHash, at, connection }) => [
    {
      sql: `update users set status = status where id = $1 and status = 'enabled' and password_hash = $2
        and (locked_until is null or locked_until <= $3)
        and exists (select 1 from clients where id = $4 and status = 'enabled' and tokens_valid_after <= $3)
        and ${connectionAsExpected(5)} returning 1`,
      values: [userId, passwordHash, at, clientId, ...connectionValues(connection)],
    },
  ],

  ...outboxStatements,
  ...oneTimeCodeStatements,
  ...requestTokenStatements,
  ...admissionStatements,
  ...leaseStatements,
  ...operatorStatements,
  ...signInStatements,
  ...callbackStatements,
}

/** Of one legacy token, else of what one user allows one app, only so many codes stay open. */
function dropOldestCodes(code: AuthorizationCode, openMax: number): Statement {
  const among = code.legacyLookup
    ? 'legacy_lookup = $3 and legacy_client = $4'
    : 'client = $3 and user_id = $4 and organization_id = $5 and authorized_by = $6 and legacy_lookup is null'
  const values = code.legacyLookup
    ? [code.legacyLookup, none(code.legacyClientId)]
    : [code.clientId, code.userId, code.organizationId, code.authorizedBy]
  // The new one is about to be said, so it stays even where others came in the same millisecond.
  const others = `${among} and status = 'open' and hash <> $1`
  return {
    sql: `delete from codes where ${others}
      and hash not in (select hash from codes where ${others} order by created desc, hash limit $2 - 1)`,
    values: [code.hash, openMax, ...values],
  }
}

const appendGrant = (connection: number, grantsMax: number, grantNumber: number): Statement => ({
  sql: openConnectionSql.append,
  values: [connection, grantsMax, String(grantNumber)],
})

const connectionValuesOf = (
  connection: Extract<Write, { write: 'allow_connection' }>['connection'],
): Value[] => [
  connection.number,
  connection.clientId,
  connection.userId,
  connection.organizationId,
  connection.scopes.join(' '),
  connection.since,
  connection.origin,
  connection.confirmation,
  connection.status,
  connection.epoch,
  connection.liveGrants.length === 0 ? ',' : `,${connection.liveGrants.join(',')},`,
]
