/** What is asked of admissions, and the statements of their changes. */
import type { AdmissionFinders, AdmissionWrite } from '../kernel/admissions.ts'
import { appColumns, toApp } from './account-finders.ts'
import { noteRevokedSql, revokeSql } from './account-statements.ts'
import type { Database } from './database.ts'
import { revokeOneTimeCodes } from './one-time-code-statements.ts'
import { number, text, textOrNone, words } from './rows.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

// An index that leaves rows out is used only where the statement leaves them out in so many words.
const theirConnections = `user_id = $1 and user_id <> '' and client = $2 and status = 'live'`

export const admissionStatements: Statements<AdmissionWrite['write']> = {
  enable_client: ({ organizationId, clientId, by, at }) => [
    {
      sql: `${insert('enabled_clients', ['organization_id', 'client', 'at', 'by_user'])}
        on conflict do nothing returning 1`,
      values: [organizationId, clientId, at, none(by)],
    },
  ],
  bar_user: ({ userId, clientId, at, actor: { actor, address, requestId } }) => [
    {
      sql: `${insert('barred_users', ['user_id', 'client', 'at'])} on conflict do nothing returning 1`,
      values: [userId, clientId, at],
    },
    {
      sql: noteRevokedSql(theirConnections),
      values: [userId, clientId, at, actor, none(address), none(requestId)],
    },
    { sql: revokeSql(theirConnections), values: [userId, clientId] },
    {
      sql: `delete from codes where user_id = $1 and client = $2 and status = 'open'`,
      values: [userId, clientId],
    },
    { sql: 'delete from request_tokens where user_id = $1 and client = $2', values: [userId, clientId] },
    revokeOneTimeCodes(clientId, { userId }),
  ],
  unbar_user: ({ userId, clientId }) => [
    {
      sql: 'delete from barred_users where user_id = $1 and client = $2 returning 1',
      values: [userId, clientId],
    },
  ],
  end_enabling: ({ organizationId, clientId }) => [
    {
      sql: 'delete from enabled_clients where organization_id = $1 and client = $2 returning 1',
      values: [organizationId, clientId],
    },
  ],
}

const admittableSql = `select ${appColumns}, a.type as a_type, a.scopes as a_scopes, e.client is not null as enabled
  from clients a left join enabled_clients e on e.organization_id = $1 and e.client = a.id
  where a.status = 'enabled'
    and not exists (select 1 from barred_clients b where b.organization_id = $1 and b.client = a.id)
  order by lower(a.name), a.id`

export const admissionFindersOf = (database: Database): AdmissionFinders => ({
  async isEnabled(organizationId, clientId) {
    const [row] = await database.query(
      'select 1 from enabled_clients where organization_id = $1 and client = $2',
      [organizationId, clientId],
    )
    return row !== undefined
  },
  async isUserBarred(userId, clientId) {
    const [row] = await database.query('select 1 from barred_users where user_id = $1 and client = $2', [
      userId,
      clientId,
    ])
    return row !== undefined
  },
  async listBarredFor(userId) {
    const rows = await database.query(
      'select client, at from barred_users where user_id = $1 order by client',
      [userId],
    )
    return rows.map((row) => ({ clientId: text(row.client), at: number(row.at) }))
  },
  async listAdmittable(organizationId) {
    const rows = await database.query(admittableSql, [organizationId])
    return rows.map((row) => ({
      client: {
        ...toApp(row),
        type: text(row.a_type) === 'public' ? 'public' : 'confidential',
        scopes: words(row.a_scopes),
      },
      enabled: row.enabled === 1,
    }))
  },
  async listEnabled(organizationId) {
    const rows = await database.query(
      'select client, at, by_user from enabled_clients where organization_id = $1 order by client',
      [organizationId],
    )
    return rows.map((row) => ({
      clientId: text(row.client),
      at: number(row.at),
      by: textOrNone(row.by_user),
    }))
  },
})
