import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Deployment } from '../main.ts'
import { composeServer, openDeployment } from '../main.ts'
import { addressAttempts } from '../pages/address-attempts.ts'
import type { Backend } from '../storage/database.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import { failedAttempts } from './failed-attempts.ts'
import { gatherUsage } from './usage.ts'

const perMinuteMax = 50
const minute = 60_000

for (const backend of ['sqlite', 'postgres'] satisfies Backend[]) {
  suite(`http: failed attempts over two nodes on ${backend}`, () => {
    let here: TestDeployment
    let other: Deployment
    let otherApp: FastifyInstance
    before(async () => {
      const config = { limits: { failures_per_minute: perMinuteMax } }
      here = await testDeployment({ backend, mounts: ['standard'], file: true, config })
      // Another minute than that of a clock that is just being read.
      here.clock.advance(minute - (here.clock.now % minute))
      other = await openDeployment(here.config, { now: () => here.clock.now })
      otherApp = composeServer(other, { write: () => undefined })
      await otherApp.ready()
    })
    after(async () => {
      await otherApp.close()
      await other.close()
      await here.close()
    })

    async function guess(app: FastifyInstance, address = '192.0.2.7'): Promise<number> {
      const { statusCode } = await app.inject({
        method: 'POST',
        url: '/oauth2/token',
        remoteAddress: address,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `grant_type=client_credentials&client_id=${here.sections.standard?.client_id}&client_secret=wrong`,
      })
      return statusCode
    }

    /** Guesses until it is stopped; returns how often it was not. */
    async function guessOn(app: FastifyInstance): Promise<number> {
      for (let count = 0; ; count += 1) {
        if ((await guess(app)) === 429) return count
        assert.ok(count < 2 * perMinuteMax, 'It is never stopped.')
      }
    }

    /** Until the batches that nodes write once a second have come to so many. */
    async function written(count: number): Promise<void> {
      const key = 'address:guess:192.0.2.7'
      const window = here.clock.now - (here.clock.now % minute)
      while ((await here.deployment.store.findCount(key, window)) < count) await pause(20)
    }

    test('guesses that are spread over them are stopped at about the limit, and go on in the next minute', async () => {
      for (let count = 0; count < 30; count += 1) assert.equal(await guess(here.app), 401)
      await written(30)
      const more = await guessOn(otherApp)
      // With the first one that fails, a node asks what others have counted.
      assert.ok(more >= 20 && more <= 24, `${more} more`)
      await written(30 + more)
      here.clock.advance(1_000)
      const again = await guessOn(here.app)
      assert.ok(again <= 4, `${again} more at the first node`)
      assert.equal(await guess(otherApp, '192.0.2.8'), 401)
      here.clock.advance(minute)
      assert.equal(await guess(here.app), 401)
      assert.equal(await guess(otherApp), 401)
    })

    test('wrong passwords of one address count on all nodes, too', async () => {
      const { store } = here.deployment
      const now = () => here.clock.now
      const node = (own = store) => {
        const failures = failedAttempts({ store: own, kind: 'sign_in', perMinuteMax: 4, now })
        return { attempts: addressAttempts(failures, 4), usage: gatherUsage(own, [failures], now) }
      }
      const [one, another] = [node(), node(other.store)]
      for (let count = 0; count < 3; count += 1) {
        assert.equal(one.attempts.begin('2001:db8::1'), 'begun')
        one.attempts.end('2001:db8::1', true)
      }
      await one.usage.flush()
      assert.equal(another.attempts.begin('2001:db8::2'), 'begun')
      another.attempts.end('2001:db8::2', true)
      while (another.attempts.begin('2001:db8::3') === 'begun') {
        another.attempts.end('2001:db8::3', false)
        await pause(1)
      }
      assert.equal(another.attempts.begin('2001:db8::3'), 'spent')
      assert.equal(another.attempts.begin('2001:db8:1::3'), 'begun')
    })
  })
}

suite('http: failed attempts', () => {
  const counting = (max: number, listCounts: Parameters<typeof failedAttempts>[0]['store']['listCounts']) =>
    failedAttempts({ store: { listCounts }, kind: 'guess', perMinuteMax: max, now: () => minute })
  const fail = (attempts: FailedAttempts, address: string, times: number): void => {
    for (let time = 0; time < times; time += 1) attempts.note(address)
  }
  const nobodyElse = async () => []

  test('an address is written when it has failed a tenth of what it may: many that fail a little are not', () => {
    const attempts = counting(100, nobodyElse)
    for (let at = 0; at < 1_000; at += 1) fail(attempts, `198.51.100.${at}`, 9)
    fail(attempts, 'often', 10)
    assert.deepEqual(attempts.take().counts, [{ key: 'address:guess:often', window: minute, count: 10 }])
    assert.deepEqual(attempts.take().counts, [])
    fail(attempts, 'often', 1)
    assert.deepEqual(attempts.take().counts, [{ key: 'address:guess:often', window: minute, count: 1 }])
  })

  test('one batch has few addresses, the worst first; what could not be written is written the next time', () => {
    const attempts = counting(10, nobodyElse)
    for (let at = 0; at < 300; at += 1) fail(attempts, `address ${at}`, at < 150 ? 1 : 2)
    const first = attempts.take()
    assert.equal(first.counts.length, 200)
    assert.ok(first.counts.slice(0, 150).every(({ count }) => count === 2))
    first.settle(false)
    assert.equal(attempts.countOf('address 299'), 2)
    const second = attempts.take()
    assert.equal(second.counts.length, 200)
    second.settle(true)
    assert.equal(attempts.take().counts.length, 100)
  })

  test('whoever changes addresses within a network of IPv6 is one', () => {
    const attempts = counting(10, nobodyElse)
    for (let at = 0; at < 10; at += 1) fail(attempts, `2001:db8::${at}`, 1)
    assert.equal(attempts.countOf('2001:db8::ffff'), 10)
    assert.equal(attempts.countOf('2001:db8:0:1::'), 0)
    assert.equal(attempts.take().counts.length, 1)
  })

  test('what this node is just writing is not counted twice when it is read', async () => {
    const attempts = counting(10, async () => [{ key: 'address:guess:a', count: 7 }])
    fail(attempts, 'a', 5)
    const writing = attempts.take()
    await pause(0)
    assert.equal(attempts.countOf('a'), 7)
    writing.settle(true)
    assert.equal(attempts.countOf('a'), 7)
  })
})
