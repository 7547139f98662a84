import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import type { LegacyToken } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { aClient, aConnection, aGrant, noon } from '../testing/records.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { sqlStore } from './sql-store.ts'
import { openSqlite } from './sqlite.ts'

let database: Database
let store: Store

beforeEach(async () => {
  database = await openSqlite(':memory:')
  await migrate(database)
  store = sqlStore(database)
  await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
})
afterEach(() => database.close())

const lookup = (byte: number): Buffer => Buffer.alloc(32, byte)
const start = new Uint8Array()

async function importToken(byte: number, changes: Partial<LegacyToken> = {}): Promise<void> {
  await store.importLegacyTokens([
    {
      lookup: lookup(byte),
      clientId: 'app',
      dialect: 'standard',
      lookupVersion: 1,
      authorization: undefined,
      userId: `user-${byte}`,
      organizationId: '',
      kind: 'user',
      scopes: undefined,
      created: undefined,
      expires: undefined,
      lastUsed: undefined,
      alsoAs: [],
      ...changes,
    },
  ])
}

/** Exchanges the imported token into a grant of the same number. */
async function exchange(byte: number, changes: { clientId?: string; insertFor?: string; at?: number } = {}) {
  const { clientId = 'app', insertFor, at = noon } = changes
  const connection = aConnection({ number: 1000 + byte, userId: `user-${byte}`, since: at })
  const grant = aGrant({
    number: byte,
    connection: connection.number,
    userId: connection.userId,
    created: at,
  })
  const writes: Write[] = [
    {
      write: 'exchange_legacy_token',
      lookup: lookup(byte),
      clientId,
      insertFor,
      takesShared: insertFor === undefined,
      authorization: undefined,
      dialect: 'standard',
      boundTo: 'app',
      status: 'exchanged',
      exchange: 0,
      keyVersion: 1,
      grantNumber: byte,
      connection: { clientId: 'app', userId: connection.userId, organizationId: '', found: undefined },
      created: at,
      codeHash: undefined,
    },
    { write: 'open_connection', connection, grantNumber: byte, grantsMax: 50, at, isNew: true },
    { write: 'add_grant', grant },
  ]
  assert.equal(await store.commit(writes), 'committed')
}

const dropGrants = () => database.bulk([{ sql: 'delete from grants', values: [] }])
const purge = () => store.purgeLegacyTokens(noon, { after: start, limit: 100 })
const count = async () =>
  (await store.countLegacyTokens()).reduce((sum, { count: counted }) => sum + counted, 0)

suite('purge of legacy tokens', () => {
  test('an active token, and one whose grant is there, stay', async () => {
    await importToken(1)
    await importToken(2)
    await exchange(2)
    assert.equal((await purge()).gone, 0)
  })

  test('a tombstone goes once its grant is gone', async () => {
    await importToken(1)
    await exchange(1)
    await dropGrants()
    assert.equal((await purge()).gone, 1)
    assert.equal(await count(), 0)
  })

  test('a tombstone that was used or that expired since then stays', async () => {
    await importToken(1, { lastUsed: noon })
    await importToken(2, { expires: noon })
    await exchange(1)
    await exchange(2)
    await dropGrants()
    assert.equal((await purge()).gone, 0)
  })

  test("an app's copy of a shared token stays with it, else the app could exchange it again", async () => {
    await importToken(1, { clientId: '' })
    await exchange(1, { clientId: '', insertFor: 'app' })
    await dropGrants()
    assert.equal((await purge()).gone, 0)
    assert.equal(await count(), 2)
  })

  test('a tombstone stays while another token of its authorization is active', async () => {
    await importToken(1, { authorization: 'a1' })
    await exchange(1)
    await importToken(2, { authorization: 'a1' })
    await dropGrants()
    assert.equal((await purge()).gone, 0)
  })

  test('it goes on where it stopped, and says when it has seen all', async () => {
    for (const byte of [1, 2, 3]) {
      await importToken(byte)
      await exchange(byte)
    }
    await dropGrants()
    const first = await store.purgeLegacyTokens(noon, { after: start, limit: 2 })
    assert.deepEqual([first.gone, first.after && Buffer.from(first.after)], [2, lookup(2)])
    const second = await store.purgeLegacyTokens(noon, { after: first.after ?? start, limit: 2 })
    assert.deepEqual([second.gone, second.after], [1, undefined])
  })
})

suite("what the operator's commands look for", () => {
  test('exchanged tokens and live grants are found from a moment on, page by page', async () => {
    for (const [byte, at] of [
      [1, noon - 1],
      [2, noon],
      [3, noon + 1],
    ] as const) {
      await importToken(byte)
      await exchange(byte, { at })
    }
    const made = { from: noon, before: noon + 2 }
    const tokens = await store.listExchanged('app', made, { after: start, limit: 1 })
    assert.deepEqual(
      tokens.map((token) => Buffer.from(token.lookup)),
      [lookup(2)],
    )
    const early = { from: noon, before: noon + 1 }
    assert.equal((await store.listExchanged('app', early, { after: start, limit: 10 })).length, 1)
    assert.equal((await store.listExchanged('other', made, { after: start, limit: 10 })).length, 0)
    await database.bulk([{ sql: 'delete from legacy_tokens', values: [] }])
    assert.deepEqual(await store.listOtherGrants('app', made, { after: 0, limit: 10 }), [2, 3])
    assert.deepEqual(await store.listOtherGrants('app', made, { after: 2, limit: 10 }), [3])
    assert.deepEqual(await store.listOtherGrants('app', early, { after: 0, limit: 10 }), [2])
    assert.deepEqual(await store.listOtherGrants('other', made, { after: 0, limit: 10 }), [])
  })

  test('a grant of a legacy token is not among the other grants, but for one that nobody is to revive', async () => {
    const made = { from: noon, before: noon + 1 }
    const page = { after: 0, limit: 10 }
    await importToken(1)
    await exchange(1)
    assert.deepEqual(await store.listOtherGrants('app', made, page), [])
    const connection = await store.findConnection('app', 'user-1', '')
    assert.ok(connection)
    await store.commit([{ write: 'revoke_connection', connection }])
    const seen = { ...connection, status: 'revoked', epoch: connection.epoch + 1 } as const
    assert.equal(await store.commit([{ write: 'allow_connection', connection, seen }]), 'committed')
    assert.deepEqual(await store.listExchanged('app', made, { after: start, limit: 10 }), [])
    assert.deepEqual(await store.listOtherGrants('app', made, page), [1])
  })

  test('a legacy token is found with its aliases and the epoch of its connection', async () => {
    await importToken(1, { authorization: 'a1' })
    await importToken(2, { authorization: 'a1' })
    await exchange(1)
    const connection = await store.findConnection('app', 'user-1', '')
    assert.ok(connection)
    await store.commit([{ write: 'revoke_connection', connection }])
    const rows = await store.findLegacyRows([lookup(1)])
    assert.deepEqual(
      rows.map(({ token, connectionEpoch, connectionRevoked }) => [
        Buffer.from(token.lookup),
        connectionEpoch,
        connectionRevoked,
      ]),
      [
        [lookup(1), 2, true],
        [lookup(2), 0, false],
      ],
    )
  })

  test('what hangs on a version of the ring is counted', async () => {
    await importToken(1)
    await exchange(1)
    const none = { legacyTokens: 0, clientSecrets: 0, callbackSecrets: 0, liveGrants: 0 }
    assert.deepEqual(await store.countKeyUses(1, noon), { ...none, legacyTokens: 1, liveGrants: 1 })
    assert.deepEqual(await store.countKeyUses(2, noon), none)
  })

  test('a secret hangs on its version of the ring for as long as it is good', async () => {
    const expires = noon + 1000
    const secret = { hmac: Buffer.alloc(32, 1), keyVersion: 3, expires }
    const common = { clientId: 'app', created: noon, othersExpire: undefined }
    await store.commit([{ write: 'add_client_secret', secret, sealed: undefined, ...common }])
    const signing = { number: 1, keyVersion: 3, created: noon, expires }
    await store.commit([{ write: 'add_callback_secret', secret: signing, ...common }])
    const usesAt = async (now: number) => {
      const { clientSecrets, callbackSecrets } = await store.countKeyUses(3, now)
      return [clientSecrets, callbackSecrets]
    }
    assert.deepEqual(await usesAt(expires - 1), [1, 1])
    assert.deepEqual(await usesAt(expires), [0, 0])
  })
})

suite("the operator's writes", () => {
  test('a client changes only where it is as it was seen', async () => {
    const seen = await store.findClient('app')
    assert.ok(seen)
    const change = (name: string) =>
      store.commit([{ write: 'change_client', client: { ...seen, name }, seen }] as const)
    assert.equal(await change('first'), 'committed')
    assert.equal(await change('second'), 'overtaken')
    assert.equal((await store.findClient('app'))?.name, 'first')
  })

  test('no two clients are called by one name, be it an id or an old identifier', async () => {
    const named = aClient({ id: 'second', identifiers: ['OLD'] })
    assert.equal(await store.commit([{ write: 'add_client', client: named, at: noon }]), 'committed')
    for (const taken of [
      aClient({ id: 'third', identifiers: ['OLD'] }),
      aClient({ id: 'third', identifiers: ['app'] }),
      aClient({ id: 'OLD' }),
    ]) {
      assert.equal(await store.commit([{ write: 'add_client', client: taken, at: noon }]), 'overtaken')
    }
    const seen = aClient()
    const stealing = { ...seen, identifiers: ['OLD'] }
    assert.equal(await store.commit([{ write: 'change_client', client: stealing, seen }]), 'overtaken')
  })
})
