import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reasonOf } from '../../testing/decisions.ts'
import { aMoment, aRing, aRingVersion, aUser, noon } from '../../testing/records.ts'
import { event } from '../decision.ts'
import { failuresName } from '../sign-in.ts'
import { unlockSignIn } from './unlock-sign-in.ts'

const ring = aRing([aRingVersion()])
const moment = aMoment(ring)
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const until = noon + 900_000

suite('unlock sign-in', () => {
  test('a lock is lifted with what was counted under the name, and who lifted it is told', () => {
    const { writes } = unlockSignIn.decide(
      { userId: 'user', actor },
      aUser({ username: 'alice', lockedUntil: until }),
      moment,
    )
    assert.deepEqual(writes, [
      { write: 'unlock_sign_in', userId: 'user', name: failuresName('alice', ring), at: noon },
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
