/** The statements of the writes of users' own pages, and of whoever governs an organization. */
import type { AccountWrite } from '../kernel/account-writes.ts'
import { revokeOneTimeCodes } from './one-time-code-statements.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

// An index that leaves rows out is used only where the statement leaves them out in so many words.
const theirConnections = `organization_id = $1 and organization_id <> '' and client = $2 and status = 'live'`

const grantsOf = `(length(live_grants) - length(replace(live_grants, ',', '')) - 1)`

// What members connected without naming the organization is how they use the app there, too.
const members = 'select user_id from memberships where organization_id = $1'
const membersConnections = `user_id in (${members}) and organization_id = '' and client = $2
  and status = 'live'`

/** Notes each connection that is about to be revoked: $2 the client, $3 to $6 when and by whom. */
export const noteRevokedSql = (where: string): string => `insert into events
    (at, kind, actor, address, request_id, client, user_id, organization_id, detail)
  select $3, 'connection_revoked', $4, $5, $6, client, nullif(user_id, ''), nullif(organization_id, ''),
    'connection ' || number || ', ' || ${grantsOf} || ' grants'
  from connections where ${where} order by number`

// A user's are all that are theirs; an organization's own is the one without a user.
const ofOneSubject = (organization: string): string =>
  `user_id = $1 and client = $2 and (user_id <> '' or organization_id = ${organization})`

/** What such a revocation does. */
export const revokeSql = (where: string): string =>
  `update connections set status = 'revoked', epoch = epoch + 1, live_grants = ',' where ${where}`

export const accountStatements: Statements<AccountWrite['write']> = {
  bar_client: ({ organizationId, clientId, by, at, actor: { actor, address, requestId } }) => [
    {
      sql: `${insert('barred_clients', ['organization_id', 'client', 'at', 'by_user'])}
        on conflict do nothing returning 1`,
      values: [organizationId, clientId, at, none(by)],
    },
    ...[theirConnections, membersConnections].flatMap((where) => [
      {
        sql: noteRevokedSql(where),
        values: [organizationId, clientId, at, actor, none(address), none(requestId)],
      },
      { sql: revokeSql(where), values: [organizationId, clientId] },
    ]),
    {
      sql: `delete from codes where organization_id = $1 and client = $2 and status = 'open'`,
      values: [organizationId, clientId],
    },
    {
      sql: `delete from codes where client = $2 and user_id in (${members}) and organization_id = ''
        and status = 'open'`,
      values: [organizationId, clientId],
    },
    {
      sql: 'delete from request_tokens where organization_id = $1 and client = $2',
      values: [organizationId, clientId],
    },
    revokeOneTimeCodes(clientId, { membersOf: organizationId }),
  ],
  unbar_client: ({ organizationId, clientId }) => [
    {
      sql: 'delete from barred_clients where organization_id = $1 and client = $2 returning 1',
      values: [organizationId, clientId],
    },
  ],
  end_connections: ({ connection, at, actor: { actor, address, requestId } }) => [
    {
      // Before they end: their grants are counted.
      sql: `${noteRevokedSql(`${ofOneSubject('$7')} and status = 'live' and exists (select 1 from connections seen
        where seen.number = $8 and seen.epoch = $9 and seen.status = 'live')`)} returning 1`,
      values: [
        connection.userId,
        connection.clientId,
        at,
        actor,
        none(address),
        none(requestId),
        connection.organizationId,
        connection.number,
        connection.epoch,
      ],
    },
    ...[
      revokeSql(`${ofOneSubject('$3')} and status = 'live'`),
      `delete from codes where ${ofOneSubject('$3')} and status = 'open'`,
      `delete from request_tokens where ${ofOneSubject('$3')}`,
    ].map((sql) => ({
      sql,
      values: [connection.userId, connection.clientId, connection.organizationId],
    })),
    revokeOneTimeCodes(connection.clientId, connection),
  ],
  end_other_sessions: ({ userId, hash }) => [
    { sql: 'delete from sessions where user_id = $1 and hash <> $2 returning 1', values: [userId, hash] },
  ],
  put_membership: ({ userId, organizationId, role }) => [
    {
      sql: `${insert('memberships', ['user_id', 'organization_id', 'role'])}
        on conflict (user_id, organization_id) do update set role = excluded.role
        where memberships.role <> excluded.role returning 1`,
      values: [userId, organizationId, role],
    },
  ],
  remove_membership: ({ userId, organizationId }) => [
    {
      sql: 'delete from memberships where user_id = $1 and organization_id = $2 returning 1',
      values: [userId, organizationId],
    },
  ],
}
