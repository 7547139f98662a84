/** What is asked of one-time codes, and the statements of their changes. */
import type { OneTimeCode, OneTimeCodeFinders, OneTimeCodeWrite } from '../kernel/one-time-code.ts'
import type { Database, Row, Statement } from './database.ts'
import { bytes, number, one, text } from './rows.ts'
import { isNameLocked, lockedKey } from './sign-in-statements.ts'
import type { Statements } from './statement-parts.ts'
import { connectionAsExpected, connectionValues, isBarred, places } from './statement-parts.ts'

const columns = [
  'id', 'client', 'user_id', 'key_version', 'facts', 'guesses', 'created', 'expires', 'status',
] // biome-ignore format: a table of names reads best in lines

/** Values: from `$3` on an id and its guesses for each of them. */
const allAsSeen = (
  count: number,
): string => `(select count(*) from one_time_codes seen where seen.status = 'open'
  and (${pairs(count)
    .map(([id, guesses]) => `(seen.id = $${id} and seen.guesses = $${guesses})`)
    .join(' or ')})) = ${count}`

const pairs = (count: number): readonly (readonly [number, number])[] =>
  Array.from({ length: count }, (_, at) => [3 + 2 * at, 4 + 2 * at] as const)

// The one that a user who is named by an address acts in.
const theirOrganization = `coalesce((select id from organizations where id =
  (select min(organization_id) from memberships where user_id = $3)), '')`

export const oneTimeCodeStatements: Statements<OneTimeCodeWrite['write']> = {
  add_one_time_code: ({ code, unexpiredMax }) => [
    {
      sql: `insert into one_time_codes (${columns.join(', ')}) select ${places(columns.length)}
        where (select count(*) from one_time_codes before where before.client = $2 and before.user_id = $3
          and before.expires > $7) < $10
        and exists (select 1 from clients where id = $2 and status = 'enabled')
        and not ${isBarred('$2', '$3', theirOrganization)} returning 1`,
      values: [
        code.id, code.clientId, code.userId, code.keyVersion, code.facts, code.guesses, code.created,
        code.expires, code.status, unexpiredMax,
      ], // biome-ignore format: in the order of the columns
    },
  ],
  note_wrong_one_time_code: ({ codes, failuresName, at }) => [
    {
      sql: `update one_time_codes set guesses = guesses + 1
        where id in (${pairs(codes.length)
          .map(([id]) => `$${id}`)
          .join(', ')}) and not ${isNameLocked(1, 2)} and ${allAsSeen(codes.length)} returning 1`,
      values: [lockedKey(failuresName), at, ...codes.flatMap(({ id, guesses }) => [id, guesses])],
    },
  ],
  redeem_one_time_code: ({ code, failuresName, at, connection }) => [
    {
      sql: `update one_time_codes set status = 'redeemed'
        where id = $3 and status = 'open' and guesses = $4 and expires > $2 and not ${isNameLocked(1, 2)}
        and exists (select 1 from users where id = one_time_codes.user_id and status = 'enabled')
        and exists (select 1 from clients where id = one_time_codes.client and status = 'enabled'
          and tokens_valid_after <= one_time_codes.created)
        and ${connectionAsExpected(5)} returning 1`,
      values: [lockedKey(failuresName), at, code.id, code.guesses, ...connectionValues(connection)],
    },
  ],
}

/**
 * Takes a client's open codes back, of the one user or of all members of the organization. Their rows stay:
 * were they deleted, the app could have as many mails sent as it likes, by ending its connection in between.
 */
export const revokeOneTimeCodes = (
  clientId: string,
  of: { readonly userId: string } | { readonly membersOf: string },
): Statement => ({
  sql: `update one_time_codes set status = 'revoked' where client = $1 and status = 'open' and user_id ${
    'userId' in of ? '= $2' : 'in (select user_id from memberships where organization_id = $2)'
  }`,
  values: [clientId, 'userId' in of ? of.userId : of.membersOf],
})

export const oneTimeCodeFindersOf = (database: Database): OneTimeCodeFinders => ({
  async findOneTimeCode(id) {
    const [row] = await database.query('select * from one_time_codes where id = $1', [id])
    return row && toOneTimeCode(row)
  },
  async findOneTimeCodes(clientId, userId) {
    const rows = await database.query(
      'select * from one_time_codes where user_id = $1 and client = $2 order by created desc, id',
      [userId, clientId],
    )
    return rows.map(toOneTimeCode)
  },
})

const toOneTimeCode = (row: Row): OneTimeCode => ({
  id: bytes(row.id),
  clientId: text(row.client),
  userId: text(row.user_id),
  keyVersion: number(row.key_version),
  facts: bytes(row.facts),
  guesses: number(row.guesses),
  created: number(row.created),
  expires: number(row.expires),
  status: one(row.status),
})
