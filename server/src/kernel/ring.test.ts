import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aRing, aRingVersion } from '../testing/records.ts'
import { currentVersion, equal, fields, findVersion } from './ring.ts'

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
