/** Users and companies that a request names outright: each question is one statement. */
import type { ActsFor, Standing, SubjectFinders } from '../kernel/subjects.ts'
import type { Database, Row } from './database.ts'
import {
  joinedColumns,
  joinedConnection,
  joinedOrganization,
  number,
  text,
  toBarredBy,
  toUser,
} from './rows.ts'
import { barredBy, places } from './statement-parts.ts'

/** What `toStanding` reads, of a user `u`, an organization `o` and a connection `c` that are joined. */
export const standing = (
  user: string,
  organization: string,
  enabling = 'e.organization_id = o.id',
  client = '$1',
): string =>
  `${joinedColumns}, o.id as o_id, ${barredBy(client, user, organization)} as barred,
    exists (select 1 from enabled_clients e where ${enabling} and e.client = ${client}) as enabled`

const userSql = (where: string): string => `select u.*, ${standing('u.id', `coalesce(o.id, '')`)}
  from users u
  left join organizations o on o.id = (select min(organization_id) from memberships where user_id = u.id)
  left join connections c on c.client = $1 and c.user_id = u.id and c.organization_id = coalesce(o.id, '')
  where ${where}`

const userSqls = {
  id: userSql('u.id = $2'),
  username: userSql('u.username = $2'),
  // Two tell that the address is not one user's alone.
  email: `${userSql('u.email is not null and lower(u.email) = lower($2)')} limit 2`,
} as const

const organizationSql = `select ${standing(`''`, 'o.id')} from organizations o
  left join users u on u.id = ''
  left join connections c on c.client = $1 and c.user_id = '' and c.organization_id = o.id
  where o.id = $2`

/** The user is barred as the user that they are, also where the connection would be their organization's. */
const standingSql = (connectedUser: string): string => `select ${standing('$2', 'o.id')}
  from memberships m join organizations o on o.id = m.organization_id
  left join users u on u.id = ''
  left join connections c on c.client = $1 and c.user_id = ${connectedUser} and c.organization_id = o.id
  where m.user_id = $2 order by o.name, o.id`

const organizationOfUser = `e.organization_id in (select organization_id from memberships where user_id = u.id)`

const standingSqls: Readonly<Record<ActsFor, string>> = {
  // An organization of theirs has barred it, or let it in: either is meant for its people.
  user: `select ${standing('u.id', `''`, organizationOfUser)} from users u
    left join organizations o on o.id = ''
    left join connections c on c.client = $1 and c.user_id = u.id and c.organization_id = ''
    where u.id = $2`,
  'user in an organization': standingSql('$2'),
  organization: standingSql(`''`),
}

export const subjectFindersOf = (database: Database): SubjectFinders => ({
  async findUserSubjects(clientId, by, value) {
    const rows = await database.query(userSqls[by], [clientId, value])
    return rows.map((row) => ({ ...toStanding(row), user: toUser(row) }))
  },
  async findOrganizationSubject(clientId, organizationId) {
    const [row] = await database.query(organizationSql, [clientId, organizationId])
    return row && { ...toStanding(row), user: undefined }
  },
  listStandings: async (clientId, userId, as) =>
    (await database.query(standingSqls[as], [clientId, userId])).map(toStanding),
  async countMembers(organizationId, userIds) {
    if (userIds.length === 0) return 0
    const [row] = await database.query(
      `select count(*) as count from memberships where organization_id = $1
        and user_id in (${places(userIds.length, 2)})`,
      [organizationId, ...userIds],
    )
    return number(row?.count)
  },
})

export const toStanding = (row: Row): Standing => ({
  organization: joinedOrganization(row, text(row.o_id)),
  connection: joinedConnection(row),
  barred: toBarredBy(row.barred),
  enabled: row.enabled === 1,
})
