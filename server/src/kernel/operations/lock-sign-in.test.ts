import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reasonOf } from '../../testing/decisions.ts'
import { aMoment, aRing, aRingVersion, aUser, noon } from '../../testing/records.ts'
import { event } from '../decision.ts'
import { lockSignIn, unlockSignIn } from './lock-sign-in.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'tokenferry', address: '192.0.2.1', requestId: 'r' }
const until = noon + 900_000
const input = { userId: 'user', until, actor }

suite('lock sign-in', () => {
  test('an account is locked in one commit with its event, which says from where', () => {
    const { answer, writes } = lockSignIn.decide(input, aUser(), moment)
    assert.deepEqual(answer, { granted: { isNew: true } })
    assert.deepEqual(writes, [
      { write: 'lock_sign_in', userId: 'user', at: noon, until },
      event('sign_in_locked', noon, actor, { userId: 'user' }),
    ])
  })

  test('one that is locked stays as it is, and nobody hears of it again', () => {
    const { answer, writes } = lockSignIn.decide(input, aUser({ lockedUntil: noon + 1 }), moment)
    assert.deepEqual(answer, { granted: { isNew: false } })
    assert.equal(writes.length, 0)
    assert.equal(lockSignIn.decide(input, aUser({ lockedUntil: noon }), moment).writes.length, 2)
  })

  test('an account that is gone meanwhile is refused', () => {
    assert.equal(reasonOf(lockSignIn.decide(input, undefined, moment)), 'record_unknown')
  })
})

suite('unlock sign-in', () => {
  test('a lock is lifted, and who lifted it is told', () => {
    const { writes } = unlockSignIn.decide(
      { userId: 'user@example', actor },
      aUser({ lockedUntil: until }),
      moment,
    )
    assert.deepEqual(writes, [
      { write: 'unlock_sign_in', userId: 'user', at: noon },
      event('user_changed', noon, actor, { userId: 'user', detail: 'unlocked' }),
    ])
  })

  test('an unknown user is refused, then one whom nothing locks', () => {
    const refused = (user?: ReturnType<typeof aUser>) =>
      reasonOf(unlockSignIn.decide({ userId: 'user', actor }, user, moment))
    assert.equal(refused(), 'record_unknown')
    assert.equal(refused(aUser()), 'nothing_to_change')
    assert.equal(refused(aUser({ lockedUntil: noon })), 'nothing_to_change')
  })
})
