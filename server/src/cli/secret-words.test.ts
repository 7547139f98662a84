import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { secretsInWords } from './secret-words.ts'

suite('secrets, in words', () => {
  const [monday, friday] = ['until 2026-11-02T00:00:00Z', 'until 2026-11-06T00:00:00Z']
  const cases: readonly (readonly [ends: readonly string[], says: string | undefined])[] = [
    [[], undefined],
    [['no end'], 'one, in use'],
    [[monday], 'one, until 2026-11-02T00:00:00Z'],
    [['no end', monday], 'two; the older until 2026-11-02T00:00:00Z'],
    [['no end', friday, monday], 'three; the older until 2026-11-06T00:00:00Z, 2026-11-02T00:00:00Z'],
  ]
  for (const [ends, says] of cases) {
    test(`${ends.length} of them (${ends.join(', ') || 'none'}) are said so`, () => {
      assert.equal(secretsInWords(ends), says)
    })
  }
})
