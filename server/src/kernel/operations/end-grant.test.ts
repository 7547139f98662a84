import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aConnection, aGrant, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import { endGrant } from './end-grant.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { grant: 2, reason: 'client_recovered', actor }
const facts = (status: 'live' | 'revoked') => ({
  grant: aGrant({ status }),
  connection: aConnection(),
  user: undefined,
  organization: undefined,
})

suite('end grant', () => {
  test('an unknown grant and one that has ended are refused', () => {
    assert.deepEqual(endGrant.decide(input, undefined, moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    assert.deepEqual(endGrant.decide(input, facts('revoked'), moment).answer, {
      refused: { reason: 'nothing_to_change' },
    })
  })

  test('a live grant ends for the reason that is given', () => {
    const { writes } = endGrant.decide(input, facts('live'), moment)
    assert.deepEqual(writes[0], { write: 'end_grant', number: 2, reason: 'client_recovered' })
    assert.equal(writes[1]?.write === 'append_event' && writes[1].event.grantNumber, 2)
  })
})
