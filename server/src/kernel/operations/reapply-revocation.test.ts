import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { replaceSecret, revokeAccessToken } from './reapply-revocation.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: 'event 7' }

suite('reapply revocation', () => {
  test('an access token is revoked once, and not when it has expired', () => {
    const input = { jti: 'ab12', expires: noon + 1, clientId: 'client-1', actor }
    const { writes } = revokeAccessToken.decide(input, false, moment)
    assert.deepEqual(writes[0], { write: 'revoke_access_token', jti: 'ab12', expires: noon + 1 })
    const nothing = { answer: { refused: { reason: 'nothing_to_change' } }, writes: [] }
    assert.deepEqual(revokeAccessToken.decide(input, true, moment), nothing)
    assert.deepEqual(revokeAccessToken.decide({ ...input, expires: noon }, false, moment), nothing)
  })

  test('a secret comes in once, and those before it end when they were to end', () => {
    const hmac = Buffer.alloc(32, 5)
    const input = { clientId: 'client-1', hmac, keyVersion: 1, othersUntil: noon, actor }
    const [write] = replaceSecret.decide(input, aClient({ secrets: [] }), moment).writes
    assert.equal(write?.write === 'add_client_secret' && write.othersExpire, noon)
    const has = aClient({ secrets: [{ hmac, keyVersion: 1, expires: undefined }] })
    assert.deepEqual(replaceSecret.decide(input, has, moment).writes, [])
    assert.deepEqual(replaceSecret.decide(input, undefined, moment).answer, {
      refused: { reason: 'record_unknown' },
    })
  })
})
