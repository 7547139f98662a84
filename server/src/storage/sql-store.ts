/** The store, once, for every SQL backend: the finders that decisions need, and `commit`. */
import type { Connection, Grant } from '../kernel/records.ts'
import type { CodeFacts, GrantFacts, LegacyFacts, Numbering, Store } from '../kernel/store.ts'
import { accountFindersOf } from './account-finders.ts'
import { admissionFindersOf } from './admissions-statements.ts'
import { bulkOf } from './bulk.ts'
import { callbackFindersOf } from './callback-finders.ts'
import type { Database, Row } from './database.ts'
import { leaseFindersOf } from './lease-statements.ts'
import { listsOf } from './lists.ts'
import { oneTimeCodeFindersOf } from './one-time-code-statements.ts'
import { operatorFindersOf } from './operator-finders.ts'
import { outboxFindersOf } from './outbox-finders.ts'
import { peopleOf } from './people.ts'
import { clientsOf } from './remembered-clients.ts'
import { requestTokenFindersOf } from './request-token-statements.ts'
import {
  bytes,
  joinedColumns,
  joinedConnection,
  joinedOrganization,
  joinedUser,
  number,
  sessionColumns,
  text,
  textOrNone,
  toAliasStatus,
  toBarredBy,
  toCode,
  toConnection,
  toGrant,
  toLegacyToken,
  toOrganization,
  toSession,
  toUser,
} from './rows.ts'
import { signInFindersOf } from './sign-in-statements.ts'
import { aliasOf, barredBy } from './statement-parts.ts'
import { leavesClients, unitOf } from './statements.ts'
import { subjectFindersOf } from './subject-finders.ts'

const joins = `left join users u on u.id = l.user_id left join organizations o on o.id = l.organization_id`

const sql = {
  client: `select c.*, s.hmac as s_hmac, s.key_version as s_key_version, s.expires as s_expires,
      (select string_agg(identifier, ' ') from client_identifiers where client = c.id) as identifiers
    from clients c left join client_secrets s on s.client = c.id
    where c.id = coalesce((select client from client_identifiers where identifier = $1), $1)`,
  grant: `select l.*, ${joinedColumns} from grants l join connections c on c.number = l.connection ${joins}
    where l.number = $1`,
  grantAlone: 'select * from grants where number = $1',
  code: `select l.*, ${joinedColumns}, ${barredBy('l.client', 'l.user_id', 'l.organization_id')} as barred
    from codes l left join connections c
      on c.client = l.client and c.user_id = l.user_id and c.organization_id = l.organization_id ${joins}
    where l.hash = $1`,
  legacyAlone: `select l.*, ${aliasOf('$3')} as alias from legacy_tokens l where lookup = $1 and client = $2`,
  connection: 'select * from connections where client = $1 and user_id = $2 and organization_id = $3',
  session: `select ${sessionColumns}, u.* from sessions s
    join users u on u.id = s.user_id where s.hash = $1`,
  counts: `select key, count from counters where "window" = $1 and key >= $2 and key < $3
    order by count desc limit $4`,
  numbering: `select (select coalesce(max(next_first), 1) from number_blocks) as next,
    exists (select 1 from number_blocks where first <= $1 and closed_from > $1) as accounted_for`,
}

/** What comes after all texts that begin so. */
const after = (start: string): string =>
  start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1)

/** One statement for each number of look-ups: few, and each is prepared once. */
const legacySql = (lookups: number): string => `select l.*, ${joinedColumns},
    ${barredBy('$1', 'l.user_id', 'l.organization_id')} as barred, ${aliasOf('$1')} as alias
  from legacy_tokens l
  left join connections c on c.client = $1 and c.organization_id = l.organization_id
    and c.user_id = case when $2 = 'organization' then '' else l.user_id end ${joins}
  where l.lookup in (${Array.from({ length: lookups }, (_, at) => `$${at + 3}`).join(', ')})`
const legacySqls = Array.from({ length: 65 }, (_, lookups) => legacySql(lookups))

export function sqlStore(database: Database): Store {
  const one = async (statement: string, ...values: Parameters<Database['query']>[1][number][]) =>
    (await database.read(statement, values))[0]

  const grantAlone = async (grantNumber: number | undefined): Promise<Grant | undefined> => {
    if (grantNumber === undefined) return undefined
    const row = await one(sql.grantAlone, grantNumber)
    return row && toGrant(row)
  }

  const { find, recall, isCurrent, forget } = clientsOf(database, sql.client)

  const asConnection = (row: Row | undefined): Connection | undefined => row && toConnection(row)

  return {
    findClient: find,
    recallClient: recall,
    isCurrent,

    async findLegacyToken(lookups, clientId, as) {
      if (lookups.length === 0) return undefined
      const statement = legacySqls[lookups.length] ?? legacySql(lookups.length)
      for (let before: LegacyFacts | undefined; ; ) {
        const rows = await database.read(statement, [clientId, as, ...lookups])
        const row = ownRow(rows, clientId)
        const facts = row && (await legacyFacts(row, rows))
        // The grant is read after the token. One that is dead by then may be what a reset has ended, and the
        // token is active again: so both are read once more.
        if (!facts?.grant || facts.grant.status === 'live' || isSameToken(facts, before)) return facts
        before = facts
      }
    },

    async findGrant(grantNumber): Promise<GrantFacts | undefined> {
      const row = await one(sql.grant, grantNumber)
      if (!row) return undefined
      const grant = toGrant(row)
      return {
        grant,
        connection: toConnection(row, 'c_'),
        user: joinedUser(row, grant.userId),
        organization: joinedOrganization(row, grant.organizationId),
      }
    },

    async findCode(hash): Promise<CodeFacts | undefined> {
      const row = await one(sql.code, hash)
      if (!row) return undefined
      const code = toCode(row)
      const { legacyLookup, legacyClientId = '', clientId } = code
      const [legacyRow, grant] = await Promise.all([
        legacyLookup && one(sql.legacyAlone, legacyLookup, legacyClientId, clientId),
        grantAlone(code.grantNumber),
      ])
      return {
        code,
        legacy: legacyRow && toLegacyToken(legacyRow),
        alias: toAliasStatus(legacyRow?.alias),
        grant,
        connection: joinedConnection(row),
        barred: toBarredBy(row.barred),
        user: joinedUser(row, code.userId),
        organization: joinedOrganization(row, code.organizationId),
      }
    },

    findConnection: async (clientId, userId, organizationId) =>
      asConnection(await one(sql.connection, clientId, userId, organizationId)),
    findConnectionByNumber: async (connection) =>
      asConnection(await one('select * from connections where number = $1', connection)),
    async findUser(id) {
      const row = await one('select * from users where id = $1', id)
      return row && toUser(row)
    },
    async findUserByUsername(username) {
      const row = await one('select * from users where username = $1', username)
      return row && toUser(row)
    },
    async findUsersByEmail(email) {
      const same = 'email is not null and lower(email) = lower($1)'
      return (await database.query(`select * from users where ${same} limit 2`, [email])).map(toUser)
    },
    async findOrganization(id) {
      const row = await one('select * from organizations where id = $1', id)
      return row && toOrganization(row)
    },
    async findSession(hash) {
      const row = await one(sql.session, hash)
      if (!row) return undefined
      const user = toUser(row)
      return { session: toSession(row), user }
    },
    async findLogo(name) {
      const row = await one('select bytes from logos where name = $1', name)
      return row && bytes(row.bytes)
    },
    isAccessTokenRevoked: async (jti) =>
      (await one('select 1 from revoked_access_tokens where jti = $1', jti)) !== undefined,

    async findNumbering(grantNumber): Promise<Numbering> {
      const row = await one(sql.numbering, grantNumber)
      const meta = await database.query(
        `select key, value from meta where key in ('restored_at', 'healing_until', 'lost_below')`,
        [],
      )
      const told = new Map(meta.map(({ key, value }) => [text(key), Number(value)]))
      const [at, healingUntil, lostBelow] = ['restored_at', 'healing_until', 'lost_below'].map((key) =>
        told.get(key),
      )
      const isDeclared = at !== undefined && healingUntil !== undefined && lostBelow !== undefined
      return {
        next: number(row?.next),
        accountedFor: row?.accounted_for === 1,
        declared: isDeclared ? { at, healingUntil, lostBelow } : undefined,
      }
    },

    async findMeta(key) {
      return textOrNone((await one('select value from meta where key = $1', key))?.value)
    },
    async findLookupKinds() {
      const rows = await database.query(
        'select version, kind from lookup_kinds order by version desc, kind',
        [],
      )
      return rows.map((row) => ({ version: number(row.version), kind: text(row.kind) }))
    },
    async findCount(key, window) {
      return number(
        (await one('select count from counters where key = $1 and "window" = $2', key, window))?.count ?? 0,
      )
    },
    async listCounts(keyStart, window, limit) {
      const rows = await database.query(sql.counts, [window, keyStart, after(keyStart), limit])
      return rows.map((row) => ({ key: text(row.key), count: number(row.count) }))
    },

    async commit(writes) {
      const held = await database.commit(unitOf(writes))
      if (!writes.every(leavesClients)) forget()
      return held ? 'committed' : 'overtaken'
    },

    ...bulkOf(database),
    ...listsOf(database),
    ...peopleOf(database),
    ...operatorFindersOf(database),
    ...callbackFindersOf(database),
    ...outboxFindersOf(database),
    ...accountFindersOf(database),
    ...signInFindersOf(database),
    ...subjectFindersOf(database),
    ...oneTimeCodeFindersOf(database),
    ...requestTokenFindersOf(database),
    ...admissionFindersOf(database),
    ...leaseFindersOf(database),
  }

  async function legacyFacts(row: Row, rows: readonly Row[]): Promise<LegacyFacts> {
    const token = toLegacyToken(row)
    const shared = token.clientId === '' ? undefined : rows.find(({ client }) => client === '')
    return {
      token,
      shared: shared && toLegacyToken(shared),
      alias: toAliasStatus(row.alias),
      grant: token.status === 'active' ? undefined : await grantAlone(token.grantNumber),
      connection: joinedConnection(row),
      barred: toBarredBy(row.barred),
      user: joinedUser(row, token.userId),
      organization: joinedOrganization(row, token.organizationId),
    }
  }
}

const isSameToken = ({ token }: LegacyFacts, before: LegacyFacts | undefined): boolean =>
  token.grantNumber === before?.token.grantNumber && token.status === before?.token.status

/** The client's own row, else the one that names no client, else another client's (to be refused). */
function ownRow(rows: readonly Row[], clientId: string): Row | undefined {
  return rows.find(({ client }) => client === clientId) ?? rows.find(({ client }) => client === '') ?? rows[0]
}
