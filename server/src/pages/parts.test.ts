/** The parts of the pages that need no server. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reasons } from '../kernel/refusals.ts'
import { aPlace } from '../testing/place.ts'
import { anOrganization } from '../testing/records.ts'
import { explain, languages, wordsFor } from '../words/index.ts'
import { attempts } from './attempts.ts'
import { consentPage } from './consent.ts'
import { cookies } from './cookies.ts'
import { html } from './html.ts'
import { turns } from './turns.ts'

const place = aPlace()

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
    const page = (subjects: Parameters<typeof consentPage>[0]['subjects'], isBarred = false) =>
      consentPage({
        place,
        app: { id: 'app', name: '<App>', maker: undefined, logo: undefined },
        redirectHost: 'app.example',
        userName: 'alice',
        scopes: [],
        allowedBefore: [],
        subject: 'user in an organization',
        isBarred,
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
    assert.match(page([], true), /role="alert">Your organization’s admin has removed this app/)
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
    let now = 0
    const counted = attempts(() => now)
    const begun = Array.from({ length: 12 }, () => counted.begin('alice'))
    assert.deepEqual(begun.slice(9), ['begun', 'full', 'full'])
    assert.equal(counted.begin('bob'), 'begun')
    now += 15 * 60_000
    assert.equal(counted.begin('alice'), 'begun')
    counted.reset('alice')
    for (let at = 0; at < 20; at += 1) {
      assert.equal(counted.begin('alice'), 'begun')
      counted.forgive('alice')
    }
  })

  test('the tenth failure locks a name for a quarter of an hour from then on, and one of them does so', () => {
    let now = 0
    const counted = attempts(() => now)
    const failing = Array.from({ length: 9 }, () => [counted.begin('alice'), counted.fail('alice')])
    assert.deepEqual(failing[8], ['begun', undefined])
    now += 10 * 60_000
    counted.begin('alice')
    const lockedUntil = now + 15 * 60_000
    assert.equal(counted.fail('alice'), lockedUntil)
    assert.equal(counted.fail('alice'), undefined)
    now = lockedUntil - 1
    assert.deepEqual(counted.begin('alice'), { lockedUntil })
    now = lockedUntil
    assert.equal(counted.begin('alice'), 'begun')
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
