import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { webhookSecret } from '../callback-secrets.ts'
import { rotateCallbackSecret } from './rotate-callback-secret.ts'

const version = aRingVersion(4)
const moment = aMoment(aRing([version]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { clientId: 'app', overlap: 5000, actor }

suite('rotate callback secret', () => {
  test('an unknown client and one that is not told anything are refused', () => {
    assert.equal(
      reasonOf(rotateCallbackSecret.decide(input, { client: undefined, secrets: [] }, moment)),
      'record_unknown',
    )
    assert.equal(
      reasonOf(rotateCallbackSecret.decide(input, { client: aClient(), secrets: [] }, moment)),
      'record_unknown',
    )
  })

  test('the next number is said, and those before it go on for the overlap', () => {
    const client = aClient({ callback: 'https://app.example/hook' })
    const secrets = [{ number: 6, keyVersion: 4, created: noon, expires: undefined }]
    const decision = rotateCallbackSecret.decide(input, { client, secrets }, moment)
    assert.deepEqual(grantedBy(decision), {
      clientId: 'app',
      secret: webhookSecret(version, 'app', 7),
      othersExpire: noon + 5000,
    })
    const [added] = decision.writes
    assert.equal(added?.write === 'add_callback_secret' && added.othersExpire, noon + 5000)
  })
})
