/** Users and organizations by the thousand: rows that are there already get what the file says anew. */
import type { ImportedUser, Store } from '../kernel/store.ts'
import type { Backend, Database, Row, Statement } from './database.ts'
import { number, text } from './rows.ts'
import { none, places, userColumns, userValues } from './statement-parts.ts'

type People = Pick<Store, 'importUsers' | 'importOrganizations' | 'countUnknown'>

/** Values in one question: few statements, and below every engine's limit of values. */
const valuesPerQuery = 200

export const peopleOf = (database: Database): People => ({
  async importUsers(users) {
    const owners = await ownersOf(users, database)
    const refused: number[] = []
    const statements: Statement[] = []
    for (const [at, imported] of users.entries()) {
      const { id, username } = imported.user
      const owner = owners.get(username)
      if (owner !== undefined && owner !== id) refused.push(at)
      else {
        owners.set(username, id)
        statements.push(...userStatements(imported))
      }
    }
    await database.bulk(statements)
    return refused
  },

  async importOrganizations(organizations) {
    await database.bulk(
      organizations.map(({ id, name, region, apiDomain, status, allowedAddresses }) => ({
        sql: importOrganizationSql,
        values: [id, name, none(region), none(apiDomain), status, allowedAddresses.join(' ')],
      })),
    )
  },

  async countUnknown({ users, organizations }) {
    return {
      users: await unknown('users', users, database),
      organizations: await unknown('organizations', organizations, database),
    }
  },
})

/** What the file leaves out stays as it is; the status is the operator's, and no file changes it. */
const importOrganizationSql = `insert into organizations (id, name, region, api_domain, status, allowed_addresses)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set name = excluded.name, region = coalesce(excluded.region, organizations.region),
    api_domain = coalesce(excluded.api_domain, organizations.api_domain),
    allowed_addresses = coalesce(nullif(excluded.allowed_addresses, ''), organizations.allowed_addresses)`

// Another process may take the username between the question and this: then the row stays out, and nothing
// else fails.
const importUserSql = `insert into users (${userColumns.join(', ')})
  select ${places(userColumns.length)} where not exists (select 1 from users where username = $2 and id <> $1)
  on conflict (id) do update set username = excluded.username, email = coalesce(excluded.email, users.email),
    name = coalesce(excluded.name, users.name), password_hash = coalesce(excluded.password_hash, users.password_hash),
    language = coalesce(excluded.language, users.language), region = coalesce(excluded.region, users.region)`
// A file that calls an admin a member leaves them an admin: it may have been written before.
const importMemberSql = `insert into memberships (user_id, organization_id, role) values ($1, $2, 'member')
  on conflict do nothing`
const importAdminSql = `insert into memberships (user_id, organization_id, role) values ($1, $2, 'admin')
  on conflict (user_id, organization_id) do update set role = 'admin'`

const userStatements = ({ user, organizations, adminOf }: ImportedUser): Statement[] => [
  {
    sql: importUserSql,
    values: userValues(user),
  },
  ...organizations.map((id) => ({ sql: importMemberSql, values: [user.id, id] })),
  ...adminOf.map((id) => ({ sql: importAdminSql, values: [user.id, id] })),
]

/** Who has each username now. */
async function ownersOf(users: readonly ImportedUser[], database: Database): Promise<Map<string, string>> {
  const names = users.map(({ user }) => user.username)
  const rows = await rowsIn('select id, username from users where username', names, database)
  return new Map(rows.map((row) => [text(row.username), text(row.id)]))
}

/** A list of texts as rows: one value, however many there are, and one statement. */
const namedSql: Readonly<Record<Backend, string>> = {
  sqlite: 'json_each($1)',
  postgres: 'jsonb_array_elements_text($1::jsonb) as named(value)',
}

async function unknown(
  table: 'users' | 'organizations',
  ids: readonly string[],
  database: Database,
): Promise<number> {
  if (ids.length === 0) return 0
  // A number alone: rows of ids would cost more than all the rest.
  const sql = `select count(*) as count from ${namedSql[database.backend]}
    where not exists (select 1 from ${table} where id = value)`
  const [row] = await database.scan(sql, [JSON.stringify(ids)])
  return number(row?.count)
}

/** The rows whose column, the last word of the statement, is one of the values. */
async function rowsIn(sql: string, values: readonly string[], database: Database): Promise<Row[]> {
  const found: Row[] = []
  for (let at = 0; at < values.length; at += valuesPerQuery) {
    const some = values.slice(at, at + valuesPerQuery)
    found.push(...(await database.scan(`${sql} in (${places(some.length)})`, some)))
  }
  return found
}
