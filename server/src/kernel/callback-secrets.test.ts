import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, noon } from '../testing/records.ts'
import type { SealedSecret } from './callback-secrets.ts'
import {
  liveWebhookSecrets,
  nextSecretNumber,
  openSecret,
  sealSecret,
  webhookSecret,
} from './callback-secrets.ts'
import { makeSecret } from './operations/register-client.ts'

const [one, two] = [aRingVersion(1), aRingVersion(2)]
const ring = aRing([two, one])

suite('webhook secrets', () => {
  const secrets = [
    { number: 2, keyVersion: 2, created: noon, expires: undefined },
    { number: 1, keyVersion: 1, created: noon, expires: noon + 1000 },
  ]

  test('one is 32 bytes behind whsec_, the same each time, and another for each client, number and version', () => {
    const secret = webhookSecret(one, 'app', 1)
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.equal(webhookSecret(one, 'app', 1), secret)
    const others = [
      webhookSecret(one, 'app', 2),
      webhookSecret(one, 'other', 1),
      webhookSecret(two, 'app', 1),
    ]
    assert.equal(new Set([secret, ...others]).size, 4)
  })

  test('those that are good are said newest first, until their end', () => {
    const [newest, oldest] = [webhookSecret(two, 'app', 2), webhookSecret(one, 'app', 1)]
    assert.deepEqual(liveWebhookSecrets(ring, 'app', secrets, noon + 999), [newest, oldest])
    assert.deepEqual(liveWebhookSecrets(ring, 'app', secrets, noon + 1000), [newest])
    assert.deepEqual(liveWebhookSecrets(aRing([one]), 'app', secrets, noon), [oldest])
  })

  test('a number is never used again, also after all have ended', () => {
    assert.equal(nextSecretNumber([]), 1)
    assert.equal(nextSecretNumber(secrets.map((secret) => ({ ...secret, expires: noon }))), 3)
  })
})

suite('sealed client secrets', () => {
  const { secret, kept, sealed } = makeSecret(
    aMoment(ring),
    { id: 'app', callback: 'https://a.example' },
    true,
  )
  const row: SealedSecret = { ...kept, sealed: sealed ?? assert.fail('nothing was sealed') }

  test('what was sealed is opened with the ring, and says nothing by itself', () => {
    assert.equal(openSecret(ring, 'app', row), secret)
    assert.ok(!Buffer.from(row.sealed).equals(Buffer.from(secret, 'base64url')))
    assert.equal(row.sealed.length, 32)
  })

  test('the same secret of another client is sealed otherwise', () => {
    assert.notDeepEqual(sealSecret(two, 'other', kept.hmac, secret), row.sealed)
  })

  test('another ring, client, hash or copy opens nothing', () => {
    assert.equal(openSecret(aRing([aRingVersion(2)]), 'app', row), undefined)
    assert.equal(openSecret(aRing([one]), 'app', row), undefined)
    assert.equal(openSecret(ring, 'other', row), undefined)
    assert.equal(openSecret(ring, 'app', { ...row, hmac: Buffer.alloc(32) }), undefined)
    assert.equal(openSecret(ring, 'app', { ...row, sealed: Buffer.alloc(32, 1) }), undefined)
    assert.equal(openSecret(ring, 'app', { ...row, sealed: row.sealed.subarray(1) }), undefined)
  })

  test('it is made only where a callback is there that shows it', () => {
    const moment = aMoment(ring)
    assert.equal(makeSecret(moment, { id: 'app', callback: undefined }, true).sealed, undefined)
    assert.equal(makeSecret(moment, { id: 'app', callback: 'https://a.example' }, false).sealed, undefined)
  })
})
