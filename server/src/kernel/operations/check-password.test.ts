import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, aUser, noon } from '../../testing/records.ts'
import { sha256 } from '../ring.ts'
import { checkPassword } from './check-password.ts'

const moment = aMoment(aRing([aRingVersion()]))
const user = aUser({ passwordHash: 'the hash' })
const from = { address: '192.0.2.1', userAgent: 'A browser', language: undefined }
const decided = (verifiedHash: string | undefined, found = user, sessionSecret?: string) =>
  checkPassword.decide({ username: 'user@example', verifiedHash, sessionSecret, ...from }, found, moment)

suite('check password', () => {
  test('a password counts only against the hash that is still the user’s own', () => {
    for (const { answer, writes } of [
      checkPassword.decide(
        { username: 'x', verifiedHash: 'the hash', sessionSecret: undefined, ...from },
        undefined,
        moment,
      ),
      decided(undefined),
      decided('the hash before'),
      decided(undefined, aUser()),
      decided(undefined, aUser({ status: 'disabled', passwordHash: 'the hash' })),
    ]) {
      assert.deepEqual(answer, { refused: { reason: 'password_wrong' } })
      assert.equal(writes.length, 0)
    }
  })

  test('a disabled user is told so only with the right password', () => {
    const { answer } = decided('the hash', aUser({ status: 'disabled', passwordHash: 'the hash' }))
    assert.deepEqual(answer, { refused: { reason: 'user_disabled' } })
  })

  test('a session begins with a secret of its own, kept as a hash, and the one before it ends', () => {
    const { answer, writes } = decided('the hash', user, 'before')
    assert.ok('granted' in answer)
    const { sessionSecret } = answer.granted
    assert.equal(Buffer.from(sessionSecret, 'base64url').length, 32)
    const session = {
      hash: sha256(sessionSecret),
      userId: 'user',
      created: noon,
      expires: noon + 12 * 3_600_000,
      method: 'password',
      address: '192.0.2.1',
      userAgent: 'A browser',
    }
    assert.deepEqual(writes, [
      { write: 'add_session', session },
      { write: 'end_session', hash: sha256('before') },
    ])
  })

  test('while the account is locked the right password is refused like a wrong one, with the time that is left', () => {
    const locked = (lockedUntil: number) => aUser({ passwordHash: 'the hash', lockedUntil })
    for (const hash of ['the hash', undefined]) {
      const { answer, writes } = decided(hash, locked(noon + 60_001))
      assert.deepEqual(answer, { refused: { reason: 'sign_in_locked', retryAfterSeconds: 61 } })
      assert.equal(writes.length, 0)
    }
    assert.ok('granted' in decided('the hash', locked(noon)).answer)
  })

  test('the language of the page is remembered for a user of whom none is known, and for no other', () => {
    const written = (language: string | undefined, found = user) =>
      checkPassword
        .decide(
          { username: 'x', verifiedHash: 'the hash', sessionSecret: undefined, ...from, language },
          found,
          moment,
        )
        .writes.slice(1)
    assert.deepEqual(written('de'), [{ write: 'note_language', userId: 'user', language: 'de' }])
    assert.deepEqual(written('de', aUser({ passwordHash: 'the hash', language: 'en' })), [])
    assert.deepEqual(written(undefined), [])
  })
})
