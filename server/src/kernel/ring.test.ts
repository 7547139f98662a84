import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { aRing, aRingVersion } from '../testing/records.ts'
import { currentVersion, equal, fields, findVersion, hmac, sha256 } from './ring.ts'

suite('key ring', () => {
  const [old, current, next] = [aRingVersion(1, 0), aRingVersion(2, 100), aRingVersion(3, 200)]
  const ring = aRing([next, current, old])

  test('a version is accepted before it is used, and used from its time on', () => {
    assert.equal(findVersion(ring, 3), next)
    assert.deepEqual(
      [99, 100, 199, 200].map((now) => currentVersion(ring, now).version),
      [1, 2, 2, 3],
    )
  })

  test('a clock that is behind finds the oldest version rather than none', () => {
    assert.equal(currentVersion(aRing([next, current]), 50), current)
  })

  test('an empty ring is a bug, not an answer', () => {
    assert.throws(() => currentVersion(aRing([]), 0), /empty/)
  })

  test('a version that is not there is not found', () => {
    assert.equal(findVersion(ring, 4), undefined)
  })
})

suite('fields', () => {
  test('no two lists of fields read the same', () => {
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['', 'abc'], ['abc', ''], ['a', 'b', 'c'], [], ['']]
    const texts = lists.map((list) => fields(...list).toString('hex'))
    assert.equal(new Set(texts).size, lists.length)
  })

  test('a number and a text of any script have their own bytes', () => {
    assert.deepEqual(fields(12), Buffer.from('0000000231' + '32', 'hex'))
    assert.deepEqual(fields('ü'), Buffer.from('00000002c3bc', 'hex'))
  })

  test('equal says yes to equal bytes alone, of any length', () => {
    assert.equal(equal(Buffer.from('ab'), Buffer.from('ab')), true)
    assert.equal(equal(Buffer.from('ab'), Buffer.from('ac')), false)
    assert.equal(equal(Buffer.from('ab'), Buffer.from('abc')), false)
    assert.equal(equal(Buffer.alloc(0), Buffer.alloc(0)), true)
  })
})

suite('hashing', () => {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7) % 256))
  const data = [0, 1, 63, 64, 65, 1023, 1024, 1025, 9000].map(bytes)

  test('an HMAC is that of RFC 2104, for keys and data of any length, asked for again and again', () => {
    for (const key of [0, 1, 32, 63, 64, 65, 200].map(bytes)) {
      for (const each of [...data, ...data]) {
        assert.deepEqual(hmac(key, each), createHmac('sha256', key).update(each).digest())
      }
    }
    assert.deepEqual(hmac(bytes(32), 'ü'), createHmac('sha256', bytes(32)).update('ü').digest())
  })

  test('one answer is not changed by the next', () => {
    const [one, again] = [hmac(bytes(32), 'one'), hmac(bytes(32), 'one')]
    hmac(bytes(32), 'another')
    assert.deepEqual(one, again)
  })

  test('a hash is SHA-256', () => {
    for (const each of [...data, 'ü'])
      assert.deepEqual(sha256(each), createHash('sha256').update(each).digest())
  })
})
