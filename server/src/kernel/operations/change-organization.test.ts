import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, anOrganization, aRing, aRingVersion } from '../../testing/records.ts'
import { changeOrganization } from './change-organization.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const organization = anOrganization({ region: 'us', allowedAddresses: ['192.0.2.0/24'] })
const input = { organizationId: 'company', actor }

suite('change organization', () => {
  test('one that is not there is refused', () => {
    const { answer } = changeOrganization.decide({ ...input, change: {} }, undefined, moment)
    assert.deepEqual(answer, { refused: { reason: 'record_unknown' } })
  })

  test('what is so already changes nothing', () => {
    for (const change of [{}, { region: 'us', allowedAddresses: ['192.0.2.0/24'] }]) {
      const { answer, writes } = changeOrganization.decide({ ...input, change }, organization, moment)
      assert.deepEqual([answer, writes], [{ refused: { reason: 'nothing_to_change' } }, []])
    }
  })

  test('its addresses are others, and any again where there are none', () => {
    const change = { allowedAddresses: [], region: undefined }
    const { answer, writes } = changeOrganization.decide({ ...input, change }, organization, moment)
    const changed = { ...organization, ...change }
    assert.deepEqual(answer, { granted: changed })
    const [guard, told] = writes
    assert.deepEqual(guard, { write: 'change_organization', organization: changed, seen: organization })
    assert.ok(told?.write === 'append_event')
    assert.deepEqual(
      [told.event.kind, told.event.detail],
      ['organization_changed', 'region allowedAddresses'],
    )
  })
})
