/** The part of the contract that is about legacy tokens of one authorization. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import type { Connection, LegacyToken } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { aClient, aCode, aLegacyToken, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { exchange, find, importing } from './contract.ts'

/** A token of the authorization that all of these stand for. */
const alias = (at: number, changes: Partial<LegacyToken> = {}): LegacyToken =>
  aLegacyToken({ lookup: Buffer.from([at]), authorization: 'both', ...changes })

const connectionOf = async (store: Store, clientId = 'app'): Promise<Connection | undefined> =>
  store.findConnection(clientId, 'user', '')

/** Part of `keepsTheContract`. */
export function keepsLegacyPromises(opened: () => Opened): void {
  suite('tokens of one authorization', () => {
    test('they lead to one grant, whether they name the client or none', async () => {
      const { store, other } = opened()
      const [named, unnamed] = [alias(1), alias(2, { clientId: '' })]
      for (const [first, second] of [
        [named, unnamed],
        [unnamed, named],
      ] as const) {
        const authorization = `both ${first.clientId}`
        const [one, two] = [first, second].map((token, at) => ({
          ...token,
          lookup: Buffer.from([first.clientId.length, at]),
          authorization,
        }))
        assert.ok(one && two)
        await importing(store, one, two)
        const connection = await connectionOf(store)
        const number = one.clientId.length + 1
        assert.equal(await store.commit(exchange(one, { number, connection })), 'committed')
        const known = await connectionOf(store)
        const again = exchange(two, { number: number + 50, connection: known })
        assert.equal(await other.commit(again), 'overtaken', authorization)
        assert.equal((await find(other, two))?.alias, 'exchanged')
        assert.equal((await find(other, two))?.token.status, 'exchanged')
      }
    })

    test('one that came in later is refused like those that were there', async () => {
      const { store } = opened()
      await importing(store, alias(1))
      await store.commit(exchange(alias(1), { number: 1 }))
      for (const late of [alias(2), alias(3, { clientId: '' })]) {
        await importing(store, late)
        const connection = await connectionOf(store)
        assert.equal(await store.commit(exchange(late, { number: 2, connection })), 'overtaken')
        assert.equal((await find(store, late))?.alias, 'exchanged')
      }
    })

    test('a token that names an app is not spent by another app that took one that names none', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'second' }), at: noon }])
      const [named, unnamed] = [alias(1), alias(2, { clientId: '' })]
      await importing(store, named, unnamed)
      const taken = exchange(unnamed, { number: 1, clientId: 'second' })
      assert.equal(await store.commit(taken), 'committed')
      assert.equal((await find(store, named))?.alias, undefined)
      assert.equal(await store.commit(exchange(named, { number: 2 })), 'committed')
    })

    test('where every app has its own, the second of an app is seen as exchanged, that of others is not', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'second' }), at: noon }])
      const [one, two] = [alias(1, { clientId: '' }), alias(2, { clientId: '' })]
      await importing(store, one, two)
      await store.commit(exchange(one, { number: 1, insertFor: 'app' }))
      const connection = await connectionOf(store)
      const again = exchange(two, { number: 2, insertFor: 'app', connection })
      assert.equal(await store.commit(again), 'overtaken')
      assert.equal((await find(store, two))?.alias, 'exchanged')
      assert.equal((await find(store, two, 'second'))?.alias, undefined)
      const ofSecond = exchange(two, { number: 3, insertFor: 'second', clientId: 'second' })
      assert.equal(await store.commit(ofSecond), 'committed')
    })

    test('where every app has its own, a row of its own spends nobody else’s', async () => {
      const { store } = opened()
      const shared = alias(1, { clientId: '' })
      const own = alias(2)
      await importing(store, shared, own)
      const writes = exchange(own, { number: 1 })
      const [guard, ...followers] = writes
      assert.ok(guard?.write === 'exchange_legacy_token')
      assert.equal(await store.commit([{ ...guard, takesShared: false }, ...followers]), 'committed')
      assert.equal((await find(store, shared, 'second'))?.token.status, 'active')
      assert.equal((await find(store, shared))?.alias, 'exchanged')
    })

    test('a revoked one keeps the others from being exchanged, and is seen', async () => {
      const { store } = opened()
      await importing(store, alias(1), alias(2))
      await store.commit([{ write: 'revoke_legacy_token', token: alias(2) }])
      assert.equal(await store.commit(exchange(alias(1), { number: 1 })), 'overtaken')
      assert.equal((await find(store, alias(1)))?.alias, 'revoked')
    })

    test('an exchange takes back the grants that codes of the others had reserved', async () => {
      const { store } = opened()
      await importing(store, alias(1), alias(2))
      const { lookup } = alias(2)
      const nothing = { clientId: 'app', userId: 'user', organizationId: '', found: undefined }
      const code = aCode({ kind: 'legacy', legacyLookup: lookup, legacyClientId: 'app', grantNumber: 9 })
      await store.commit([
        {
          write: 'reserve_grant',
          lookup,
          clientId: 'app',
          exchange: 0,
          keyVersion: 1,
          grantNumber: 9,
          connection: nothing,
        },
        { write: 'add_code', code, openMax: 5 },
      ])
      assert.equal(await store.commit(exchange(alias(1), { number: 1 })), 'committed')
      const { token } = (await find(store, alias(2))) ?? assert.fail()
      assert.deepEqual(
        [token.status, token.grantNumber, token.keyVersion],
        ['exchanged', undefined, undefined],
      )
      assert.equal((await store.findCode(code.hash))?.alias, 'exchanged')
      // No further code joins the one that lost.
      const late = { ...code, hash: Buffer.alloc(32, 6) }
      assert.equal(await store.commit([{ write: 'add_code', code: late, openMax: 5 }]), 'overtaken')
    })
  })

  suite('a legacy token is spent for a grant that is not here', () => {
    const spend = (token: LegacyToken, leavesShared: boolean): Write => ({
      write: 'spend_legacy_token',
      token,
      boundTo: 'app',
      leavesShared,
      status: 'exchanged',
      grantNumber: 7,
    })

    test('once, and a reset makes it active', async () => {
      const { store, other } = opened()
      const one = aLegacyToken({ clientId: '' })
      await importing(store, one)
      assert.equal(await store.commit([spend(one, false)]), 'committed')
      assert.equal(await other.commit([spend(one, false)]), 'overtaken')
      const { token } = (await find(other, one)) ?? assert.fail()
      const { clientId, boundTo, status, grantNumber } = token
      assert.deepEqual([clientId, boundTo, status, grantNumber], ['', 'app', 'exchanged', 7])
      const reset: Write = { write: 'reset_legacy_token', token, connectionEpoch: 1 }
      assert.equal(await store.commit([reset]), 'committed')
      assert.equal((await find(other, one))?.token.status, 'active')
    })

    test('where every app has its own, for that app alone', async () => {
      const { store, other } = opened()
      const shared = aLegacyToken({ clientId: '' })
      await importing(store, shared)
      assert.equal(await store.commit([spend(shared, true)]), 'committed')
      assert.equal(await other.commit([spend(shared, true)]), 'overtaken')
      const { token } = (await find(other, shared)) ?? assert.fail()
      const { clientId, status, grantNumber, userId } = token
      assert.deepEqual([clientId, status, grantNumber, userId], ['app', 'exchanged', 7, shared.userId])
      assert.equal((await find(other, shared, 'second'))?.token.status, 'active')
    })
  })

  suite('what an operator does to a legacy token', () => {
    test('a reset makes a token active once more, and drops its codes', async () => {
      const { store, other } = opened()
      const one = aLegacyToken()
      await importing(store, one)
      await store.commit(exchange(one, { number: 1 }))
      const { token } = (await find(store, one)) ?? assert.fail()
      const hash = Buffer.from([4])
      const code = aCode({ hash, legacyLookup: one.lookup, legacyClientId: 'app', grantNumber: 1 })
      await store.commit([{ write: 'add_code', code, openMax: 5 }])
      const reset: Write = { write: 'reset_legacy_token', token, connectionEpoch: 3 }
      assert.equal(await store.commit([reset]), 'committed')
      assert.equal(await other.commit([reset]), 'overtaken')
      const again = await find(store, one)
      assert.deepEqual(again?.token, { ...one, exchange: 1, connectionEpoch: 3 })
      assert.equal(await store.findCode(hash), undefined)
      // Who looked before the reset loses.
      assert.equal(await other.commit(exchange(one, { number: 2 })), 'overtaken')
    })

    test('whoever looks while it is reset sees its grant alive, or the token active', async () => {
      const { store, other } = opened()
      const one = aLegacyToken()
      await importing(store, one)
      for (let number = 1; number <= 40; number += 1) {
        const { token } = (await find(store, one)) ?? assert.fail()
        const connection = await connectionOf(store)
        const next = exchange(token, { number, connection })
        assert.equal(await store.commit(next), 'committed')
        const exchanged = (await find(store, one)) ?? assert.fail()
        const reset: readonly Write[] = [
          { write: 'reset_legacy_token', token: exchanged.token, connectionEpoch: connection?.epoch ?? 1 },
          { write: 'end_grant', number, reason: 'reset' },
        ]
        const looks = Array.from({ length: 8 }, () => find(other, one))
        const [outcome, ...seen] = await Promise.all([store.commit(reset), ...looks])
        assert.equal(outcome, 'committed')
        for (const facts of seen) assert.equal(facts?.grant?.status ?? 'live', 'live', facts?.token.status)
      }
    })

    test('whoever revokes or resets a token that was exchanged meanwhile looks again', async () => {
      const { store, other } = opened()
      const token = aLegacyToken()
      await importing(store, token)
      await other.commit(exchange(token, { number: 1 }))
      assert.equal(await store.commit([{ write: 'revoke_legacy_token', token }]), 'overtaken')
      const reset: Write = { write: 'reset_legacy_token', token, connectionEpoch: 1 }
      assert.equal(await store.commit([reset]), 'overtaken')
    })

    test('they see the rows of every app, and of every token of the authorization, once', async () => {
      const { store } = opened()
      const [one, two] = [alias(1, { clientId: '' }), alias(2, { clientId: '' })]
      await importing(store, one, two, alias(3, { dialect: 'other' }))
      await store.commit(exchange(two, { number: 1, insertFor: 'app' }))
      const rows = await store.findLegacyRows([one.lookup])
      assert.deepEqual(
        rows.map(({ token, grantIsLive }) => [token.lookup[0], token.clientId, grantIsLive]),
        [
          [1, '', false],
          [2, '', false],
          [2, 'app', true],
        ],
      )
    })

    test('an app that exchanges meanwhile, by the token or an alias of it, is not missed', async () => {
      const { store, other } = opened()
      const [one, two] = [alias(1, { clientId: '' }), alias(2, { clientId: '' })]
      await importing(store, one, two)
      const lookups = [one.lookup]
      const revoking = async (): Promise<Write> => {
        const rows = (await store.findLegacyRows(lookups)).map(({ token }) => token)
        return { write: 'revoke_legacy_token', token: rows[0] ?? one, among: { lookups, rows } }
      }
      const seenBefore = await revoking()
      await other.commit(exchange(two, { number: 1, insertFor: 'app' }))
      assert.equal(await store.commit([seenBefore]), 'overtaken')
      const seenBetween = await revoking()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'second' }), at: noon }])
      await other.commit(exchange(one, { number: 2, insertFor: 'second', clientId: 'second' }))
      assert.equal(await store.commit([seenBetween]), 'overtaken')
      assert.equal(await store.commit([await revoking()]), 'committed')
    })
  })

  suite('a client that was recovered', () => {
    const recalled = aClient({ tokensValidAfter: noon + 1 })
    const recall: Write = { write: 'change_client', client: recalled, seen: aClient() }

    test('an exchange from before it loses, one from then on does not', async () => {
      const { store, other } = opened()
      const token = aLegacyToken()
      await importing(store, token)
      await other.commit([recall])
      const [guard, ...followers] = exchange(token, { number: 1 })
      assert.ok(guard?.write === 'exchange_legacy_token')
      assert.equal(await store.commit([guard, ...followers]), 'overtaken')
      assert.equal(await store.commit([{ ...guard, created: noon + 1 }, ...followers]), 'committed')
    })

    test('a code from before it is not redeemed, and none of its open codes stay', async () => {
      const { store, other } = opened()
      const codes = [
        aCode(),
        aCode({ hash: Buffer.from([2]), created: noon + 1 }),
        aCode({ hash: Buffer.from([3]), kind: 'legacy' }),
        aCode({ hash: Buffer.from([4]), clientId: 'second' }),
      ]
      for (const code of codes) await store.commit([{ write: 'add_code', code, openMax: undefined }])
      await other.commit([recall])
      const redeem = ({ hash }: (typeof codes)[number]) =>
        store.commit([{ write: 'redeem_code', hash, grantNumber: 1, connection: undefined }])
      assert.deepEqual(await Promise.all(codes.slice(0, 2).map(redeem)), ['overtaken', 'committed'])
      await store.commit([{ write: 'drop_codes', clientId: 'app' }])
      const left = await Promise.all(codes.map(({ hash }) => store.findCode(hash)))
      assert.deepEqual(
        left.map((found) => found?.code.status),
        [undefined, 'redeemed', undefined, 'open'],
      )
    })
  })
}
