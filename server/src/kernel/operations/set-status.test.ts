import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, aUser } from '../../testing/records.ts'
import type { User } from '../records.ts'
import type { SetStatusInput } from './set-status.ts'
import { setStatus } from './set-status.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { record: 'users', id: 'user@example', status: 'disabled', actor } as const

suite('set status', () => {
  test('an unknown record is refused, and one that is so already', () => {
    assert.deepEqual(setStatus.decide(input, undefined, moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    assert.deepEqual(setStatus.decide(input, aUser({ status: 'disabled' }), moment).answer, {
      refused: { reason: 'nothing_to_change' },
    })
  })

  test('the record that was found is changed, under its id', () => {
    const { writes } = setStatus.decide(input, aUser(), moment)
    assert.deepEqual(writes[0], { write: 'set_status', record: 'users', id: 'user', status: 'disabled' })
    assert.equal(writes[2]?.write === 'append_event' && writes[2].event.userId, 'user')
  })

  test('who is disabled is signed out everywhere; who is enabled, and an organization, ends nobody’s session', () => {
    const others = (changes: Partial<SetStatusInput>, status: User['status'] = 'enabled') =>
      setStatus.decide({ ...input, ...changes }, aUser({ status }), moment).writes.slice(1, -1)
    assert.deepEqual(others({}), [{ write: 'end_sessions', userId: 'user' }])
    assert.deepEqual(others({ status: 'enabled' }, 'disabled'), [])
    assert.deepEqual(others({ record: 'organizations' }), [])
  })
})
