import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Mapping } from './claims.ts'
import { neededClaims, providedUser } from './claims.ts'
import type { UserClaims } from './provider.ts'

const mapping = (changes: Partial<Mapping> = {}): Mapping => ({
  claim: 'sub',
  user: 'id',
  unknownUsers: 'refuse',
  ...changes,
})
const byEmail = mapping({ claim: 'email', user: 'email' })
const heardAs = (sub: unknown, user: Mapping['user'] = 'id') =>
  providedUser({ sub }, mapping({ user }))?.value

suite('claims of a provider', () => {
  test('who somebody is must be a text that a row can hold, or a number', () => {
    assert.equal(heardAs('u-1'), 'u-1')
    assert.equal(heardAs(17), '17')
    assert.equal(heardAs(' u-1 ', 'username'), 'u-1')
    const wrong = [
      undefined,
      null,
      '',
      ' ',
      true,
      ['u-1'],
      {},
      1.5,
      'a\0b',
      'a\nb',
      'u\ud800',
      'u'.repeat(256),
    ]
    for (const sub of wrong) assert.equal(heardAs(sub, 'username'), undefined, JSON.stringify(sub))
    // Ids stand in lists by spaces; a name may have one.
    assert.equal(heardAs('two words'), undefined)
    assert.equal(heardAs('two words', 'username'), 'two words')
  })

  test('an address is one that the provider has verified, said as a truth value or as a text', () => {
    const said = (email_verified: unknown, email: unknown = 'a@acme.example') =>
      providedUser({ sub: 'u', email, email_verified }, byEmail)
    for (const verified of [true, 'true']) {
      assert.equal(said(verified)?.email, 'a@acme.example')
      assert.equal(said(verified)?.isUnverified, false)
    }
    for (const verified of [false, 'false', undefined, 1, 'yes', null])
      assert.deepEqual([said(verified)?.email, said(verified)?.isUnverified], [undefined, true])
    for (const address of ['nobody', 'a@b@c', 'a b@acme.example', '@', 'a@'])
      assert.equal(said(true, address)?.isUnverified, true, address)
  })

  test('an address that is not verified spoils no sign-in by another claim, and is not taken over', () => {
    const provided = providedUser({ sub: 'u', email: 'a@acme.example', preferred_username: 'al' }, mapping())
    assert.deepEqual(
      [provided?.isUnverified, provided?.email, provided?.usernames],
      [false, undefined, ['al']],
    )
  })

  test('a language is a language tag, however it is written', () => {
    const languageOf = (locale: UserClaims[string]) => providedUser({ sub: 'u', locale }, mapping())?.language
    assert.deepEqual(['de', 'de-AT', 'en_GB'].map(languageOf), ['de', 'de-AT', 'en-GB'])
    for (const locale of ['', 'Deutsch!', 17, ['de'], 'd', '../de'])
      assert.equal(languageOf(locale), undefined, String(locale))
  })

  test('what must be known is asked for: more, where users are made', () => {
    assert.deepEqual(neededClaims(mapping()), ['sub'])
    assert.deepEqual(neededClaims(byEmail), ['email', 'email_verified'])
    assert.ok(neededClaims(mapping({ unknownUsers: 'create' })).includes('name'))
  })
})
