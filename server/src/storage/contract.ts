/** The promises of the storage contract. Every backend runs this file; none may skip a line. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { Connection, Grant, LegacyToken } from '../kernel/records.ts'
import type { LegacyFacts, Store } from '../kernel/store.ts'
import {
  aClient,
  aCode,
  aConnection,
  aGrant,
  aLegacyToken,
  anOrganization,
  aSession,
  aUser,
  noon,
} from '../testing/records.ts'
import { keepsAccountPromises } from './contract-account.ts'
import { keepsAdmissionPromises } from './contract-admissions.ts'
import { keepsBulkPromises } from './contract-bulk.ts'
import { keepsCallbackPromises } from './contract-callbacks.ts'
import { keepsConfirmationPromises } from './contract-confirmation.ts'
import { keepsConnectionPromises } from './contract-connections.ts'
import { keepsDirectGrantPromises } from './contract-direct-grants.ts'
import { keepsLeasePromises } from './contract-leases.ts'
import { keepsLegacyPromises } from './contract-legacy.ts'
import { keepsOneTimeCodePromises } from './contract-one-time-codes.ts'
import { keepsOutboxPromises } from './contract-outbox.ts'
import { keepsPeoplePromises } from './contract-people.ts'
import { keepsRequestTokenPromises } from './contract-request-tokens.ts'
import { keepsSignInPromises } from './contract-sign-in.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { sqlStore } from './sql-store.ts'

/** A fresh, empty database; each `connect` opens one more connection to it, as another process would. */
export type Fresh = {
  connect(): Promise<Database>
  remove(): void | Promise<void>
  /** Makes the migrations beforehand, where that is quicker than making them each time. */
  prepare?(): Promise<void>
}

export type Opened = { readonly store: Store; readonly other: Store; readonly database: Database }

/** A migrated database with one client, seen through two stores. */
export async function openTwice(fresh: Fresh): Promise<Opened & { close(): Promise<void> }> {
  await fresh.prepare?.()
  const database = await fresh.connect()
  await migrate(database)
  const second = await fresh.connect()
  const store = sqlStore(database)
  await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
  return {
    store,
    other: sqlStore(second),
    database,
    async close() {
      await second.close()
      await database.close()
      await fresh.remove()
    },
  }
}

const someone = { actor: 'client:app', address: undefined, requestId: undefined }

/** What is expected of the connection of a token's owner. */
const expecting = (
  { clientId, userId, organizationId }: Pick<Grant, 'clientId' | 'userId' | 'organizationId'>,
  found?: Connection,
): ConnectionExpected => ({ clientId, userId, organizationId, found })

type Exchange = {
  readonly number: number
  readonly clientId?: string
  readonly connection?: Connection | undefined
  readonly insertFor?: string
  readonly codeHash?: Uint8Array
  readonly grantsMax?: number
}

/** The writes of an exchange, as the kernel makes them. */
export function exchange(token: LegacyToken, options: Exchange): readonly Write[] {
  const clientId = options.clientId ?? 'app'
  const found = options.connection
  const connection = found ?? aConnection({ number: options.number + 1000, clientId, userId: token.userId })
  const grant = aGrant({
    number: options.number,
    clientId,
    userId: token.userId,
    connection: connection.number,
    epoch: connection.epoch,
  })
  return [
    {
      write: 'exchange_legacy_token',
      lookup: token.lookup,
      clientId: token.clientId,
      insertFor: options.insertFor,
      takesShared: options.insertFor === undefined,
      authorization: token.authorization,
      dialect: token.dialect,
      boundTo: clientId,
      status: 'exchanged',
      exchange: token.exchange,
      keyVersion: 1,
      grantNumber: options.number,
      connection: expecting(grant, found),
      created: noon,
      codeHash: options.codeHash,
    },
    {
      write: 'open_connection',
      connection,
      grantNumber: options.number,
      grantsMax: options.grantsMax ?? 50,
      at: noon,
      isNew: found === undefined,
    },
    { write: 'add_grant', grant },
    event('legacy_token_exchanged', noon, someone, { clientId, grantNumber: options.number }),
  ]
}

export const importing = (store: Store, ...tokens: readonly LegacyToken[]): Promise<number> =>
  store.importLegacyTokens(tokens.map((token) => ({ ...token, alsoAs: [] })))

export const find = (store: Store, token: LegacyToken, clientId = 'app'): Promise<LegacyFacts | undefined> =>
  store.findLegacyToken([token.lookup], clientId, 'user')

const tally = (outcomes: readonly string[]): object => ({
  committed: outcomes.filter((outcome) => outcome === 'committed').length,
  overtaken: outcomes.filter((outcome) => outcome === 'overtaken').length,
})

const big = 2 ** 41

/** Runs the contract against a backend. */
export function keepsTheContract(backend: string, fresh: () => Fresh): void {
  suite(`storage contract: ${backend}`, () => {
    let opened: Awaited<ReturnType<typeof openTwice>>
    let store: Store
    let other: Store
    beforeEach(async () => {
      opened = await openTwice(fresh())
      store = opened.store
      other = opened.other
    })
    afterEach(() => opened.close())

    /** Exchanges a token by one of the stores and returns its connection. */
    const exchanged = async (token: LegacyToken, options: Exchange): Promise<Connection> => {
      assert.equal(await store.commit(exchange(token, options)), 'committed')
      const connection = await store.findConnection(options.clientId ?? 'app', token.userId, '')
      assert.ok(connection)
      return connection
    }

    suite('what was written is found unchanged', () => {
      test('a grant: large numbers, no scopes, bytes, names of any script', async () => {
        const connection = aConnection({ number: big, userId: 'üser 用户', since: big, scopes: [] })
        const grant = aGrant({
          number: big + 1,
          connection: big,
          userId: 'üser 用户',
          authorizedBy: '',
          locatorHash: Buffer.from([0, 255, 0, 1]),
          scopes: [],
          resource: ['https://api.example/ö', 'x'],
          boundKey: 'thumbprint',
          generation: 4_000_000_000,
          rotatedAt: big,
          usedAt: big + 2,
          refreshUntil: undefined,
          reason: 'why',
        })
        await store.commit([
          event('grant_created', noon, someone, {}),
          { write: 'open_connection', connection, grantNumber: big + 1, grantsMax: 1, at: noon, isNew: true },
          { write: 'add_grant', grant },
        ])
        const found = await other.findGrant(big + 1)
        assert.deepEqual(found?.grant, grant)
        assert.deepEqual(found?.connection, { ...connection, liveGrants: [big + 1] })
        assert.equal(found?.user, undefined)
      })

      test('a legacy token: no scopes recorded is not the same as none', async () => {
        const dated = { created: big, expires: big + 1, lastUsed: 0, authorization: 'ä', kind: 'wsadmin' }
        const tokens = [
          aLegacyToken({ lookup: Buffer.from([0]), scopes: undefined }),
          aLegacyToken({ lookup: Buffer.from([0, 0]), scopes: [], ...dated }),
          aLegacyToken({ lookup: Buffer.from([255]), scopes: ['b', 'a'], clientId: '' }),
        ]
        await importing(store, ...tokens)
        for (const token of tokens) assert.deepEqual((await find(other, token))?.token, token)
      })

      test('a client: by its id and by each of its names, with all its secrets', async () => {
        const secrets = [1, 2].map((byte) => ({
          hmac: Buffer.alloc(32, byte),
          keyVersion: byte,
          expires: byte === 1 ? big : undefined,
        }))
        const client = aClient({
          id: 'ключ',
          name: 'Ünï',
          identifiers: ['old-1', 'old-2'],
          scopes: [],
          redirectUris: ['https://a.example/b?c=d'],
          exchangeFrom: 0,
          exchangeUntil: big,
          exchangesPerDayMax: 7,
          mayIntrospect: true,
          origins: ['https://a.example'],
          tokensValidAfter: big,
          policy: { accessSeconds: 5, rotate: { atMostEverySeconds: 9 } },
        })
        await store.commit([{ write: 'add_client', client, at: noon }])
        for (const secret of secrets) {
          await store.commit([
            {
              write: 'add_client_secret',
              clientId: client.id,
              secret,
              sealed: undefined,
              created: noon,
              othersExpire: undefined,
            },
          ])
        }
        for (const name of ['ключ', 'old-1', 'old-2']) {
          assert.deepEqual(await other.findClient(name), { ...client, secrets })
        }
      })

      test('a code, a session, people and their companies', async () => {
        const code = aCode({
          scopes: [],
          redirectUri: 'https://a.example/',
          codeChallenge: 'c',
          created: big,
          expires: big + 1,
        })
        const user = aUser({ id: 'ü', email: 'ü@example', name: '用户', passwordHash: 'hash' })
        const company = anOrganization({ region: 'eu', apiDomain: 'https://ä.example' })
        const session = aSession({
          hash: Buffer.from([0, 1]),
          userId: 'ü',
          expires: big,
          address: '::1',
          userAgent: 'A browser',
        })
        await store.commit([{ write: 'put_organization', organization: company }])
        await store.commit([{ write: 'put_user', user, organizations: [company.id] }])
        await store.commit([{ write: 'add_code', code, openMax: undefined }])
        await store.commit([{ write: 'add_session', session }])
        assert.deepEqual((await other.findCode(code.hash))?.code, code)
        assert.deepEqual(await other.findSession(session.hash), { session, user })
        assert.deepEqual(await other.findUserByUsername(user.username), user)
        assert.deepEqual(await other.findMemberships('ü'), [{ organization: company, role: 'member' }])
        // A change that names no password takes none away.
        await store.commit([
          { write: 'put_user', user: { ...user, name: 'B', passwordHash: undefined }, organizations: [] },
        ])
        assert.deepEqual(await other.findUser('ü'), { ...user, name: 'B' })
      })

      test('what was never written is not found', async () => {
        const nothing = Buffer.alloc(32, 1)
        const found = [
          await store.findClient('nobody'),
          await store.findGrant(1),
          await store.findCode(nothing),
          await store.findSession(nothing),
          await store.findLegacyToken([nothing], 'app', 'user'),
          await store.findLegacyToken([], 'app', 'user'),
          await store.findConnection('app', 'user', ''),
          await store.findConnectionByNumber(1),
          await store.findUser('user'),
          await store.findOrganization('company'),
          await store.findMeta('healing_until'),
        ]
        assert.deepEqual(new Set(found), new Set([undefined]))
        assert.equal(await store.isAccessTokenRevoked('jti'), false)
        assert.equal(await store.findCount('key', 0), 0)
      })
    })

    suite('one wins', () => {
      const token = aLegacyToken()

      test('a legacy token is exchanged once, however many exchange it at the same time', async () => {
        await importing(store, token)
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, (_, at) =>
            (at % 2 ? store : other).commit(exchange(token, { number: at + 1 })),
          ),
        )
        assert.deepEqual(tally(outcomes), { committed: 1, overtaken: 7 })
        const grants = await Promise.all(Array.from({ length: 8 }, (_, at) => store.findGrant(at + 1)))
        assert.equal(grants.filter(Boolean).length, 1)
        assert.equal((await find(store, token))?.token.status, 'exchanged')
      })

      test('a code is redeemed once, however many redeem it at the same time', async () => {
        await store.commit([{ write: 'add_code', code: aCode(), openMax: undefined }])
        const redeem = (number: number): readonly Write[] => [
          { write: 'redeem_code', hash: aCode().hash, grantNumber: number, connection: expecting(aGrant()) },
          {
            write: 'open_connection',
            connection: aConnection(),
            grantNumber: number,
            grantsMax: 50,
            at: noon,
            isNew: true,
          },
          { write: 'add_grant', grant: aGrant({ number }) },
        ]
        const outcomes = await Promise.all(
          [1, 2, 3, 4].map((at) => (at % 2 ? store : other).commit(redeem(at))),
        )
        assert.deepEqual(tally(outcomes), { committed: 1, overtaken: 3 })
        const { code } = (await store.findCode(aCode().hash)) ?? {}
        assert.equal(code?.status, 'redeemed')
        assert.ok(await store.findGrant(code?.grantNumber ?? 0))
      })

      test('a refresh token is rotated once, however many rotate it at the same time', async () => {
        await importing(store, token)
        await exchanged(token, { number: 1 })
        const outcomes = await Promise.all(
          [0, 1, 2, 3].map((at) => (at % 2 ? store : other).commit([rotation(1, 0)])),
        )
        assert.deepEqual(tally(outcomes), { committed: 1, overtaken: 3 })
        assert.equal((await store.findGrant(1))?.grant.generation, 1)
      })

      test('an overtaken commit leaves nothing behind', async () => {
        await importing(store, token)
        await exchanged(token, { number: 1 })
        const before = await store.listEvents(0, 100)
        assert.equal(await store.commit(exchange({ ...token, userId: 'other' }, { number: 2 })), 'overtaken')
        assert.equal(await store.findGrant(2), undefined)
        assert.equal(await store.findConnection('app', 'other', ''), undefined)
        assert.deepEqual(await store.listEvents(0, 100), before)
      })

      test('the second token of one authorization is exchanged with the first', async () => {
        const one = aLegacyToken({ lookup: Buffer.from([1]), authorization: 'both' })
        const two = aLegacyToken({ lookup: Buffer.from([2]), authorization: 'both' })
        const apart = aLegacyToken({ lookup: Buffer.from([3]), authorization: 'another' })
        await importing(store, one, two, apart)
        const outcomes = await Promise.all([
          store.commit(exchange(one, { number: 1 })),
          other.commit(exchange(two, { number: 2 })),
        ])
        assert.deepEqual(tally(outcomes), { committed: 1, overtaken: 1 })
        const facts = [await find(store, one), await find(store, two)]
        assert.deepEqual(
          facts.map((found) => found?.token.status),
          ['exchanged', 'exchanged'],
        )
        // Only the one that was presented leads to the grant: the other's refresh token would be another.
        assert.equal(facts.filter((found) => found?.grant).length, 1)
        assert.ok(facts.every((found) => found?.alias === 'exchanged'))
        assert.equal((await find(store, apart))?.token.status, 'active')
      })

      test('a token that every app holds is exchanged once by each', async () => {
        const shared = aLegacyToken({ clientId: '' })
        await store.commit([{ write: 'add_client', client: aClient({ id: 'second' }), at: noon }])
        await importing(store, shared)
        const outcomes = await Promise.all([
          store.commit(exchange(shared, { number: 1, insertFor: 'app' })),
          other.commit(exchange(shared, { number: 2, insertFor: 'app' })),
          store.commit(exchange(shared, { number: 3, insertFor: 'second', clientId: 'second' })),
        ])
        assert.deepEqual(tally(outcomes), { committed: 2, overtaken: 1 })
        const mine = await find(store, shared, 'second')
        assert.equal(mine?.token.grantNumber, 3)
        assert.equal(mine?.token.clientId, 'second')
        assert.equal(mine?.shared?.status, 'active')
        assert.equal((await find(store, shared, 'third'))?.token.status, 'active')
      })
    })

    suite('what is revoked stays revoked', () => {
      const token = aLegacyToken()

      test('an exchange that looked before an uninstall loses against it', async () => {
        const second = aLegacyToken({ lookup: Buffer.from([2]) })
        await importing(store, token, second)
        const connection = await exchanged(token, { number: 1 })
        assert.equal(await store.commit([{ write: 'revoke_connection', connection }]), 'committed')
        assert.equal(await other.commit(exchange(second, { number: 2, connection })), 'overtaken')
        // Nor does one win that saw no connection at all.
        assert.equal(await other.commit(exchange(second, { number: 3 })), 'overtaken')
        assert.equal(await other.commit([rotation(1, 0)]), 'overtaken')
        assert.deepEqual([await store.findGrant(2), await store.findGrant(3)], [undefined, undefined])
      })

      test('a connection is revoked once, its open codes with it; a later consent revives no grant', async () => {
        await importing(store, token)
        const connection = await exchanged(token, { number: 1 })
        await store.commit([{ write: 'add_code', code: aCode(), openMax: undefined }])
        assert.equal(await store.commit([{ write: 'revoke_connection', connection }]), 'committed')
        assert.equal(await other.commit([{ write: 'revoke_connection', connection }]), 'overtaken')
        assert.equal(await store.findCode(aCode().hash), undefined)
        const revoked = await store.findConnection('app', 'user', '')
        assert.deepEqual([revoked?.status, revoked?.epoch, revoked?.liveGrants], ['revoked', 2, []])
        const allow = { write: 'allow_connection', connection: { ...connection, scopes: ['write'] } } as const
        // Who saw it before it was revoked, or saw none, has asked the user about something else.
        for (const seen of [connection, undefined]) {
          assert.equal(await store.commit([{ ...allow, seen }]), 'overtaken')
        }
        assert.equal(await store.commit([{ ...allow, seen: revoked }]), 'committed')
        const allowed = await store.findConnection('app', 'user', '')
        assert.deepEqual([allowed?.status, allowed?.epoch, allowed?.scopes], ['live', 2, ['write']])
        assert.equal(await other.commit([rotation(1, 0)]), 'overtaken')
      })

      test('a grant ends once, and keeps its first reason', async () => {
        await importing(store, token)
        await exchanged(token, { number: 1 })
        const end = (reason: string): Write => ({ write: 'end_grant', number: 1, reason })
        assert.equal(await store.commit([end('first')]), 'committed')
        assert.equal(await other.commit([end('second')]), 'overtaken')
        const found = await store.findGrant(1)
        assert.deepEqual([found?.grant.status, found?.grant.reason], ['revoked', 'first'])
        assert.deepEqual(found?.connection.liveGrants, [])
        assert.equal(await store.commit([rotation(1, 0)]), 'overtaken')
      })

      test('a disabled client neither exchanges nor refreshes; nor does one whose tokens are all recalled', async () => {
        const second = aLegacyToken({ lookup: Buffer.from([2]) })
        await importing(store, token, second)
        const connection = await exchanged(token, { number: 1 })
        const change = (client: ReturnType<typeof aClient>, seen: ReturnType<typeof aClient>): Write => ({
          write: 'change_client',
          client,
          seen,
        })
        const disabled = aClient({ status: 'disabled' })
        const recalled = aClient({ tokensValidAfter: noon + 1 })
        assert.equal(await store.commit([change(disabled, aClient())]), 'committed')
        assert.equal(await other.commit(exchange(second, { number: 2, connection })), 'overtaken')
        assert.equal(await other.commit([rotation(1, 0)]), 'overtaken')
        // One operator's change does not undo another's.
        assert.equal(await other.commit([change(recalled, aClient())]), 'overtaken')
        assert.equal(await other.commit([change(recalled, disabled)]), 'committed')
        assert.equal(await other.commit([rotation(1, 0)]), 'overtaken')
      })

      test('an access token, and a legacy token, are revoked once', async () => {
        await importing(store, token)
        const revoke: Write = { write: 'revoke_access_token', jti: 'jti', expires: noon }
        const end: Write = { write: 'revoke_legacy_token', token }
        for (const write of [revoke, end]) {
          assert.equal(await store.commit([write]), 'committed')
          assert.equal(await other.commit([write]), 'overtaken')
        }
        assert.equal(await other.isAccessTokenRevoked('jti'), true)
        assert.equal(await other.commit(exchange(token, { number: 1 })), 'overtaken')
      })
    })

    keepsLegacyPromises(() => opened)
    keepsAdmissionPromises(() => opened)
    keepsDirectGrantPromises(() => opened)
    keepsSignInPromises(() => opened)
    keepsOneTimeCodePromises(() => opened)
    keepsRequestTokenPromises(() => opened)
    keepsCallbackPromises(() => opened)
    keepsConfirmationPromises(() => opened)
    keepsOutboxPromises(() => opened)
    keepsPeoplePromises(() => opened)
    keepsLeasePromises(() => opened)
    keepsAccountPromises(() => opened)
    keepsConnectionPromises(() => opened)
    keepsBulkPromises(() => opened, fresh)
  })
}

/** The next generation of a grant. */
export const rotation = (number: number, from: number): Write => ({
  write: 'rotate_refresh_token',
  number,
  from,
  to: from + 1,
  at: noon,
  usedAt: noon,
  keyVersion: 1,
  refreshUntil: undefined,
  accessUntil: noon,
})
