/** Users and organizations by the thousand: rows that are there already get what the file says anew. */
import type { ImportedUser, Store } from '../kernel/store.ts'
import type { Backend, Database, Row, Value } from './database.ts'
import { number, text } from './rows.ts'
import { none, places, userColumns, userValues } from './statement-parts.ts'

type People = Pick<Store, 'importUsers' | 'importOrganizations' | 'countUnknown'>

/** Values in one question: few statements, and below every engine's limit of values. */
const valuesPerQuery = 200
/** Commits of every node wait for as long as it takes to write so many. */
const rowsPerTransaction = 500

export const peopleOf = (database: Database): People => ({
  async importUsers(users) {
    const owners = await ownersOf(users, database)
    const refused: number[] = []
    const accepted: ImportedUser[] = []
    for (const [at, imported] of users.entries()) {
      const { id, username } = imported.user
      const owner = owners.get(username)
      if (owner !== undefined && owner !== id) refused.push(at)
      else {
        owners.set(username, id)
        accepted.push(imported)
      }
    }
    const sql = sqls[database.backend]
    for (const slice of slicesOf(accepted, ({ user }) => user.id)) {
      const membersOf = (column: 'organizations' | 'adminOf') =>
        slice.flatMap(({ user, [column]: ids }) => ids.map((id) => [user.id, id]))
      await database.bulk([
        { sql: sql.users, values: [asJson(slice.map(({ user }) => userValues(user)))] },
        { sql: sql.members, values: [asJson(membersOf('organizations'))] },
        { sql: sql.admins, values: [asJson(membersOf('adminOf'))] },
      ])
    }
    return refused
  },

  async importOrganizations(organizations) {
    for (const slice of slicesOf(organizations, ({ id }) => id)) {
      const rows = slice.map(({ id, name, region, apiDomain, status, allowedAddresses }) => [
        id,
        name,
        none(region),
        none(apiDomain),
        status,
        allowedAddresses.join(' '),
      ])
      await database.bulk([{ sql: sqls[database.backend].organizations, values: [asJson(rows)] }])
    }
  },

  async countUnknown({ users, organizations }) {
    return {
      users: await unknown('users', users, database),
      organizations: await unknown('organizations', organizations, database),
    }
  },
})

/** In their order; each id once in a slice, since no statement changes a row twice. */
function slicesOf<Item>(items: readonly Item[], idOf: (item: Item) => string): readonly (readonly Item[])[] {
  const slices: Item[][] = []
  let slice: Item[] = []
  let ids = new Set<string>()
  for (const item of items) {
    if (ids.size === 0 || ids.size === rowsPerTransaction || ids.has(idOf(item))) {
      slice = []
      ids = new Set()
      slices.push(slice)
    }
    slice.push(item)
    ids.add(idOf(item))
  }
  return slices
}

const asJson = (rows: readonly (readonly Value[])[]): string => JSON.stringify(rows)

const organizationColumns = ['id', 'name', 'region', 'api_domain', 'status', 'allowed_addresses']
const memberColumns = ['user_id', 'organization_id']

/** A list of lists of texts as rows: one value, as below. */
const given = (columns: readonly string[], backend: Backend): string =>
  `(select distinct ${columns.map((column, at) => `value ->> ${at} as ${column}`).join(', ')} from ${namedSql[backend].rows}) given`

const sqlsOf = (backend: Backend) => ({
  // What the file leaves out stays as it is; the status is the operator's, and no file changes it.
  organizations: `insert into organizations (${organizationColumns.join(', ')})
    select ${organizationColumns.join(', ')} from ${given(organizationColumns, backend)} where true
    on conflict (id) do update set name = excluded.name, region = coalesce(excluded.region, organizations.region),
      api_domain = coalesce(excluded.api_domain, organizations.api_domain),
      allowed_addresses = coalesce(nullif(excluded.allowed_addresses, ''), organizations.allowed_addresses)`,
  // Another process may take the username between the question and this: then the row stays out, and nothing
  // else fails.
  users: `insert into users (${userColumns.join(', ')})
    select ${userColumns.join(', ')} from ${given(userColumns, backend)}
    where not exists (select 1 from users where username = given.username and id <> given.id)
    on conflict (id) do update set username = excluded.username, email = coalesce(excluded.email, users.email),
      name = coalesce(excluded.name, users.name),
      password_hash = coalesce(excluded.password_hash, users.password_hash),
      language = coalesce(excluded.language, users.language), region = coalesce(excluded.region, users.region)`,
  // A file that calls an admin a member leaves them an admin: it may have been written before.
  members: `insert into memberships (user_id, organization_id, role)
    select user_id, organization_id, 'member' from ${given(memberColumns, backend)} where true
    on conflict do nothing`,
  admins: `insert into memberships (user_id, organization_id, role)
    select user_id, organization_id, 'admin' from ${given(memberColumns, backend)} where true
    on conflict (user_id, organization_id) do update set role = 'admin'`,
})

/** Who has each username now. */
async function ownersOf(users: readonly ImportedUser[], database: Database): Promise<Map<string, string>> {
  const names = users.map(({ user }) => user.username)
  const rows = await rowsIn('select id, username from users where username', names, database)
  return new Map(rows.map((row) => [text(row.username), text(row.id)]))
}

/** A list of texts, or of such lists, as rows: one value, however many there are, and one statement. */
const namedSql: Readonly<Record<Backend, { readonly texts: string; readonly rows: string }>> = {
  sqlite: { texts: 'json_each($1)', rows: 'json_each($1)' },
  postgres: {
    texts: 'jsonb_array_elements_text($1::jsonb) as named(value)',
    rows: 'jsonb_array_elements($1::jsonb) as named(value)',
  },
}

const sqls = { sqlite: sqlsOf('sqlite'), postgres: sqlsOf('postgres') }

async function unknown(
  table: 'users' | 'organizations',
  ids: readonly string[],
  database: Database,
): Promise<number> {
  if (ids.length === 0) return 0
  // A number alone: rows of ids would cost more than all the rest.
  const sql = `select count(*) as count from ${namedSql[database.backend].texts}
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
