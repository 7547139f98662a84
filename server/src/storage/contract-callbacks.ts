/** The part of the contract that is about where and how apps are told what happens to their grants. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CallbackSecret } from '../kernel/callback-secrets.ts'
import { event } from '../kernel/decision.ts'
import type { Store } from '../kernel/store.ts'
import { aClient, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'

const address = 'https://app.example/hook'
const someone = { actor: 'operator', address: undefined, requestId: undefined }

const aSecret = (number: number, changes: Partial<CallbackSecret> = {}): CallbackSecret => ({
  number,
  keyVersion: 1,
  created: noon,
  expires: undefined,
  ...changes,
})

const adding = (number: number, othersExpire?: number) =>
  ({ write: 'add_callback_secret', clientId: 'app', secret: aSecret(number), othersExpire }) as const

const callingBack = (store: Store) =>
  store.commit([
    { write: 'change_client', client: aClient({ callback: address }), seen: aClient() },
    event('client_changed', noon, someone, { clientId: 'app', detail: 'callback' }),
  ])

/** Part of `keepsTheContract`. */
export function keepsCallbackPromises(opened: () => Opened): void {
  suite('callbacks', () => {
    test('an event is found by its id, as it was appended', async () => {
      const { store, other } = opened()
      await callingBack(store)
      const [told] = await store.listEvents(0, 1)
      assert.ok(told)
      assert.equal(told.detail, 'callback')
      assert.deepEqual(await other.findEvent(told.id), told)
      assert.equal(await other.findEvent(told.id + 1), undefined)
    })

    test('a callback secret of one number comes into being once, however many make it', async () => {
      const { store, other } = opened()
      const outcomes = await Promise.all([store, other, store].map((one) => one.commit([adding(1)])))
      assert.deepEqual(outcomes.sort(), ['committed', 'overtaken', 'overtaken'])
      assert.deepEqual(await other.findCallbackSecrets('app'), [aSecret(1)])
      assert.deepEqual(await other.findCallbackSecrets('another'), [])
    })

    test('callback secrets are found newest first, and those before the newest end when they are told to', async () => {
      const { store, other } = opened()
      await store.commit([adding(1)])
      await store.commit([adding(2, noon + 500)])
      // A later end does not lengthen an earlier one.
      await store.commit([adding(3, noon + 900)])
      assert.deepEqual(await other.findCallbackSecrets('app'), [
        aSecret(3),
        aSecret(2, { expires: noon + 900 }),
        aSecret(1, { expires: noon + 500 }),
      ])
    })

    test('all callback secrets of one client end together, and their numbers stay', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'second' }), at: noon }])
      await store.commit([adding(1), { ...adding(1), clientId: 'second' }])
      assert.equal(
        await store.commit([{ write: 'end_callback_secrets', clientId: 'app', at: noon + 1 }]),
        'committed',
      )
      assert.deepEqual(await other.findCallbackSecrets('app'), [aSecret(1, { expires: noon + 1 })])
      assert.deepEqual(await other.findCallbackSecrets('second'), [aSecret(1)])
    })

    test('a callback is turned off once, and only where the address still is the one that is gone', async () => {
      const { store, other } = opened()
      await callingBack(store)
      const off = (callback: string) => ({ write: 'disable_callback', clientId: 'app', callback }) as const
      assert.equal(await other.commit([off('https://app.example/before')]), 'overtaken')
      assert.equal((await store.findClient('app'))?.callbackStatus, 'on')
      const told = event('callback_disabled', noon, someone, { clientId: 'app' })
      const outcomes = await Promise.all([store, other].map((one) => one.commit([off(address), told])))
      assert.deepEqual(outcomes.sort(), ['committed', 'overtaken'])
      assert.equal((await store.findClient('app'))?.callbackStatus, 'off')
      const events = await store.listEvents(0, 10)
      assert.equal(events.filter(({ kind }) => kind === 'callback_disabled').length, 1)
    })

    test('of sealed secrets only the newest is kept, and none after they are dropped', async () => {
      const { store, other } = opened()
      const add = (byte: number, sealed: Uint8Array | undefined) =>
        store.commit([
          {
            write: 'add_client_secret',
            clientId: 'app',
            secret: { hmac: Buffer.alloc(32, byte), keyVersion: 1, expires: undefined },
            sealed,
            created: noon + byte,
            othersExpire: noon + 1000,
          },
        ])
      const found = async () =>
        (await other.findSealedSecrets('app')).map(({ hmac, sealed }) => [hmac[0], sealed[0]])
      await add(1, undefined)
      assert.deepEqual(await found(), [])
      await add(2, Buffer.alloc(32, 20))
      await add(3, Buffer.alloc(32, 30))
      assert.deepEqual(await found(), [[3, 30]])
      assert.equal((await other.findClient('app'))?.secrets.length, 3)
      assert.equal(await store.commit([{ write: 'drop_sealed_secrets', clientId: 'app' }]), 'committed')
      assert.deepEqual(await found(), [])
      assert.equal((await other.findClient('app'))?.secrets.length, 3)
    })
  })
}
