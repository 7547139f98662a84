import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reasonOf, refusalOf } from '../../testing/decisions.ts'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import type { Client } from '../records.ts'
import type { ChangeCallbackInput } from './change-callback.ts'
import { changeCallback } from './change-callback.ts'

const moment = aMoment(aRing([aRingVersion(4)]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const address = 'https://app.example/hook'
const input: ChangeCallbackInput = { clientId: 'app', callback: address, callbackShowsSecret: false, actor }
const called = aClient({ callback: address, callbackEvents: ['grant.revoked'] })
const live = { number: 3, keyVersion: 4, created: noon, expires: undefined }

const decided = (
  asked: Partial<ChangeCallbackInput>,
  client: Client | undefined,
  secrets: readonly (typeof live | (Omit<typeof live, 'expires'> & { expires: number }))[] = [],
) => changeCallback.decide({ ...input, ...asked }, { client, secrets }, moment)

const writesOf = (decision: ReturnType<typeof decided>) => decision.writes.map(({ write }) => write)

suite('change callback', () => {
  test('an unknown client, a public one that has no secret to show, and a change of nothing are refused', () => {
    assert.equal(reasonOf(decided({}, undefined)), 'record_unknown')
    const shown = decided({ callbackShowsSecret: true }, aClient({ type: 'public' }))
    assert.deepEqual(refusalOf(shown), { reason: 'nothing_to_change', parameter: 'public' })
    assert.deepEqual(refusalOf(decided({}, called)), { reason: 'nothing_to_change' })
    assert.equal(reasonOf(decided({}, aClient({ type: 'public' }))), undefined)
  })

  test('a first address gets a first secret; a second one keeps it', () => {
    const [, added] = decided({}, aClient()).writes
    assert.deepEqual(added, {
      write: 'add_callback_secret',
      clientId: 'app',
      secret: { number: 1, keyVersion: 4, created: noon, expires: undefined },
      othersExpire: undefined,
    })
    const moved = decided({ callback: 'https://app.example/other' }, called, [live])
    assert.deepEqual(writesOf(moved), ['change_client', 'append_event'])
  })

  test('after all secrets have ended, a new address gets the next number', () => {
    const [, added] = decided({}, aClient(), [{ ...live, expires: noon - 1 }]).writes
    assert.equal(added?.write === 'add_callback_secret' && added.secret.number, 4)
  })

  test('where the callback shows the own secret of the client, none is made', () => {
    assert.deepEqual(writesOf(decided({ callbackShowsSecret: true }, aClient())), [
      'change_client',
      'append_event',
    ])
  })

  test('a new address is on, and an address that was turned off can be turned on again', () => {
    const off = aClient({ callback: address, callbackStatus: 'off' })
    for (const asked of [{ callback: 'https://app.example/other' }, { status: 'on' } as const, {}]) {
      const [change] = decided(asked, off, [live]).writes
      assert.equal(change?.write === 'change_client' && change.client.callbackStatus, 'on')
    }
  })

  test('a removed address takes events, secrets and sealed copies with it', () => {
    const removed = decided({ callback: { none: true } }, called, [live])
    assert.deepEqual(writesOf(removed), [
      'change_client',
      'end_callback_secrets',
      'drop_sealed_secrets',
      'append_event',
    ])
    const [change] = removed.writes
    assert.ok(change?.write === 'change_client')
    assert.deepEqual([change.client.callback, change.client.callbackEvents], [undefined, []])
  })
})
