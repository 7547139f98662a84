import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aClient, aMoment, aRing, aRingVersion, aUser, noon } from '../../testing/records.ts'
import type { UserBarFacts } from './bar-user-for-operator.ts'
import { barUserForOperator, unbarUserForOperator } from './bar-user-for-operator.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { userId: 'user', clientId: 'app', actor }
const facts = (changes: Partial<UserBarFacts> = {}): UserBarFacts => ({
  user: aUser(),
  client: aClient(),
  barred: false,
  ...changes,
})

suite('bar a user from an app', () => {
  test('of nobody, or from no app, is refused', () => {
    for (const missing of [{ user: undefined }, { client: undefined }]) {
      for (const { decide } of [barUserForOperator, unbarUserForOperator]) {
        const { answer } = decide(input, facts({ ...missing, barred: true }), moment)
        assert.deepEqual(answer, { refused: { reason: 'record_unknown' } })
      }
    }
  })

  test('twice, or back without a bar, changes nothing', () => {
    const again = barUserForOperator.decide(input, facts({ barred: true }), moment)
    const back = unbarUserForOperator.decide(input, facts(), moment)
    for (const { answer, writes } of [again, back]) {
      assert.deepEqual(answer, { refused: { reason: 'nothing_to_change' } })
      assert.deepEqual(writes, [])
    }
  })

  test('is one write, with its event', () => {
    const { answer, writes } = barUserForOperator.decide(input, facts(), moment)
    assert.deepEqual(answer, { granted: { userId: 'user', clientId: 'app', barred: true } })
    const [bar, told] = writes
    assert.deepEqual(bar, { write: 'bar_user', userId: 'user', clientId: 'app', at: noon, actor })
    assert.ok(told?.write === 'append_event')
    assert.deepEqual(
      [told.event.kind, told.event.userId, told.event.clientId],
      ['user_barred', 'user', 'app'],
    )
  })

  test('and back is one write, with its event', () => {
    const { answer, writes } = unbarUserForOperator.decide(input, facts({ barred: true }), moment)
    assert.deepEqual(answer, { granted: { userId: 'user', clientId: 'app', barred: false } })
    const [back, told] = writes
    assert.deepEqual(back, { write: 'unbar_user', userId: 'user', clientId: 'app' })
    assert.ok(told?.write === 'append_event' && told.event.kind === 'user_unbarred')
  })
})
