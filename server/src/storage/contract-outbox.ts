/** The outbox's promises: planned once, claimed by one, settled by whoever claimed it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { event } from '../kernel/decision.ts'
import type { Delivery } from '../kernel/records.ts'
import { aDelivery, aLegacyToken, aUser, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'

const someone = { actor: 'client:app', address: undefined, requestId: undefined }
const second = 1000

export function keepsOutboxPromises(opened: () => Opened): void {
  const plan = (delivery: Delivery) => opened().store.commit([{ write: 'plan_delivery', delivery }])
  const due = (now = noon, clientId = 'app', limit = 9) =>
    opened().store.listDue('callback', clientId, now, limit)
  const claim = (seen: Delivery, by: string, until = noon + 15 * second, attempts = seen.attempts + 1) =>
    opened().other.commit([{ write: 'claim_delivery', seen, by, until, attempts }])
  const settle = (id: string, by: string, status: Delivery['status'], at = noon) =>
    opened().store.commit([{ write: 'settle_delivery', id, by, status, due: at, problem: 'why' }])

  suite('the outbox', () => {
    test('events are read by one reader at a time, each from where the last one stopped', async () => {
      const { store, other } = opened()
      const start = await store.findEventsRead()
      await store.commit([event('client_added', noon, someone, { clientId: 'app' })])
      const [first] = await store.listEvents(start, 10)
      const to = first?.id ?? 0
      assert.equal(await store.commit([{ write: 'read_events', from: start, to: start }]), 'committed')
      const both = await Promise.all(
        [store, other].map((one) => one.commit([{ write: 'read_events', from: start, to }])),
      )
      assert.deepEqual([...both].sort(), ['committed', 'overtaken'])
      assert.equal(await other.findEventsRead(), to)
      assert.equal(await store.commit([{ write: 'read_events', from: 0, to: 9 }]), 'overtaken')
    })

    test('what is planned twice is there once, as it was the first time', async () => {
      const delivery = aDelivery({ organizationId: 'company', connection: 3, epoch: 2 })
      assert.equal(await plan(delivery), 'committed')
      assert.equal(await plan({ ...delivery, userId: 'other' }), 'overtaken')
      assert.deepEqual(await due(), [delivery])
      assert.equal(await claim(delivery, 'me'), 'committed')
      assert.equal(await settle('one', 'me', 'sent'), 'committed')
      assert.equal(await plan(delivery), 'overtaken')
      assert.deepEqual(await due(noon + 99_999_999), [])
    })

    test('of two that claim it one gets it, and keeps it as long as it says so', async () => {
      const delivery = aDelivery()
      await plan(delivery)
      const both = await Promise.all([claim(delivery, 'me'), claim(delivery, 'you')])
      assert.deepEqual([...both].sort(), ['committed', 'overtaken'])
      const winner = both[0] === 'committed' ? 'me' : 'you'
      const claimed = { ...delivery, claimedBy: winner, due: noon + 15 * second, attempts: 1 }
      assert.deepEqual(await due(), [])
      assert.deepEqual(await due(claimed.due), [claimed])
      assert.equal(await claim(claimed, winner, noon + 30 * second, 1), 'committed')
      assert.deepEqual(await due(claimed.due), [])
      assert.equal(await claim(claimed, 'late'), 'overtaken')
      // When the winner is silent for too long, another one takes it over, and the winner's word is void.
      const [kept] = await due(noon + 30 * second)
      assert.ok(kept)
      assert.equal(await claim(kept, 'heir', noon + 60 * second), 'committed')
      assert.equal(await settle('one', winner, 'sent'), 'overtaken')
      assert.equal(await settle('one', 'heir', 'waiting', noon + 90 * second), 'committed')
      const [again] = await due(noon + 90 * second)
      assert.equal(again?.claimedBy, undefined)
      assert.equal(again?.problem, 'why')
      assert.equal(again?.attempts, 2)
    })

    test('what is due comes client by client, the oldest of each first', async () => {
      const { store } = opened()
      for (let at = 4; at >= 0; at -= 1) await plan(aDelivery({ id: `a${at}`, due: noon + at }))
      await plan(aDelivery({ id: 'b', clientId: 'other', due: noon + 9 }))
      await plan(aDelivery({ id: 'none', clientId: undefined, due: noon + 5 }))
      await plan(aDelivery({ id: 'mail', channel: 'mail', kind: 'sign_in_locked', clientId: 'mailed' }))
      await plan(aDelivery({ id: 'later', clientId: 'late', due: noon + 100 }))
      assert.deepEqual(await store.listDueClients('callback', noon + 10), ['', 'app', 'other'])
      assert.deepEqual(await store.listDueClients('callback', noon + 8), ['', 'app'])
      assert.deepEqual(await store.listDueClients('mail', noon), ['mailed'])
      const ids = async (clientId: string, limit: number) =>
        (await due(noon + 10, clientId, limit)).map(({ id }) => id)
      assert.deepEqual(await ids('app', 3), ['a0', 'a1', 'a2'])
      assert.deepEqual(await ids('', 3), ['none'])
      assert.deepEqual(await ids('late', 3), [])
    })

    test('what was given up is listed, and waits again when it is to be retried', async () => {
      const { store } = opened()
      const delivery = aDelivery()
      await plan(delivery)
      await claim(delivery, 'me')
      await settle('one', 'me', 'given_up')
      const [given] = await store.listDeliveries('given_up', { after: undefined, limit: 9 })
      assert.equal(given?.problem, 'why')
      assert.deepEqual(await store.countDeliveries(), [
        { channel: 'callback', status: 'given_up', count: 1, oldest: noon },
      ])
      const retry = () => store.commit([{ write: 'retry_delivery', id: 'one', due: noon + second }])
      assert.deepEqual(await Promise.all([retry(), retry()]), ['committed', 'overtaken'])
      assert.equal((await due(noon + second))[0]?.attempts, 0)
      // What waits for later goes now, unless somebody is sending it.
      await plan(aDelivery({ id: 'two', due: noon + 99 * second, attempts: 3 }))
      const sooner = () => store.commit([{ write: 'retry_delivery', id: 'two', due: noon + 2 * second }])
      assert.equal(await sooner(), 'committed')
      assert.equal(await sooner(), 'overtaken')
      const [, two] = await due(noon + 2 * second)
      assert.equal(two?.attempts, 3)
      assert.ok(two)
      await claim(two, 'me')
      assert.equal(await sooner(), 'overtaken')
    })

    test('settled deliveries are swept after their time, those that wait never', async () => {
      const { store } = opened()
      const late = noon + 91 * 86_400 * second
      for (const id of ['one', 'two']) await plan(aDelivery({ id }))
      const [first] = await due()
      assert.ok(first)
      await claim(first, 'me')
      await settle(first.id, 'me', 'dropped')
      while (!(await store.sweep(late, 1)).done);
      assert.deepEqual(await store.listDeliveries('dropped', { after: undefined, limit: 9 }), [])
      assert.equal((await due(late)).length, 1)
    })

    test('an organization is announced once, and its holders are those with a token to move', async () => {
      const { store } = opened()
      const announce = () =>
        store.commit([{ write: 'announce_client', clientId: 'app', organizationId: 'company', at: noon }])
      assert.equal(await store.isAnnounced('app', 'company'), false)
      assert.deepEqual(await Promise.all([announce(), announce()]), ['committed', 'overtaken'])
      assert.equal(await store.isAnnounced('app', 'company'), true)
      assert.equal(await store.isAnnounced('app', 'other'), false)

      const row = (at: number, changes: Parameters<typeof aLegacyToken>[0]) => {
        const { boundTo, exchange, keyVersion, grantNumber, connectionEpoch, status, ...token } =
          aLegacyToken({
            lookup: Buffer.from(String(at).padStart(32, '0')),
            organizationId: 'company',
            clientId: '',
            ...changes,
          })
        return { ...token, alsoAs: [] }
      }
      const owners = ['d', 'a', 'b', 'a', 'c', 'e', 'f', 'g']
      for (const id of new Set(owners)) {
        const email = id === 'c' ? undefined : `${id}@company.example`
        await store.commit([
          { write: 'put_user', user: aUser({ id, username: id, email }), organizations: [] },
        ])
      }
      await store.importLegacyTokens([
        ...owners.slice(0, 5).map((userId, at) => row(at, { userId, ...(at === 0 && { clientId: 'app' }) })),
        row(5, { userId: 'e', clientId: 'other' }),
        row(6, { userId: 'f', dialect: 'other' }),
        row(7, { userId: 'g', organizationId: '' }),
      ])
      const of = { clientId: 'app', dialect: 'standard', organizationId: 'company' }
      assert.deepEqual(await store.listHolders(of, { after: undefined, limit: 9 }), ['a', 'b', 'd'])
      assert.deepEqual(await store.listHolders(of, { after: undefined, limit: 2 }), ['a', 'b'])
      assert.deepEqual(await store.listHolders(of, { after: 'a', limit: 1 }), ['b'])
      const nowhere = { ...of, organizationId: '' }
      assert.deepEqual(await store.listHolders(nowhere, { after: undefined, limit: 9 }), [])
    })
  })
}
