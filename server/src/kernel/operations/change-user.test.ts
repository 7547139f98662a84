import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, aUser } from '../../testing/records.ts'
import { changeUser } from './change-user.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const user = aUser({ region: 'us', email: 'user@acme.example' })

suite('change user', () => {
  test('nobody is refused', () => {
    const { answer } = changeUser.decide({ userId: 'nobody', change: {}, actor }, undefined, moment)
    assert.deepEqual(answer, { refused: { reason: 'record_unknown' } })
  })

  test('what is so already changes nothing', () => {
    for (const change of [{}, { region: 'us' }]) {
      const { answer, writes } = changeUser.decide({ userId: 'user', change, actor }, user, moment)
      assert.deepEqual([answer, writes], [{ refused: { reason: 'nothing_to_change' } }, []])
    }
  })

  test('a region is given and taken away, and the event names the fields that differ', () => {
    const change = { region: undefined, email: 'user@acme.example', name: 'Another' }
    const { answer, writes } = changeUser.decide({ userId: 'user', change, actor }, user, moment)
    const changed = { ...user, ...change }
    assert.deepEqual(answer, { granted: changed })
    const [guard, told] = writes
    assert.deepEqual(guard, { write: 'change_user', user: changed, seen: user })
    assert.ok(told?.write === 'append_event')
    assert.deepEqual([told.event.kind, told.event.detail], ['user_changed', 'name region'])
  })
})
