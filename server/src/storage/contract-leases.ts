/** The promises of leases: one holder at a time, whatever the clocks of the others say. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Lease } from '../kernel/leases.ts'
import { noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'

const second = 1000

export function keepsLeasePromises(opened: () => Opened): void {
  const lease = (holder: string, until = noon + 15 * second): Lease => ({ name: 'background', holder, until })
  const take = (one: Lease, now = noon, stale?: Lease) =>
    opened().other.commit([{ write: 'take_lease', lease: one, now, stale }])
  const end = (holder: string) => opened().store.commit([{ write: 'end_lease', name: 'background', holder }])
  const held = () => opened().store.findLease('background')

  suite('leases', () => {
    test('of two that take a free one, one gets it; another name is another lease', async () => {
      const { store } = opened()
      assert.equal(await held(), undefined)
      const both = await Promise.all([
        take(lease('me')),
        store.commit([{ write: 'take_lease', lease: lease('you'), now: noon, stale: undefined }]),
      ])
      assert.deepEqual([...both].sort(), ['committed', 'overtaken'])
      assert.deepEqual(await held(), lease(both[0] === 'committed' ? 'me' : 'you'))
      assert.equal(await take({ ...lease('third'), name: 'other' }), 'committed')
      assert.equal((await store.findLease('other'))?.holder, 'third')
    })

    test('its holder keeps it, and nobody else gets it before its time is over', async () => {
      await take(lease('me'))
      assert.equal(await take(lease('you'), noon + 15 * second - 1), 'overtaken')
      assert.equal(await take(lease('me', noon + 30 * second), noon + 10 * second), 'committed')
      assert.equal(await take(lease('you'), noon + 15 * second), 'overtaken')
      assert.deepEqual(await held(), lease('me', noon + 30 * second))
      assert.equal(await take(lease('you', noon + 45 * second), noon + 30 * second), 'committed')
      assert.equal(await take(lease('me', noon + 46 * second), noon + 31 * second), 'overtaken')
    })

    test('one that a clock far ahead has written is taken as it was seen, once, and not after it was kept', async () => {
      const seen = lease('ahead', noon + 9_000_000 * second)
      await take(seen)
      await take({ ...seen, until: seen.until + 5 * second })
      assert.equal(await take(lease('me'), noon, seen), 'overtaken')
      const kept = (await held()) ?? assert.fail('Nobody has it.')
      const both = await Promise.all([take(lease('me'), noon, kept), take(lease('you'), noon, kept)])
      assert.deepEqual([...both].sort(), ['committed', 'overtaken'])
    })

    test('what is given back can be taken at once; only its holder gives it back', async () => {
      await take(lease('me'))
      assert.equal(await end('you'), 'overtaken')
      assert.equal(await take(lease('you')), 'overtaken')
      assert.equal(await end('me'), 'committed')
      assert.deepEqual(await held(), lease('me', 0))
      assert.equal(await take(lease('you')), 'committed')
      assert.equal(await end('me'), 'overtaken')
    })
  })
}
