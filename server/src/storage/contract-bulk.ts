/**
 * The rest of the contract: caps, codes of a legacy token, numbers, imports, sweeping, migrations, groups of
 * commits.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { LegacyToken } from '../kernel/records.ts'
import { aClient, aCode, aGrant, aLegacyToken, aSession, noon } from '../testing/records.ts'
import type { Fresh, Opened } from './contract.ts'
import { exchange, find, importing, rotation } from './contract.ts'
import { migrate, pendingMigrations, SchemaTooNew } from './migrate.ts'
import { schemaOf } from './schema.ts'

const tokenAt = (at: number): LegacyToken => aLegacyToken({ lookup: Buffer.from([at]) })
const day = 86_400_000
const someone = { actor: 'tokenferry', address: undefined, requestId: undefined }

/** Part of `keepsTheContract`. */
export function keepsBulkPromises(opened: () => Opened, fresh: () => Fresh): void {
  suite('rows grow with grants, and grants are capped', () => {
    test('over the cap, the oldest grant ends in the same commit, and an event says so', async () => {
      const { store } = opened()
      await importing(store, tokenAt(1), tokenAt(2), tokenAt(3))
      await store.commit(exchange(tokenAt(1), { number: 1, grantsMax: 2 }))
      for (const number of [2, 3]) {
        const connection = await store.findConnection('app', 'user', '')
        assert.ok(connection)
        await store.commit(exchange(tokenAt(number), { number, connection, grantsMax: 2 }))
      }
      const { liveGrants } = (await store.findConnection('app', 'user', '')) ?? {}
      assert.deepEqual(liveGrants, [2, 3])
      const { grant } = (await store.findGrant(1)) ?? {}
      assert.deepEqual([grant?.status, grant?.reason], ['revoked', 'too_many_grants'])
      const noted = (await store.listEvents(0, 100)).filter(({ kind }) => kind === 'grant_revoked')
      assert.deepEqual(
        noted.map(({ grantNumber, detail, clientId }) => [grantNumber, detail, clientId]),
        [[1, 'too_many_grants', 'app']],
      )
    })

    test('of the codes of one legacy token the oldest open ones go; others are not touched', async () => {
      const { store } = opened()
      const token = tokenAt(1)
      await importing(store, token, tokenAt(2))
      await store.commit([reserving(token, 7)])
      await store.commit([reserving(tokenAt(2), 8)])
      const codes = [1, 2, 3].map((at) =>
        aCode({
          hash: Buffer.from([at]),
          kind: 'legacy',
          legacyLookup: token.lookup,
          legacyClientId: 'app',
          wrappedLocator: Buffer.from([at]),
          grantNumber: 7,
          created: noon + at,
        }),
      )
      const apart = aCode({ legacyLookup: tokenAt(2).lookup, legacyClientId: 'app', grantNumber: 8 })
      await store.commit([{ write: 'add_code', code: apart, openMax: 2 }])
      for (const code of codes) {
        assert.equal(await store.commit([{ write: 'add_code', code, openMax: 2 }]), 'committed')
      }
      const left = await Promise.all([...codes, apart].map(({ hash }) => store.findCode(hash)))
      assert.deepEqual(
        left.map((found) => found?.code.status),
        [undefined, 'open', 'open', 'open'],
      )
    })

    test('of what one user allows one app the oldest open codes go; redeemed ones and others are not touched', async () => {
      const { store } = opened()
      const codes = [1, 2, 3, 4].map((at) => aCode({ hash: Buffer.from([at]), created: noon + at }))
      const apart = [
        aCode({ hash: Buffer.from([11]), userId: 'other' }),
        aCode({ hash: Buffer.from([12]), organizationId: 'company' }),
        aCode({ hash: Buffer.from([13]), clientId: 'other' }),
        aCode({ hash: Buffer.from([14]), authorizedBy: 'other' }),
        aCode({ hash: Buffer.from([15]), status: 'redeemed' }),
      ]
      for (const code of [...apart, ...codes])
        assert.equal(await store.commit([{ write: 'add_code', code, openMax: 2 }]), 'committed')
      const left = await Promise.all([...codes, ...apart].map(({ hash }) => store.findCode(hash)))
      assert.deepEqual(
        left.map((found) => found?.code.status),
        [undefined, undefined, 'open', 'open', 'open', 'open', 'open', 'open', 'redeemed'],
      )
    })

    test('the first code fixes the grant, and two codes redeemed at once make one', async () => {
      const { store, other } = opened()
      const token = tokenAt(1)
      await importing(store, token)
      const reserved = await Promise.all([
        store.commit([reserving(token, 7)]),
        other.commit([reserving(token, 8)]),
      ])
      assert.deepEqual([...reserved].sort(), ['committed', 'overtaken'])
      const number = (await find(store, token))?.token.grantNumber ?? 0
      const hashes = [Buffer.from([1]), Buffer.from([2])]
      for (const hash of hashes) {
        const code = aCode({ hash, legacyLookup: token.lookup, legacyClientId: 'app', grantNumber: number })
        await store.commit([{ write: 'add_code', code, openMax: 5 }])
      }
      const outcomes = await Promise.all(
        hashes.map((codeHash, at) =>
          (at === 0 ? store : other).commit(exchange(token, { number, codeHash })),
        ),
      )
      assert.deepEqual([...outcomes].sort(), ['committed', 'overtaken'])
      const codes = await Promise.all(hashes.map((hash) => store.findCode(hash)))
      assert.deepEqual(codes.map((found) => found?.code.status).sort(), ['open', 'redeemed'])
      // A redeemed code is not redeemed again, whoever asks.
      const redeemed = hashes[codes.findIndex((found) => found?.code.status === 'redeemed')]
      assert.ok(redeemed)
      assert.equal(await other.commit([redeeming(redeemed)]), 'overtaken')
    })

    test('a thousand refreshes leave the tables as long as they were', async () => {
      const { store, database } = opened()
      await importing(store, tokenAt(1))
      await store.commit(exchange(tokenAt(1), { number: 1 }))
      const rows = async () => JSON.stringify(await countsOf(database))
      const before = await rows()
      for (let generation = 0; generation < 1000; generation += 1) {
        assert.equal(await store.commit([rotation(1, generation)]), 'committed')
      }
      assert.equal(await rows(), before)
      assert.equal((await store.findGrant(1))?.grant.generation, 1000)
    })
  })

  suite('numbers', () => {
    test('leases never overlap, whoever takes them at the same time', async () => {
      const { store, other } = opened()
      const blocks = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? store : other).leaseNumbers(10)),
      )
      const numbers = blocks.flatMap(({ first, count }) =>
        Array.from({ length: count }, (_, at) => first + at),
      )
      assert.equal(new Set(numbers).size, 200)
      assert.equal((await store.findNumbering(1)).next, Math.max(...numbers) + 1)
    })

    test('a number is accounted for where its block was given back beyond it, and nowhere else', async () => {
      const { store } = opened()
      const block = await store.leaseNumbers(10)
      const { first, count } = block
      assert.equal(await store.isLeased(block), true)
      assert.equal(await store.isLeased({ ...block, count: count + 1 }), false, 'another block')
      assert.equal((await store.findNumbering(first)).accountedFor, false)
      await store.closeNumbers({ ...block, first: first + 3, count: count - 3 })
      assert.equal((await store.findNumbering(first + 2)).accountedFor, true)
      assert.equal((await store.findNumbering(first + 3)).accountedFor, false)
      await store.commit([{ write: 'raise_numbers', to: 1_000_000 }])
      assert.equal((await store.leaseNumbers(1)).first, 1_000_000)
      assert.equal((await store.leaseNumbers(1, 2_000_000)).first, 2_000_000)
      assert.equal(
        (await store.findNumbering(1_500_000)).accountedFor,
        false,
        'a number that was passed over',
      )
    })

    test('of a block that is open when the numbers are raised, none is ever accounted for', async () => {
      const { store } = opened()
      const block = await store.leaseNumbers(10)
      await store.commit([{ write: 'raise_numbers', to: 1_000_000 }])
      assert.equal(await store.isLeased(block), false, 'whoever uses it leases anew')
      await store.closeNumbers({ ...block, first: block.first + 9, count: 1 })
      assert.equal((await store.findNumbering(block.first)).accountedFor, false)
    })
  })

  suite('imports', () => {
    test('nothing comes in twice, and nothing moves back', async () => {
      const { store, other } = opened()
      assert.equal(await importing(store, tokenAt(1), tokenAt(2), tokenAt(2)), 2)
      await store.commit(exchange(tokenAt(1), { number: 1 }))
      const before = await find(store, tokenAt(1))
      assert.equal(await importing(other, tokenAt(1), tokenAt(2), tokenAt(3)), 1)
      assert.deepEqual(await find(store, tokenAt(1)), before)
    })

    test('a token that stands there under another look-up does not come in again', async () => {
      const { store } = opened()
      await importing(store, tokenAt(1))
      const again = { ...tokenAt(9), alsoAs: [tokenAt(1).lookup, tokenAt(8).lookup] }
      const fresh = { ...tokenAt(7), alsoAs: [tokenAt(6).lookup] }
      assert.equal(await store.importLegacyTokens([again, fresh]), 1)
      assert.equal(await find(store, tokenAt(9)), undefined)
      assert.ok(await find(store, tokenAt(7)))
    })

    test('more rows than fit one statement come in, all of them', async () => {
      const { store } = opened()
      const tokens = Array.from({ length: 101 }, (_, at) => tokenAt(at))
      assert.equal(await importing(store, ...tokens), 101)
      const [counted] = await store.countLegacyTokens()
      assert.equal(counted?.count, 101)
    })

    test('usage adds up, and the last use never moves back', async () => {
      const { store } = opened()
      await importing(store, tokenAt(1))
      await store.commit(exchange(tokenAt(1), { number: 1 }))
      const seen = (at: number) => ({
        replays: new Map([[1, 2]]),
        legacySeen: [{ lookup: tokenAt(1).lookup, clientId: 'app', at }],
        used: new Map([[1, at]]),
        connectionsUsed: new Map(),
        counts: [{ key: 'k', window: day, count: 3 }],
      })
      await store.noteUsage(seen(noon + 5))
      await store.noteUsage(seen(noon))
      const found = await find(store, tokenAt(1))
      assert.deepEqual(
        [found?.grant?.replays, found?.grant?.usedAt, found?.token.lastUsed],
        [4, noon + 5, noon + 5],
      )
      assert.equal(await store.findCount('k', day), 6)
    })

    test('counts of many nodes add up, and the largest of one window are found by how they begin', async () => {
      const { store, other } = opened()
      const note = (own: typeof store, counts: Readonly<Record<string, number>>, window = day) =>
        own.noteUsage({
          replays: new Map(),
          legacySeen: [],
          used: new Map(),
          connectionsUsed: new Map(),
          counts: Object.entries(counts).map(([key, count]) => ({ key, window, count })),
        })
      await Promise.all([
        note(store, { 'a:one': 3, 'a:two': 1, 'a:three': 2 }),
        note(other, { 'a:two': 4, 'a:one': 1, 'b:one': 99, a: 99, 'a;': 99 }),
        note(other, { 'a:one': 99 }, 2 * day),
      ])
      assert.deepEqual(await store.listCounts('a:', day, 2), [
        { key: 'a:two', count: 5 },
        { key: 'a:one', count: 4 },
      ])
      assert.equal((await other.listCounts('a:', day, 9)).length, 3)
      assert.deepEqual(await other.listCounts('a:', 3 * day, 9), [])
    })
  })

  suite('sweeping', () => {
    const ended = { refreshUntil: noon - 1, accessUntil: noon - 1 }
    const grants = [
      aGrant({ number: 1, ...ended }),
      aGrant({ number: 2, ...ended, accessUntil: noon + 1 }),
      aGrant({ number: 3, ...ended, refreshUntil: noon + 1 }),
      aGrant({ number: 4, ...ended, refreshUntil: undefined }),
      aGrant({ number: 5, ...ended, refreshUntil: undefined, status: 'revoked' }),
      // Its connection was revoked since, which is one row, and not this one.
      aGrant({ number: 7, ...ended, refreshUntil: undefined, epoch: 0 }),
    ]

    test('only grants of which no token can live go, and their connection forgets them', async () => {
      const { store } = opened()
      const block = await store.leaseNumbers(10)
      await store.closeNumbers({ ...block, first: block.first + 9, count: 1 })
      await importing(store, tokenAt(1))
      await store.commit(exchange(tokenAt(1), { number: 6 }))
      const connection = (await store.findGrant(6))?.grant.connection ?? 0
      await addGrants(
        store,
        grants.map((grant) => ({ ...grant, connection })),
      )
      const listed = { ...(await store.findConnection('app', 'user', '')) }
      assert.deepEqual(listed.liveGrants, [6])
      while (!(await store.sweep(noon, 2)).done);
      const left = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((number) => store.findGrant(number)))
      assert.deepEqual(
        left.map((found) => found !== undefined),
        [false, true, true, true, false, true, false],
      )
    })

    test('a dead grant leaves the list of its connection, the living stay on it', async () => {
      const { store } = opened()
      const block = await store.leaseNumbers(10)
      await store.closeNumbers({ ...block, first: block.first + 9, count: 1 })
      await importing(store, tokenAt(1), tokenAt(2))
      await store.commit(exchange(tokenAt(1), { number: 1 }))
      const connection = await store.findConnection('app', 'user', '')
      assert.ok(connection)
      await store.commit(exchange(tokenAt(2), { number: 2, connection }))
      await store.commit([{ ...rotation(2, 0), accessUntil: noon + 200 * day } as Write])
      while (!(await store.sweep(noon + 100 * day, 100)).done);
      assert.deepEqual((await store.findConnection('app', 'user', ''))?.liveGrants, [2])
      assert.equal(await store.findGrant(1), undefined)
    })

    test('a grant whose number lies in a block that is still open stays', async () => {
      const { store } = opened()
      await store.leaseNumbers(10)
      await addGrants(store, grants)
      while (!(await store.sweep(noon, 100)).done);
      const { numbers } = await numbersOf(opened())
      assert.deepEqual(numbers, [1, 2, 3, 4, 5, 7])
    })

    test('codes, sessions, revoked access tokens, counters and events go when their time is over', async () => {
      const { store } = opened()
      for (const [at, late] of [0, 400 * day].entries()) {
        await store.commit([
          {
            write: 'add_code',
            code: aCode({ hash: Buffer.from([at]), expires: noon + late }),
            openMax: undefined,
          },
        ])
        await store.commit([
          {
            write: 'add_session',
            session: aSession({ hash: Buffer.from([at]), expires: noon + late }),
          },
        ])
        await store.commit([{ write: 'revoke_access_token', jti: `jti-${at}`, expires: noon + late }])
        await store.commit([event('key_added', noon + late, someone, { detail: String(at) })])
        await store.noteUsage({
          replays: new Map(),
          legacySeen: [],
          used: new Map(),
          connectionsUsed: new Map(),
          counts: [
            { key: 'k', window: noon + late, count: 1 },
            { key: 'address:guess:a', window: noon + 200 * day - 600_000 - at, count: 1 },
          ],
        })
      }
      while (!(await store.sweep(noon + 200 * day, 100)).done);
      assert.equal(await store.findCode(Buffer.from([0])), undefined)
      assert.ok(await store.findCode(Buffer.from([1])))
      assert.deepEqual(
        [await store.isAccessTokenRevoked('jti-0'), await store.isAccessTokenRevoked('jti-1')],
        [false, true],
      )
      assert.deepEqual(
        [await store.findCount('k', noon), await store.findCount('k', noon + 400 * day)],
        [0, 1],
      )
      const minutes = [0, 1].map((at) => store.findCount('address:guess:a', noon + 200 * day - 600_000 - at))
      assert.deepEqual(await Promise.all(minutes), [1, 0])
      assert.deepEqual(
        (await store.listEvents(0, 10)).map(({ detail }) => detail),
        ['1'],
      )
      const [sessions] = await opened().database.query('select count(*) as count from sessions', [])
      assert.equal(sessions?.count, 1)
    })

    test('one call deletes no more than it was told to', async () => {
      const { store } = opened()
      const [jtis, limit] = [5, 2]
      for (let at = 0; at < jtis; at += 1) {
        await store.commit([{ write: 'revoke_access_token', jti: `jti-${at}`, expires: noon }])
      }
      // Some minutes more: to a node whose clock is behind, the tokens are still good.
      assert.equal((await store.sweep(noon + 60_000, limit)).gone, 0)
      assert.equal((await store.sweep(noon + 3_600_000, limit)).gone, 2)
    })
  })

  suite('migrations', () => {
    test('run twice, they change nothing the second time', async () => {
      const { database } = opened()
      const before = await schemaOf(database)
      assert.deepEqual(await migrate(database), { applied: [] })
      assert.equal(await schemaOf(database), before)
      assert.equal(await pendingMigrations(database), 0)
    })

    test('run twice at once, they make one schema and one deployment', async () => {
      const empty = fresh()
      const [one, two] = [await empty.connect(), await empty.connect()]
      assert.ok((await pendingMigrations(one)) > 0)
      const applied = (await Promise.all([migrate(one), migrate(two)])).flatMap((done) => done.applied)
      assert.equal(new Set(applied).size, applied.length)
      assert.equal(await pendingMigrations(two), 0)
      const ids = await one.query(`select value from meta where key = 'deployment_id'`, [])
      assert.equal(ids.length, 1)
      await one.close()
      await two.close()
      await empty.remove()
    })

    test('an older server refuses a newer schema', async () => {
      const { database } = opened()
      await database.script(`insert into migrations (id, name, at) values (9999, 'of-tomorrow', 0)`)
      await assert.rejects(migrate(database), SchemaTooNew)
      await assert.rejects(pendingMigrations(database), SchemaTooNew)
    })
  })

  suite('groups of commits', () => {
    test('one bad commit does not take the others with it', async () => {
      const { store } = opened()
      const session = aSession({ hash: Buffer.from([1]), expires: noon })
      const add: Write = { write: 'add_session', session }
      await store.commit([add])
      const revoke = (jti: string): Write => ({ write: 'revoke_access_token', jti, expires: noon })
      const outcomes = await Promise.allSettled([
        store.commit([revoke('before')]),
        // The key is taken: this one fails, half way.
        store.commit([revoke('half'), add]),
        store.commit([revoke('after')]),
      ])
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      const found = await Promise.all(
        ['before', 'half', 'after'].map((jti) => store.isAccessTokenRevoked(jti)),
      )
      assert.deepEqual(found, [true, false, true])
    })

    test('commits that come together are seen by one another, in their order', async () => {
      const { store } = opened()
      const client = aClient({ id: 'twice' })
      const add: Write = { write: 'add_client', client, at: noon }
      assert.deepEqual(await Promise.all([store.commit([add]), store.commit([add])]), [
        'committed',
        'overtaken',
      ])
    })
  })
}

const reserving = (token: LegacyToken, grantNumber: number): Write => ({
  write: 'reserve_grant',
  lookup: token.lookup,
  clientId: 'app',
  exchange: 0,
  keyVersion: 1,
  grantNumber,
  connection: { clientId: 'app', userId: 'user', organizationId: '', found: undefined },
})

const redeeming = (hash: Uint8Array): Write => ({
  write: 'redeem_code',
  hash,
  grantNumber: undefined,
  connection: undefined,
})

/** Grants as an earlier time left them. */
async function addGrants(
  store: Opened['store'],
  grants: readonly ReturnType<typeof aGrant>[],
): Promise<void> {
  await store.commit([
    event('grant_created', noon, someone, {}),
    ...grants.map((grant): Write => ({ write: 'add_grant', grant })),
  ])
}

async function numbersOf({ database }: Opened): Promise<{ numbers: readonly unknown[] }> {
  const rows = await database.query('select number from grants order by number', [])
  return { numbers: rows.map((row) => row.number) }
}

/** How many rows each table has. */
async function countsOf(database: Opened['database']): Promise<Readonly<Record<string, unknown>>> {
  const names = [
    'connections',
    'legacy_tokens',
    'grants',
    'codes',
    'events',
    'counters',
    'revoked_access_tokens',
  ]
  const counts: Record<string, unknown> = {}
  for (const name of names) {
    const [row] = await database.query(`select count(*) as count from ${name}`, [])
    counts[name] = row?.count
  }
  return counts
}
