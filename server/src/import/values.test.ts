import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { hearDigest, hearMoment, isArgon2id, isWeak } from './values.ts'

suite('imported values', () => {
  test('a date is ISO 8601, with or without a zone (then UTC), or epoch milliseconds', () => {
    const moment = Date.UTC(2024, 1, 29, 10, 30, 15)
    for (const text of [
      '2024-02-29T10:30:15Z',
      '2024-02-29 10:30:15',
      '2024-02-29T12:30:15+02:00',
      '2024-02-29 12:30:15+02',
      '2024-02-29T08:00:15-0230',
      '2024-02-29T10:30:15,000Z',
      String(moment),
    ]) {
      assert.equal(hearMoment(text), moment, text)
    }
    assert.equal(hearMoment('2024-02-29T10:30:15.123456Z'), moment + 123)
    assert.equal(hearMoment('2024-02-29'), Date.UTC(2024, 1, 29))
  })

  test('what is no date is not guessed at: no such day, seconds for milliseconds, another order', () => {
    for (const text of [
      '2023-02-29',
      '2024-02-30T00:00:00Z',
      '2024-13-01',
      '1700000000',
      '01.02.2024',
      '-1',
      'now',
    ]) {
      assert.equal(hearMoment(text), undefined, text)
    }
    assert.equal(hearMoment('2024-01-01T25:00:00Z'), undefined)
    assert.equal(hearMoment('99999999999999999'), undefined)
  })

  test('a digest is hex or base64 of just its bytes', () => {
    const digest = createHash('sha256').update('x').digest()
    for (const text of ['hex', 'base64', 'base64url'] as const) {
      assert.deepEqual(hearDigest(digest.toString(text), 32), digest)
    }
    assert.deepEqual(hearDigest(digest.toString('hex').toUpperCase(), 32), digest)
    assert.equal(hearDigest(digest.toString('hex').slice(2), 32), undefined)
    assert.equal(hearDigest(digest.toString('hex'), 20), undefined)
    assert.equal(hearDigest('not a digest', 32), undefined)
  })

  test('a token is weak where its length and alphabet leave under 80 bits', () => {
    for (const token of [
      '1234567890',
      '0123456789abcdef',
      'abcdefghij01234',
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ]) {
      assert.ok(isWeak(token), token)
    }
    for (const token of ['0123456789abcdef0123', 'aB3dE5gH7jK9mN', '5f1e0c3a-7b92-4d1c-8a6f-0e2d4c6b8a90']) {
      assert.ok(!isWeak(token), token)
    }
  })

  test('of password hashes only argon2id is accepted, at a cost that a sign-in can pay', () => {
    const tail = '$c29tZXNhbHRzb21lc2FsdA$UkVBTExZTk9USElOR0JVVEFURVNUVkFMVUUxMjM0NTY'
    assert.ok(isArgon2id(`$argon2id$v=19$m=19456,t=2,p=1${tail}`))
    for (const hash of [
      `$argon2i$v=19$m=19456,t=2,p=1${tail}`,
      `$argon2id$v=19$m=999999,t=2,p=1${tail}`,
      '$2b$12$abcdefghijklmnopqrstuv',
      'secret',
    ]) {
      assert.ok(!isArgon2id(hash), hash)
    }
  })
})
