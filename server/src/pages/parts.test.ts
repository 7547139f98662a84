/** The parts of the pages that need no server. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { failedAttempts } from '../http/failed-attempts.ts'
import type { Reason } from '../kernel/refusals.ts'
import { reasons } from '../kernel/refusals.ts'
import { attempts } from '../passwords/attempts.ts'
import { turns } from '../passwords/turns.ts'
import { aPlace } from '../testing/place.ts'
import { anOrganization } from '../testing/records.ts'
import { explain, languages, wordsFor } from '../words/index.ts'
import type { AddressAttempts } from './address-attempts.ts'
import { addressAttempts } from './address-attempts.ts'
import { consentPage } from './consent.ts'
import { cookies } from './cookies.ts'
import { html } from './html.ts'

const place = aPlace()

/** Of a node beside which there is no other. */
function alone(perMinuteMax: number, now: () => number): AddressAttempts {
  const store = { listCounts: async () => [] }
  return addressAttempts(failedAttempts({ store, kind: 'sign_in', perMinuteMax, now }), perMinuteMax)
}

suite('pages: parts', () => {
  test('whatever is not HTML of ours is escaped, in texts, attributes and lists', () => {
    const evil = `<script>"'&`
    const escaped = '&lt;script&gt;&quot;&#39;&amp;'
    assert.equal(html`<a title="${evil}">${evil}</a>`.html, `<a title="${escaped}">${escaped}</a>`)
    assert.equal(html`${[html`<b>${evil}</b>`, evil]}`.html, `<b>${escaped}</b>${escaped}`)
    assert.equal(html`${undefined}${false}${0}${''}`.html, '0')
  })

  test('the consent page asks which organization where there are several, and allows nothing where there is none', () => {
    const subject = (id: string, name: string) => ({
      userId: 'user',
      organizationId: id,
      organization: anOrganization({ id, name }),
      connection: undefined,
    })
    const page = (subjects: Parameters<typeof consentPage>[0]['subjects'], denied?: Reason) =>
      consentPage({
        place,
        app: { id: 'app', name: '<App>', maker: undefined, logo: undefined },
        redirectHost: 'app.example',
        userName: 'alice',
        scopes: [],
        allowedBefore: [],
        subject: 'user in an organization',
        denied,
        subjects,
        returnTo: '/authorize?a=1&b=2',
        formToken: 'token',
        error: undefined,
      }).html
    const two = page([subject('a', 'Company A'), subject('b', 'Company <B>')])
    assert.match(two, /<legend>For which organization\?<\/legend>/)
    assert.match(two, /type="radio" name="organization" value="b" required/)
    assert.match(two, /Company &lt;B&gt;/)
    assert.match(two, /Allow &lt;App&gt;\?/)
    assert.match(two, /action="\/authorize\?a=1&amp;b=2"/)
    assert.match(page([subject('a', 'Company A')]), /type="hidden" name="organization" value="a"/)
    const none = page([])
    assert.match(none, /role="alert">You are not a member of any organization/)
    assert.doesNotMatch(none, /value="allow"/)
    for (const [reason, text] of [
      ['client_barred', 'Your organization’s admin has removed this app'],
      ['client_barred_for_user', 'You may not use this app'],
      ['client_not_enabled', 'Your organization has not let this app in'],
      ['address_not_allowed', 'Your organization lets in no app from where you are'],
    ] as const)
      assert.match(page([], reason), new RegExp(`role="alert">${text}`))
    const alone = page([{ ...subject('', ''), organization: undefined }])
    assert.doesNotMatch(alone, /organization/i)
    assert.match(alone, /value="allow"/)
    assert.match(none, /value="cancel"/)
  })

  test('a cookie is read by its whole name, and only as this server writes it', () => {
    const value = 'a'.repeat(43)
    const plain = cookies(false)
    assert.equal(plain.read(`x=1; tokenferry_session=${value}; y=2`, 'session'), value)
    assert.equal(plain.read(`not_tokenferry_session=${value}`, 'session'), undefined)
    assert.equal(plain.read('tokenferry_session=short', 'session'), undefined)
    assert.equal(plain.read(undefined, 'session'), undefined)
    const secure = cookies(true)
    assert.equal(secure.read(`tokenferry_session=${value}`, 'session'), undefined)
    assert.match(
      secure.set('session', value),
      /^__Host-tokenferry_session=a+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    assert.match(secure.clear('session'), /Max-Age=0$/)
  })

  test('attempts at once are counted before any of them is known to fail', () => {
    const counted = attempts()
    const begun = Array.from({ length: 9 }, () => counted.begin('alice', 2))
    assert.deepEqual(begun.slice(7), [true, false])
    assert.equal(counted.begin('bob', 9), true)
    assert.equal(counted.begin('bob', 9), false)
    assert.equal(counted.begin('carol', 10), false)
    for (let at = 0; at < 8; at += 1) counted.end('alice')
    assert.equal(counted.begin('alice', 9), true)
    counted.end('alice')
    assert.equal(counted.begin('alice', 9), true)
  })

  test('an address has so many failures a minute, and no more under way than may fail', () => {
    let now = 60_000_000 + 15_000
    const counted = alone(3, () => now)
    const begin = (count: number, address = '192.0.2.1') =>
      Array.from({ length: count }, () => counted.begin(address))
    assert.deepEqual(begin(4), ['begun', 'begun', 'begun', 'full'])
    assert.deepEqual(begin(1, '192.0.2.2'), ['begun'])
    counted.end('192.0.2.1', false)
    for (let at = 0; at < 2; at += 1) counted.end('192.0.2.1', true)
    assert.deepEqual(begin(2), ['begun', 'full'])
    counted.end('192.0.2.1', true)
    assert.deepEqual(begin(1), ['spent'])
    assert.equal(counted.secondsLeft(), 45)
    now += 45_000
    assert.deepEqual(begin(1), ['begun'])
    assert.equal(counted.secondsLeft(), 60)
  })

  test('what is still looked at as a minute ends does not fail within it, and takes its place in the next', () => {
    let now = 60_000_000
    const counted = alone(1, () => now)
    assert.equal(counted.begin('192.0.2.1'), 'begun')
    now += 60_000
    assert.equal(counted.begin('192.0.2.1'), 'full')
    counted.end('192.0.2.1', true)
    assert.equal(counted.begin('192.0.2.1'), 'spent')
  })

  test('of much work at once a little is done at a time, and the line has an end', async () => {
    const line = turns(2, 3)
    let working = 0
    let most = 0
    const ends: (() => void)[] = []
    const work = async (): Promise<void> => {
      working += 1
      most = Math.max(most, working)
      await new Promise<void>((resolve) => ends.push(resolve))
      working -= 1
    }
    const all = Array.from({ length: 5 }, () => {
      assert.equal(line.isFull(), false)
      return line.take(work)
    })
    assert.equal(line.isFull(), true)
    const failed = line.take(() => Promise.reject(new Error('no')))
    for (let at = 0; at < 5; at += 1) {
      while (ends.length === 0) await Promise.resolve()
      ends.shift()?.()
    }
    await Promise.all(all)
    await assert.rejects(failed)
    assert.deepEqual([most, working, line.isFull()], [2, 0, false])
  })

  test('whatever went wrong, the user is told what to do next', () => {
    const steps = {
      en: /\b(go back|tell|ask|try again|try|wait)\b/i,
      de: /\b(gehen Sie|melden Sie|fragen Sie|versuchen Sie|warten Sie|wenden Sie)\b/i,
    }
    for (const language of languages) {
      const without = reasons.filter(
        (reason) => reason !== 'password_wrong' && !steps[language].test(explain(wordsFor(language), reason)),
      )
      assert.deepEqual(without, [], language)
    }
  })
})
