import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { columnMap } from './columns.ts'
import { hearJson } from './json-lines.ts'

suite('import: a line of NDJSON', () => {
  const hear = (kind: 'tokens' | 'users', object: object) =>
    hearJson(JSON.stringify(object), columnMap([], kind), kind)

  // PostgreSQL keeps none, and SQLite would keep two such ids as one.
  test('half of a character, as JSON can spell it, keeps the row out', () => {
    for (const [kind, column, value] of [
      ['tokens', 'user', 'a\ud800b'],
      ['tokens', 'token', '\udc00'],
      ['tokens', 'scopes', ['read', 'x\ud83d']],
      ['users', 'id', '\ude00\ud83d'],
      ['users', 'organizations', ['o\udfff']],
    ] as const) {
      const broken = `${column} holds half of a character, which no UTF-8 has`
      assert.deepEqual(hear(kind, { [column]: value }), { broken })
    }
  })

  test('a whole one of two halves comes in', () => {
    assert.deepEqual(hear('users', { id: '\ud83d\ude00' }), { values: { id: '😀' } })
  })
})
