import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { Store } from '../kernel/store.ts'
import type { Backend, Database } from '../storage/database.ts'
import { migrate } from '../storage/migrate.ts'
import { openPostgres } from '../storage/postgres.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { TestDatabase } from '../testing/postgres.ts'
import { testDatabase } from '../testing/postgres.ts'
import { aClient } from '../testing/records.ts'
import { KeysOvertaken, openKeyRing } from './key-ring.ts'
import type { KeyWork } from './rotate.ts'
import { compromiseKeys, destroyKeys, retireSigningKeys, rewrapKeys, rotateKeys } from './rotate.ts'

const rootSecret = randomBytes(32)
const actor = { actor: 'test', address: undefined, requestId: undefined }
let place: TestDatabase | undefined
const backends: Readonly<Record<Backend, () => Promise<Database>>> = {
  sqlite: () => openSqlite(':memory:'),
  async postgres() {
    place = await testDatabase()
    return openPostgres({ url: place.url })
  },
}

for (const backend of ['sqlite', 'postgres'] as const)
  suite(backend, () => {
    let database: Database
    let store: Store

    beforeEach(async () => {
      database = await backends[backend]()
      await migrate(database)
      store = sqlStore(database)
      const ring = await openKeyRing(store, rootSecret, undefined)
      ring.close()
    })
    afterEach(async () => {
      await database.close()
      await place?.remove()
      place = undefined
    })

    const work = (now = Date.now()): KeyWork => ({ store, rootSecret, now, actor })

    /** The ring as a server that starts now sees it. */
    async function opened(secret: Uint8Array = rootSecret) {
      const ring = await openKeyRing(store, secret, undefined)
      ring.close()
      return ring
    }

    test('key rotate: the next version is known at once and used ten seconds later', async () => {
      const now = Date.now()
      const rotation = await rotateKeys(work(now))
      assert.deepEqual(rotation, { version: 2, currentFrom: now + 10_000 })
      const ring = await opened()
      assert.deepEqual(
        ring.ring().versions.map(({ version }) => version),
        [2, 1],
      )
      const before = ring.signingKey('ES256', now)
      const after = ring.signingKey('ES256', now + 10_000)
      assert.notEqual(before.publicJwk.kid, after.publicJwk.kid)
    })

    test('key rotate: versions that were lost in a restore are not given away again', async () => {
      await store.commit([{ write: 'set_meta', key: 'keys_lost_to', value: '3' }])
      assert.equal((await rotateKeys(work())).version, 4)
      assert.equal((await rotateKeys(work())).version, 5)
    })

    test('key ring: a clock that went back to before the first key was made signs with it all the same', async () => {
      const now = Date.now()
      const first = (await opened()).signingKey('ES256', now)
      await rotateKeys(work(now))
      assert.deepEqual((await opened()).signingKey('ES256', now - 86_400_000).publicJwk, first.publicJwk)
    })

    test('key rotate: an old signing key stays published until its last token has expired', async () => {
      const now = Date.now()
      const rotation = await rotateKeys(work(now))
      await retireSigningKeys(work(now), rotation, 3600)
      const ring = await opened()
      const lastExpiry = rotation.currentFrom + 3600 * 1000
      assert.equal(ring.verifyingKeys(lastExpiry).length, 6)
      assert.equal(ring.verifyingKeys(lastExpiry + 60_001).length, 3)
    })

    test('key rotate --compromised: older versions are marked and published no more', async () => {
      const now = Date.now()
      const { version, currentFrom } = await rotateKeys(work(now))
      assert.equal(await compromiseKeys(work(currentFrom), version), 4)
      const ring = await opened()
      assert.deepEqual([...ring.ring().compromised], [1])
      assert.equal(ring.verifyingKeys(currentFrom).length, 3)
      assert.equal((await store.listEvents(0, 10)).at(-1)?.kind, 'key_compromised')
    })

    test('key rewrap: the new root secret opens the same keys, the old one none', async () => {
      const other = randomBytes(32)
      const before = (await opened()).ring().versions[0]?.keys.refresh
      assert.equal(await rewrapKeys(work(), other), 4)
      assert.deepEqual((await opened(other)).ring().versions[0]?.keys.refresh, before)
      await assert.rejects(opened(), /root secret does not open/)
    })

    test('key rewrap: a server that was running keeps the ring that it opened', async () => {
      const ring = await opened()
      await rewrapKeys(work(), randomBytes(32))
      assert.equal(await ring.reread(), false)
      assert.equal(ring.ring().versions.length, 1)
    })

    test('key rewrap: a server that was running hears what else changes, and stops at a key that it cannot read', async () => {
      const ring = await opened()
      const key = ring.signingKey('ES256', Date.now())
      const secret = randomBytes(32)
      await rewrapKeys(work(), secret)
      const set = (value: string) => store.commit([{ write: 'set_meta', key: 'awaits_events', value }])
      await set('yes')
      await ring.reread()
      assert.equal(ring.closed(), 'awaits_events')
      await set('no')
      await store.noteLookupKind({ version: 1, kind: 'sha256' })
      assert.equal(await ring.reread(), true)
      assert.equal(ring.closed(), undefined)
      assert.deepEqual(ring.ring().lookupKinds, [{ version: 1, kind: 'sha256' }])
      assert.deepEqual(ring.signingKey('ES256', Date.now()).publicJwk, key.publicJwk)

      const { version } = await rotateKeys({ ...work(), rootSecret: secret })
      await compromiseKeys({ ...work(), rootSecret: secret }, version)
      await ring.reread()
      assert.equal(ring.closed(), 'keys_unread')
      assert.deepEqual([...ring.ring().compromised], [1])
      assert.equal((await opened(secret)).closed(), undefined)
    })

    test('key rewrap: with a wrong root secret nothing changes', async () => {
      const before = await store.listKeys()
      await assert.rejects(
        rewrapKeys({ ...work(), rootSecret: randomBytes(32) }, randomBytes(32)),
        /does not open/,
      )
      assert.deepEqual(await store.listKeys(), before)
    })

    test('key rewrap: a key that is added meanwhile is not left under the old root secret', async () => {
      const racing: Store = {
        ...store,
        async commit(writes) {
          await rotateKeys(work())
          return store.commit(writes)
        },
      }
      await assert.rejects(rewrapKeys({ ...work(), store: racing }, randomBytes(32)), KeysOvertaken)
      assert.equal((await opened()).ring().versions.length, 2)
    })

    test('key rotate: where the keys are sealed anew meanwhile, it says so, and adds none', async () => {
      const newSecret = randomBytes(32)
      const racing: Store = {
        ...store,
        async commit(writes) {
          await rewrapKeys(work(), newSecret)
          return store.commit(writes)
        },
      }
      await assert.rejects(rotateKeys({ ...work(), store: racing }), KeysOvertaken)
      assert.equal((await opened(newSecret)).ring().versions.length, 1)
    })

    test('key rewrap: a version that is destroyed meanwhile stays so', async () => {
      const now = Date.now()
      const { version, currentFrom } = await rotateKeys(work(now))
      await retireSigningKeys(work(now), { version, currentFrom }, 1)
      const later = work(currentFrom + 3_600_000)
      const racing: Store = {
        ...store,
        async commit(writes) {
          const { destroyed } = await destroyKeys(later, 1, false)
          assert.ok(destroyed)
          return store.commit(writes)
        },
      }
      await rewrapKeys({ ...later, store: racing }, randomBytes(32)).catch((error: unknown) => {
        assert.ok(error instanceof KeysOvertaken)
      })
      const first = (await store.listKeys()).filter((key) => key.version === 1)
      assert.deepEqual([...new Set(first.map(({ status }) => status))], ['destroyed'])
      assert.ok(first.every(({ sealed }) => sealed.length === 1))
    })

    test('key destroy: the current version, a published one and an unknown one are refused', async () => {
      const now = Date.now()
      assert.deepEqual((await destroyKeys(work(now), 1, false)).destroyed, false)
      const { currentFrom } = await rotateKeys(work(now))
      const published = await destroyKeys(work(currentFrom), 1, false)
      assert.equal(!published.destroyed && published.why, 'published')
      const unknown = await destroyKeys(work(currentFrom), 9, false)
      assert.equal(!unknown.destroyed && unknown.why, 'unknown')
    })

    test('key destroy: a version that nothing needs is wiped, and the server knows that it was', async () => {
      const now = Date.now()
      const rotation = await rotateKeys(work(now))
      await retireSigningKeys(work(now), rotation, 60)
      const later = rotation.currentFrom + 200_000
      assert.equal((await destroyKeys(work(later), 1, false)).destroyed, true)
      const { versions, destroyed } = (await opened()).ring()
      assert.deepEqual([versions.map(({ version }) => version), [...destroyed]], [[2], [1]])
    })

    test('key destroy: a version that still finds legacy tokens is refused', async () => {
      const now = Date.now()
      await store.importLegacyTokens([
        {
          lookup: randomBytes(32),
          clientId: '',
          dialect: 'standard',
          lookupVersion: 1,
          authorization: undefined,
          userId: 'u1',
          organizationId: '',
          kind: 'user',
          scopes: undefined,
          created: undefined,
          expires: undefined,
          lastUsed: undefined,
          alsoAs: [],
        },
      ])
      const rotation = await rotateKeys(work(now))
      await retireSigningKeys(work(now), rotation, 60)
      const refused = await destroyKeys(work(rotation.currentFrom + 200_000), 1, true)
      assert.deepEqual(refused, {
        destroyed: false,
        why: 'in_use',
        uses: { legacyTokens: 1, clientSecrets: 0, callbackSecrets: 0, liveGrants: 0 },
      })
    })

    test('key destroy: a version with which apps are called is refused, until its secrets have ended', async () => {
      const now = Date.now()
      await store.commit([{ write: 'add_client', client: aClient(), at: now }])
      const secret = { number: 1, keyVersion: 1, created: now, expires: undefined }
      const add = { write: 'add_callback_secret', clientId: 'app', secret, othersExpire: undefined } as const
      await store.commit([add])
      const rotation = await rotateKeys(work(now))
      await retireSigningKeys(work(now), rotation, 60)
      const later = rotation.currentFrom + 200_000
      const refused = await destroyKeys(work(later), 1, true)
      assert.equal(!refused.destroyed && refused.uses.callbackSecrets, 1)
      await store.commit([{ write: 'end_callback_secrets', clientId: 'app', at: later }])
      assert.equal((await destroyKeys(work(later), 1, true)).destroyed, true)
    })
  })
