import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reasonOf } from '../../testing/decisions.ts'
import { aClient, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import { disableCallback } from './disable-callback.ts'

const moment = aMoment(aRing([aRingVersion()]))
const callback = 'https://app.example/hook'
const input = { clientId: 'app', callback, reason: 'answered 410' }

suite('disable callback', () => {
  test('an unknown client, another address and one that is off already are refused', () => {
    const reason = (client: Parameters<typeof disableCallback.decide>[1]) =>
      reasonOf(disableCallback.decide(input, client, moment))
    assert.equal(reason(undefined), 'record_unknown')
    assert.equal(reason(aClient({ callback: `${callback}/new` })), 'nothing_to_change')
    assert.equal(reason(aClient({ callback, callbackStatus: 'off' })), 'nothing_to_change')
  })

  test('it is turned off and the operator is told, in one commit', () => {
    const { writes } = disableCallback.decide(input, aClient({ callback }), moment)
    const [off, told] = writes
    assert.deepEqual(off, { write: 'disable_callback', clientId: 'app', callback })
    assert.equal(told?.write === 'append_event' && told.event.kind, 'callback_disabled')
  })
})
