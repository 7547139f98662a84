import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, aUser, noon } from '../../testing/records.ts'
import type { User } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { SignInFailures } from '../sign-in.ts'
import type { PasswordInput } from './check-password.ts'
import { checkPassword } from './check-password.ts'

const moment = aMoment(aRing([aRingVersion()]))
const user = aUser({ passwordHash: 'the hash' })
const noFailures: SignInFailures = { count: 0, window: 0, lockedUntil: undefined }
const input: PasswordInput = {
  username: 'user@example',
  failuresName: 'the name',
  verifiedHash: 'the hash',
  renewedHash: undefined,
  sessionSecret: undefined,
  address: '192.0.2.1',
  userAgent: 'A browser',
  language: undefined,
  requestId: 'r',
}
const decided = (
  changes: Partial<PasswordInput> = {},
  found: User | undefined = user,
  failures: SignInFailures = noFailures,
) => checkPassword.decide({ ...input, ...changes }, { user: found, failures }, moment)

const wrong = { verifiedHash: undefined }

suite('check password', () => {
  test('a password counts only against the hash that is still the user’s own, and each failure is counted', () => {
    const noted = (userId: string | undefined) => ({
      write: 'note_failed_sign_in',
      name: 'the name',
      userId,
      at: noon,
      actor: { actor: 'tokenferry', address: '192.0.2.1', requestId: 'r' },
    })
    const disabled = aUser({ status: 'disabled', passwordHash: 'the hash' })
    for (const [{ answer, writes }, userId] of [
      [checkPassword.decide(input, { user: undefined, failures: noFailures }, moment), undefined],
      [decided(wrong), 'user'],
      [decided({ verifiedHash: 'the hash before' }), 'user'],
      [decided(wrong, disabled), 'user'],
    ] as const) {
      assert.deepEqual(answer, { refused: { reason: 'password_wrong' } })
      assert.deepEqual(writes, [noted(userId)])
    }
  })

  test('a user without a password is counted like a name that nobody has: nothing of theirs is locked', () => {
    const { answer, writes } = decided(wrong, aUser())
    assert.deepEqual(answer, { refused: { reason: 'password_wrong' } })
    assert.deepEqual(
      writes.map((one) => one.write === 'note_failed_sign_in' && one.userId),
      [undefined],
    )
  })

  test('a hash of other costs is replaced in the commit that begins the session', () => {
    const { writes } = decided({ renewedHash: 'the new hash' })
    const renewed = { write: 'note_password_hash', userId: 'user', seen: 'the hash', hash: 'the new hash' }
    assert.deepEqual(writes.slice(1), [renewed])
  })

  test('a disabled user is told so only with the right password', () => {
    const { answer, writes } = decided({}, aUser({ status: 'disabled', passwordHash: 'the hash' }))
    assert.deepEqual(answer, { refused: { reason: 'user_disabled' } })
    assert.equal(writes.length, 0)
  })

  test('a session begins with a secret of its own, kept as a hash, and the one before it ends', () => {
    const { answer, writes } = decided({ sessionSecret: 'before' })
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
    const locked = (lockedUntil: number): SignInFailures => ({ ...noFailures, lockedUntil })
    const held = [decided({}, user, locked(noon + 60_001)), decided(wrong, user, locked(noon + 60_001))]
    const facts = { user: undefined, failures: locked(noon + 60_001) }
    for (const { answer, writes } of [...held, checkPassword.decide(input, facts, moment)]) {
      assert.deepEqual(answer, { refused: { reason: 'sign_in_locked', retryAfterSeconds: 61 } })
      assert.equal(writes.length, 0)
    }
    assert.ok('granted' in decided({}, user, locked(noon)).answer)
  })

  test('the language of the page is remembered for a user of whom none is known, and for no other', () => {
    const written = (language: string | undefined, found = user) =>
      decided({ language }, found).writes.slice(1)
    assert.deepEqual(written('de'), [{ write: 'note_language', userId: 'user', language: 'de' }])
    assert.deepEqual(written('de', aUser({ passwordHash: 'the hash', language: 'en' })), [])
    assert.deepEqual(written(undefined), [])
  })
})
