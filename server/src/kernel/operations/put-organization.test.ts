import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, anOrganization, aRing, aRingVersion } from '../../testing/records.ts'
import { addOrganization } from './put-organization.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const { status: _status, ...organization } = anOrganization()

suite('add organization', () => {
  test('an id that is taken is refused', () => {
    const { answer } = addOrganization.decide({ organization, actor }, anOrganization(), moment)
    assert.deepEqual(answer, { refused: { reason: 'record_exists', parameter: 'company' } })
  })

  test('it is added enabled, with its event', () => {
    const { writes } = addOrganization.decide({ organization, actor }, undefined, moment)
    assert.deepEqual(writes[0], { write: 'put_organization', organization: anOrganization() })
    assert.equal(writes[1]?.write === 'append_event' && writes[1].event.organizationId, 'company')
  })
})
