import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, aUser } from '../../testing/records.ts'
import { addUser, setPassword } from './put-user.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const { status: _status, ...asked } = aUser()
const input = { user: { ...asked, id: undefined }, organizations: ['company'], actor }

suite('add user', () => {
  test('a name that somebody has is refused, then an unknown organization', () => {
    const facts = { taken: aUser(), organizationMissing: 'company' }
    assert.deepEqual(addUser.decide(input, facts, moment).answer, {
      refused: { reason: 'record_exists', parameter: 'user' },
    })
    assert.deepEqual(addUser.decide(input, { ...facts, taken: undefined }, moment).answer, {
      refused: { reason: 'record_unknown', parameter: 'company' },
    })
  })

  test('an id is made where none is given', () => {
    const { answer, writes } = addUser.decide(
      input,
      { taken: undefined, organizationMissing: undefined },
      moment,
    )
    assert.match('granted' in answer ? answer.granted.id : '', /^[0-9A-Za-z]{17}$/)
    assert.deepEqual(writes[0]?.write === 'put_user' && writes[0].organizations, ['company'])
    const adminOf = addUser.decide(
      { ...input, adminOf: ['company'] },
      { taken: undefined, organizationMissing: undefined },
      moment,
    )
    const put = adminOf.writes[1]
    assert.deepEqual(put?.write === 'put_membership' && [put.organizationId, put.role], ['company', 'admin'])
  })
})

suite('set password', () => {
  test('an unknown user is refused', () => {
    const { answer } = setPassword.decide({ userId: 'nobody', passwordHash: 'h', actor }, undefined, moment)
    assert.deepEqual(answer, { refused: { reason: 'record_unknown' } })
  })

  test('sessions of the old password end in the same commit', () => {
    const { writes } = setPassword.decide({ userId: 'user', passwordHash: 'h', actor }, aUser(), moment)
    assert.deepEqual(writes.slice(0, 2), [
      { write: 'put_user', user: aUser({ passwordHash: 'h' }), organizations: [] },
      { write: 'end_sessions', userId: 'user' },
    ])
  })
})
