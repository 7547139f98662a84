/** What is asked of request tokens, and the statements of their changes. */
import type { RequestToken, RequestTokenFinders, RequestTokenWrite } from '../kernel/request-token.ts'
import type { Database, Row, Value } from './database.ts'
import { bytes, number, numberOrNone, text, toGrant, toUser, words } from './rows.ts'
import type { Statements } from './statement-parts.ts'
import { connectionAsExpected, connectionValues, isBarred, none, places } from './statement-parts.ts'
import { standing, toStanding } from './subject-finders.ts'

const columns = [
  'hash', 'client', 'user_id', 'organization_id', 'authorized_by', 'scopes', 'created', 'expires', 'uses',
  'key_version', 'grant_number',
] // biome-ignore format: a table of names reads best in lines

const clientGood = (client: string, created: string): string =>
  `exists (select 1 from clients where id = ${client} and status = 'enabled' and tokens_valid_after <= ${created})`

const belongs = (user: string, organization: string): string =>
  `(${user} = '' or exists (select 1 from memberships m where m.user_id = ${user}
    and m.organization_id = ${organization}))`

/** A token has no more authority than whoever made it has left: '' is the operator. */
const isAuthorized = (token: string): string => `(${token}.authorized_by = '' or exists (
    select 1 from memberships m join users a on a.id = m.user_id
    where m.user_id = ${token}.authorized_by and m.organization_id = ${token}.organization_id
    and m.role = 'admin' and a.status = 'enabled'))`

const makeSql = `insert into request_tokens (${columns.join(', ')}) select ${places(columns.length)}
  where ${clientGood('$2', '$7')} and ${belongs('$3', '$4')} and not ${isBarred('$2', '$3', '$4')}
  on conflict (client, user_id, organization_id) do update set
    ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
  returning 1`

const nobodyIsDisabled = `not exists (select 1 from users u where u.id = user_id and u.status <> 'enabled')
  and not exists (select 1 from organizations o where o.id = organization_id and o.status <> 'enabled')`

// Values: 1 hash, 2 now, 3 most uses, 4 grant seen or -1, 5 key version, 6 grant number, 7–14 connection.
const redeemSql = `update request_tokens set uses = uses + 1, key_version = $5, grant_number = $6
  where hash = $1 and expires > $2 and uses < $3 and coalesce(grant_number, -1) = $4
  and ($4 = -1 or exists (select 1 from grants g where g.number = $4 and g.generation = 0 and g.status = 'live'))
  and ${clientGood('request_tokens.client', 'request_tokens.created')}
  and ${belongs('request_tokens.user_id', 'request_tokens.organization_id')} and ${nobodyIsDisabled}
  and ${isAuthorized('request_tokens')}
  and ${connectionAsExpected(7)} returning 1`

export const requestTokenStatements: Statements<RequestTokenWrite['write']> = {
  make_request_token: ({ token }) => [{ sql: makeSql, values: valuesOf(token) }],
  redeem_request_token: ({ hash, at, usesMax, seen, keyVersion, grantNumber, connection }) => [
    {
      sql: redeemSql,
      values: [hash, at, usesMax, seen ?? -1, keyVersion, grantNumber, ...connectionValues(connection)],
    },
  ],
  end_request_token: ({ of: { clientId, userId, organizationId } }) => [
    {
      sql: `delete from request_tokens where client = $1 and user_id = $2 and organization_id = $3 returning 1`,
      values: [clientId, userId, organizationId],
    },
  ],
}

const sql = {
  token: `select ${columns.map((column) => `t.${column} as t_${column}`).join(', ')},
      u.*, ${standing('t.user_id', 't.organization_id', 'e.organization_id = t.organization_id', 't.client')},
      ${belongs('t.user_id', 't.organization_id')} as belongs, ${isAuthorized('t')} as authorized
    from request_tokens t left join users u on u.id = t.user_id
    left join organizations o on o.id = t.organization_id
    left join connections c on c.client = t.client and c.user_id = t.user_id
      and c.organization_id = t.organization_id
    where t.hash = $1`,
  member: `select u.*, ${standing('$2', '$3')}
    from memberships m join users u on u.id = m.user_id join organizations o on o.id = m.organization_id
    left join connections c on c.client = $1 and c.user_id = m.user_id and c.organization_id = m.organization_id
    where m.user_id = $2 and m.organization_id = $3`,
  list: `select ${columns.map((column) => `${column} as t_${column}`).join(', ')} from request_tokens
    where (client = $1 or $1 is null) and (organization_id = $2 or $2 is null)
    order by created desc, hash limit $3`,
}

export const requestTokenFindersOf = (database: Database): RequestTokenFinders => ({
  async findRequestToken(hash) {
    const [row] = await database.query(sql.token, [hash])
    if (!row) return undefined
    const token = toRequestToken(row)
    const [grant] =
      token.grantNumber === undefined
        ? []
        : await database.query('select * from grants where number = $1', [token.grantNumber])
    const user = token.userId !== '' && row.id !== null ? toUser(row) : undefined
    return {
      token,
      subject: { ...toStanding(row), user },
      belongs: row.belongs === 1 && row.o_id !== null,
      authorized: row.authorized === 1,
      grant: grant && toGrant(grant),
    }
  },
  async findMemberSubject({ clientId, userId, organizationId }) {
    const [row] = await database.query(sql.member, [clientId, userId, organizationId])
    return row && { ...toStanding(row), user: toUser(row) }
  },
  async isSubject(id) {
    const [row] = await database.query(
      `select exists (select 1 from users where id = $1) or exists (select 1 from organizations where id = $1) as found`,
      [id],
    )
    return row?.found === 1
  },
  async hasRequestToken({ clientId, userId, organizationId }) {
    const [row] = await database.query(
      'select 1 from request_tokens where client = $1 and user_id = $2 and organization_id = $3',
      [clientId, userId, organizationId],
    )
    return row !== undefined
  },
  async listRequestTokens({ clientId, organizationId }, limit) {
    const rows = await database.query(sql.list, [none(clientId), none(organizationId), limit])
    return rows.map((row) => {
      const { hash: _, ...shown } = toRequestToken(row)
      return shown
    })
  },
})

const valuesOf = (token: RequestToken): Value[] => [
  token.hash,
  token.clientId,
  token.userId,
  token.organizationId,
  token.authorizedBy,
  token.scopes.join(' '),
  token.created,
  token.expires,
  token.uses,
  none(token.keyVersion),
  none(token.grantNumber),
]

const toRequestToken = (row: Row): RequestToken => ({
  hash: bytes(row.t_hash),
  clientId: text(row.t_client),
  userId: text(row.t_user_id),
  organizationId: text(row.t_organization_id),
  authorizedBy: text(row.t_authorized_by),
  scopes: words(row.t_scopes),
  created: number(row.t_created),
  expires: number(row.t_expires),
  uses: number(row.t_uses),
  keyVersion: numberOrNone(row.t_key_version),
  grantNumber: numberOrNone(row.t_grant_number),
})
