import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { rotateClientSecret } from './rotate-client-secret.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { clientId: 'app', overlap: 7000, actor }

suite('rotate client secret', () => {
  test('an unknown client and a public one are refused', () => {
    assert.deepEqual(rotateClientSecret.decide(input, undefined, moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    const ofPublic = rotateClientSecret.decide(input, aClient({ type: 'public' }), moment)
    assert.deepEqual(ofPublic.answer, { refused: { reason: 'nothing_to_change', parameter: 'public' } })
  })

  test('the secrets before it are good for the overlap', () => {
    const { answer, writes } = rotateClientSecret.decide(input, aClient(), moment)
    assert.equal('granted' in answer && answer.granted.othersExpire, noon + 7000)
    const [added] = writes
    assert.equal(added?.write === 'add_client_secret' && added.othersExpire, noon + 7000)
  })

  test('without an overlap the secrets before it have no end', () => {
    const { answer } = rotateClientSecret.decide({ ...input, overlap: undefined }, aClient(), moment)
    assert.equal('granted' in answer && answer.granted.othersExpire, undefined)
  })
})
