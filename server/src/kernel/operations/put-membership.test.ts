import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, refusalOf } from '../../testing/decisions.ts'
import { aMoment, anOrganization, aRing, aRingVersion, aUser } from '../../testing/records.ts'
import { putMembership, removeMembership } from './put-membership.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const asked = { organizationId: 'company', userId: 'user@example', actor }
const facts = { organization: anOrganization(), user: aUser(), role: undefined }

suite('put membership', () => {
  test('a user becomes a member, an admin, a member again; each time with an event', () => {
    for (const role of ['member', 'admin'] as const) {
      const decision = putMembership.decide({ ...asked, role }, facts, moment)
      // By their id, whichever name they were asked for by.
      assert.deepEqual(grantedBy(decision), { organization: 'company', user: 'user', role })
      const [put, told] = decision.writes
      assert.deepEqual(put, {
        write: 'put_membership',
        userId: 'user',
        organizationId: 'company',
        role,
      })
      assert.equal(told?.write === 'append_event' && told.event.kind, 'user_changed')
      const again = putMembership.decide({ ...asked, role }, { ...facts, role }, moment)
      assert.equal(reasonOf(again), 'nothing_to_change')
    }
  })

  test('a membership is taken away once', () => {
    const decision = removeMembership.decide(asked, { ...facts, role: 'admin' }, moment)
    assert.equal(grantedBy(decision).role, 'none')
    assert.equal(decision.writes[0]?.write, 'remove_membership')
    assert.equal(reasonOf(removeMembership.decide(asked, facts, moment)), 'nothing_to_change')
  })

  test('it says whether it is the organization or the user that nobody knows', () => {
    const input = { ...asked, role: 'admin' } as const
    for (const missing of ['organization', 'user'] as const) {
      const without = { ...facts, [missing]: undefined }
      const refusal = { reason: 'record_unknown', parameter: missing }
      assert.deepEqual(refusalOf(putMembership.decide(input, without, moment)), refusal)
      assert.deepEqual(refusalOf(removeMembership.decide(asked, without, moment)), refusal)
    }
  })
})
