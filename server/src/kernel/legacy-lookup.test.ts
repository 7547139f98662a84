import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { aRing, aRingVersion } from '../testing/records.ts'
import { digestBytes, digestNames, digestOf, lookupOf, lookupsOf } from './legacy-lookup.ts'

const token = 'id-1|s3cr3t ü|rest'
const key = Buffer.from('the operator’s own key')

suite('legacy look-ups', () => {
  test('a digest is what the operator already stores: of the exact bytes', () => {
    assert.deepEqual(digestOf('raw', token, undefined), Buffer.from(token))
    for (const name of ['sha256', 'sha1', 'md5'] as const) {
      assert.deepEqual(digestOf(name, token, undefined), createHash(name).update(token).digest())
      assert.equal(digestOf(name, token, undefined)?.length, digestBytes[name])
    }
    assert.deepEqual(digestOf('hmac-sha256', token, key), createHmac('sha256', key).update(token).digest())
  })

  test('where only the part behind a separator was hashed, that part is looked up', () => {
    const part = 's3cr3t ü|rest'
    assert.deepEqual(digestOf('sha256/after:|', token, undefined), createHash('sha256').update(part).digest())
    assert.equal(digestOf('sha256/after:#', token, undefined), undefined)
  })

  test('without the operator’s key nothing can be found under it', () => {
    assert.equal(digestOf('hmac-sha256', token, undefined), undefined)
  })

  test('a look-up asks every kind and every version that stands in the store, and only those', () => {
    const [one, two] = [aRingVersion(1), aRingVersion(2)]
    const lookupKinds = [
      { version: 1, kind: 'raw' },
      { version: 2, kind: 'raw' },
      { version: 1, kind: 'sha1' },
      { version: 1, kind: 'sha256/after:#' },
      { version: 7, kind: 'raw' },
    ]
    const lookups = lookupsOf(aRing([two, one], { lookupKinds }), token)
    assert.deepEqual(lookups, [
      lookupOf(one, 'raw', Buffer.from(token)),
      lookupOf(two, 'raw', Buffer.from(token)),
      lookupOf(one, 'sha1', createHash('sha1').update(token).digest()),
    ])
  })

  test('the same digest under another kind or version is another look-up', () => {
    const [one, two] = [aRingVersion(1), aRingVersion(2)]
    const digest = Buffer.alloc(16)
    const all = [...digestNames.map((name) => lookupOf(one, name, digest)), lookupOf(two, 'raw', digest)]
    assert.equal(new Set(all.map((lookup) => lookup.toString('hex'))).size, all.length)
  })
})
