/** What the user's own pages ask: each question is one statement that follows an index. */
import type { AccountFinders, AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Membership } from '../kernel/records.ts'
import type { Database, Row } from './database.ts'
import {
  joinedColumns,
  joinedOrganization,
  joinedUser,
  number,
  numberOrNone,
  sessionColumns,
  text,
  textOrNone,
  toConnection,
  toOrganization,
  toSession,
} from './rows.ts'

/** What `toApp` reads, of a client that is called `a`. */
export const appColumns = `a.id as a_id, a.name as a_name, a.maker as a_maker, a.logo as a_logo, a.status as a_status,
  a.dialect as a_dialect, a.policy as a_policy`

/** The connection's row lists its live grants, so their keys are all that is read of the grants. */
const lastUsed = `(select max(used.at) from (select c.last_used as at union all
    select max(g.rotated_at) from listed(c.live_grants) live join grants g on g.number = live.value) used)`

const connectedSql = (where: string): string => `select ${joinedColumns}, ${appColumns},
    c.user_id as user_id, c.organization_id as organization_id, ${lastUsed} as last_used
  from connections c join clients a on a.id = c.client
  left join users u on u.id = c.user_id left join organizations o on o.id = c.organization_id
  where c.status = 'live' and ${where}`

// An index that leaves rows out is used only where the statement leaves them out in so many words.
const ofOrganization = `c.organization_id = $1 and c.organization_id <> ''`

const sql = {
  appsOf: `${connectedSql(`c.user_id = $1 and c.user_id <> ''`)}
    order by c.confirmation = 'pending' desc, lower(a.name), c.number`,
  connectedApp: connectedSql('c.number = $1'),
  organizationConnections: `${connectedSql(`${ofOrganization} and c.client = $2 and c.number > $3`)}
    order by c.number limit $4`,
  organizationApps: `with ours as materialized (select c.client, count(*) as connections,
        count(*) filter (where c.confirmation = 'pending') as pending,
        count(*) filter (where c.user_id = '') as for_all,
        min(c.since) as since, max(${lastUsed}) as last_used
      from connections c where ${ofOrganization} and c.status = 'live' group by c.client),
    named as (select client from ours union select client from barred_clients where organization_id = $1)
    select ${appColumns}, coalesce(ours.connections, 0) as connections, coalesce(ours.pending, 0) as pending,
      coalesce(ours.for_all, 0) as for_all,
      coalesce(ours.since, b.at) as since, ours.last_used, b.client is not null as barred
    from named join clients a on a.id = named.client left join ours on ours.client = a.id
    left join barred_clients b on b.organization_id = $1 and b.client = a.id order by lower(a.name), a.id`,
  memberships: `select o.*, m.role as m_role from memberships m join organizations o on o.id = m.organization_id
    where m.user_id = $1 order by lower(o.name), o.id`,
  barring: `select o.* from memberships m
    join barred_clients b on b.organization_id = m.organization_id and b.client = $2
    join organizations o on o.id = m.organization_id where m.user_id = $1 order by lower(o.name), o.id`,
  sessions: `select ${sessionColumns} from sessions s where s.user_id = $1 order by s.created desc, s.hash`,
  members: `select m.role as m_role, u.id, u.username, u.name, u.status from memberships m
    join users u on u.id = m.user_id where m.organization_id = $1 and m.user_id > $2 order by m.user_id limit $3`,
}

export const accountFindersOf = (database: Database): AccountFinders => ({
  async findMemberships(userId) {
    const rows = await database.query(sql.memberships, [userId])
    return rows.map((row) => ({ organization: toOrganization(row), role: roleOf(row) }))
  },
  listAppsOf: async (userId) => (await database.query(sql.appsOf, [userId])).map(toConnectedApp),
  async findConnectedApp(connection) {
    const [row] = await database.query(sql.connectedApp, [connection])
    return row && toConnectedApp(row)
  },
  async listOrganizationApps(organizationId) {
    const rows = await database.query(sql.organizationApps, [organizationId])
    return rows.map((row) => ({
      client: toApp(row),
      connections: number(row.connections),
      pending: number(row.pending),
      isForAll: row.for_all === 1,
      since: number(row.since),
      lastUsed: numberOrNone(row.last_used),
      barred: row.barred === 1,
    }))
  },
  async listOrganizationConnections(organizationId, clientId, { after, limit }) {
    const values = [organizationId, clientId, after === undefined ? 0 : Number(after), limit]
    return (await database.query(sql.organizationConnections, values)).map(toConnectedApp)
  },
  listSessions: async (userId) => (await database.query(sql.sessions, [userId])).map(toSession),
  async isBarred(organizationId, clientId) {
    const [row] = await database.query(
      'select 1 from barred_clients where organization_id = $1 and client = $2',
      [organizationId, clientId],
    )
    return row !== undefined
  },
  listBarring: async (userId, clientId) =>
    (await database.query(sql.barring, [userId, clientId])).map(toOrganization),
  async listBarred(organizationId) {
    const rows = await database.query(
      'select client, at, by_user from barred_clients where organization_id = $1 order by client',
      [organizationId],
    )
    return rows.map((row) => ({
      clientId: text(row.client),
      at: number(row.at),
      by: textOrNone(row.by_user),
    }))
  },
  async listMembers(organizationId, { after, limit }) {
    const rows = await database.query(sql.members, [organizationId, after ?? '', limit])
    return rows.map((row) => ({
      user: {
        id: text(row.id),
        username: text(row.username),
        name: textOrNone(row.name),
        status: text(row.status) === 'disabled' ? 'disabled' : 'enabled',
      },
      role: roleOf(row),
    }))
  },
})

const roleOf = (row: Row): Membership['role'] => (row.m_role === 'admin' ? 'admin' : 'member')

function toConnectedApp(row: Row): ConnectedApp {
  const connection = toConnection(row, 'c_')
  return {
    connection,
    client: toApp(row),
    organization: joinedOrganization(row, connection.organizationId),
    user: joinedUser(row, connection.userId),
    lastUsed: numberOrNone(row.last_used),
  }
}

export const toApp = (row: Row): AppShown => ({
  id: text(row.a_id),
  name: text(row.a_name),
  maker: textOrNone(row.a_maker),
  logo: textOrNone(row.a_logo),
  status: text(row.a_status) === 'disabled' ? 'disabled' : 'enabled',
  dialect: text(row.a_dialect),
  policy: JSON.parse(text(row.a_policy)),
})
