import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { random } from './random.ts'

suite('random', () => {
  test('gives as many bytes as were asked for, also more than a page', () => {
    for (const bytes of [0, 1, 31, 4096, 4097, 100_000]) assert.equal(random(bytes).length, bytes)
  })

  test('never gives the same bytes twice, over many pages', () => {
    const seen = new Set(Array.from({ length: 10_000 }, () => random(16).toString('hex')))
    assert.equal(seen.size, 10_000)
  })

  test('does not hand out bytes that change later, or that were wiped', () => {
    const taken = Array.from({ length: 1000 }, () => random(32))
    const before = taken.map((bytes) => bytes.toString('hex'))
    random(4096)
    assert.deepEqual(
      taken.map((bytes) => bytes.toString('hex')),
      before,
    )
    assert.ok(before.every((text) => !/^0{32}/.test(text)))
  })
})
