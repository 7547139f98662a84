/** Signing in and out, and what protects the forms. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { hash } from '@node-rs/argon2'
import { perform } from '../kernel/kernel.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import { sha256 } from '../kernel/ring.ts'
import { hashPassword, isOfOurCost, verifyPassword } from '../keys/password.ts'
import { decoyHash } from '../passwords/passwords.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aUser } from '../testing/records.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

let host: TestDeployment
let section: Readonly<Record<string, string>>
let hub: string

before(async () => {
  host = await testDeployment({ mounts: ['code'] })
  section = host.sections.code as unknown as typeof section // The members that are read here are texts.
  hub = `/code/oauth2/authorize?${new URLSearchParams({
    client_id: section.client_id ?? '',
    redirect_uri: section.redirect_uri ?? '',
    response_type: 'code',
  })}`
})
after(() => host.close())

const right = () => ({ username: section.username ?? '', password: section.password ?? '' })
const signIn = (user: Visitor, page: Visit, changes: Readonly<Record<string, string>> = {}) =>
  user.fill(page, /sign-in/, { ...right(), ...changes })

async function signedIn(user = visitor(host.app)): Promise<Visitor> {
  const answer = await signIn(user, await user.get(hub))
  assert.equal(answer.status, 303)
  return user
}

suite('pages: signing in', () => {
  test('a wrong password, an unknown user and an empty form are told alike', async () => {
    const user = visitor(host.app)
    const page = await user.get(hub)
    const wrongs = [{ password: 'wrong' }, { username: 'nobody' }, { username: '', password: '' }]
    for (const wrong of wrongs) {
      const answer = await signIn(user, page, wrong)
      assert.equal(answer.status, 403)
      assert.match(answer.text, /<p class="alarm" role="alert">The user name or the password is wrong\.<\/p>/)
      assert.match(answer.text, /<title>Error: Sign in – /)
      assert.doesNotMatch(answer.text, /value="wrong"/)
    }
    assert.equal(user.cookies.has('tokenferry_session'), false)
    assert.equal((await signIn(user, page)).status, 303)
  })

  test('an unknown user takes the time of a known one', async () => {
    const costOf = (hash: string): string => hash.split('$').slice(0, 4).join('$')
    assert.equal(costOf(decoyHash), costOf(await hashPassword('any')))
    assert.equal(await verifyPassword(decoyHash, ''), false)
  })

  test('a disabled user signs in no more, and a session that was open is over', async () => {
    const user = await signedIn()
    const found = await host.deployment.store.findUserByUsername(section.username ?? '')
    const status = (to: 'enabled' | 'disabled') =>
      host.deployment.store.commit([
        { write: 'set_status', record: 'users', id: found?.id ?? '', status: to },
      ])
    await status('disabled')
    const page = await user.get(hub)
    const answer = await signIn(user, page)
    await status('enabled')
    assert.match(page.text, /<h1>Sign in<\/h1>/)
    assert.equal(answer.status, 403)
    assert.match(answer.text, /This account is disabled\./)
  })

  test('ten wrong passwords stop an account for a quarter of an hour, and no other account', async () => {
    const user = visitor(host.app)
    const page = await user.get(hub)
    const guesses = Array.from({ length: 10 }, () =>
      signIn(user, page, { username: 'carol', password: 'guess' }),
    )
    for (const { status } of await Promise.all(guesses)) assert.equal(status, 403)
    const stopped = await signIn(user, page, { username: 'carol', password: 'guess' })
    assert.equal(stopped.status, 429)
    assert.equal(stopped.headers['retry-after'], '900')
    assert.match(stopped.text, /Too many attempts/)
    assert.equal((await signIn(user, page)).status, 303)
    host.clock.advance(15 * 60_000)
    const again = await signIn(user, await user.get(`${hub}&prompt=consent`).then(() => page), {
      username: 'carol',
    })
    assert.notEqual(again.status, 429)
  })

  test('many sign-ins at once, each as another user, count before their passwords are looked at', async () => {
    const strict = await testDeployment({
      mounts: ['code'],
      config: { limits: { sign_in_failures_per_minute: 10 } },
    })
    const user = visitor(strict.app)
    const page = await user.get(hub.replace(section.client_id ?? '', String(strict.sections.code?.client_id)))
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => signIn(user, page, { username: `somebody-${at}` })),
    )
    const { username, password } = strict.sections.code as unknown as typeof section // As above.
    const right = { username: username ?? '', password: password ?? '' }
    const stopped = await signIn(user, page, right)
    strict.clock.advance(60_000)
    const later = await signIn(user, page, right)
    await strict.close()
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length
    assert.deepEqual([count(403), count(503)], [10, 20])
    assert.equal(stopped.status, 429)
    const wait = Number(stopped.headers['retry-after'])
    assert.ok(wait >= 1 && wait <= 60, String(wait))
    assert.match(stopped.text, /Wait a minute, then try again/)
    assert.equal(later.status, 303)
  })

  test('an address has twenty wrong passwords a minute, for as many names, where nothing else is said', async () => {
    const usual = await testDeployment({ mounts: ['code'] })
    const user = visitor(usual.app)
    const page = await user.get('/account/apps')
    const statuses: number[] = []
    for (let at = 0; at < 21; at += 1)
      statuses.push((await signIn(user, page, { username: `name-${at}` })).status)
    await usual.close()
    assert.deepEqual(statuses, [...Array.from({ length: 20 }, () => 403), 429])
  })

  test('a hash of other costs is made anew as its user signs in, and then costs what the decoy does', async () => {
    const weaker = await hash('a long password', { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
    const { store } = host.deployment
    const imported = aUser({ id: 'imported', username: 'imported', passwordHash: weaker })
    await store.commit([{ write: 'add_user', user: imported }])
    const user = visitor(host.app)
    const page = await user.get(hub)
    const stored = async () => (await store.findUser('imported'))?.passwordHash ?? ''
    const typed = { username: 'imported', password: 'a long password' }
    await signIn(user, page, { ...typed, password: 'wrong' })
    assert.equal(await stored(), weaker)
    assert.equal((await signIn(user, page, typed)).status, 303)
    const renewed = await stored()
    assert.ok(isOfOurCost(renewed), renewed)
    assert.ok(isOfOurCost(decoyHash))
    const again = visitor(host.app)
    assert.equal((await signIn(again, await again.get(hub), typed)).status, 303)
    assert.equal(await stored(), renewed)
  })

  test('who is disabled and enabled again signs in anew: what was open stays over', async () => {
    const user = await signedIn()
    const found = await host.deployment.store.findUserByUsername(section.username ?? '')
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    for (const status of ['disabled', 'enabled'] as const) {
      const input = { record: 'users', id: found?.id ?? '', status, actor } as const
      assert.ok('granted' in (await perform(setStatus, input, host.deployment.world)))
    }
    assert.match((await user.get(hub)).text, /<h1>Sign in<\/h1>/)
    await signedIn(user)
  })

  test('more sign-ins at once than can wait are told to come again, and nothing is held against them', async () => {
    const crowded = await testDeployment({
      mounts: ['code'],
      config: { limits: { sign_in_failures_per_minute: 10_000 } },
    })
    const user = visitor(crowded.app)
    const page = await user.get('/account/apps')
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, at) => signIn(user, page, { username: `crowd-${at}` })),
    )
    const busy = answers.filter(({ status }) => status === 503)
    assert.ok(busy.length > 0 && busy.length < 40, String(busy.length))
    assert.equal(busy[0]?.headers['retry-after'], '1')
    assert.match(busy[0]?.text ?? '', /Try again in a moment/)
    const { username, password } = crowded.sections.code as unknown as typeof section // As above.
    const signing = await signIn(user, page, { username: username ?? '', password: password ?? '' })
    await crowded.close()
    assert.equal(signing.status, 303)
  })

  test('nobody goes on with a session that was put into the browser', async () => {
    const user = await signedIn()
    const before = user.cookies.get('tokenferry_session') ?? ''
    const other = visitor(host.app)
    const page = await other.get(hub)
    other.cookies.set('tokenferry_session', before)
    await signIn(other, page)
    const own = other.cookies.get('tokenferry_session') ?? ''
    assert.notEqual(own, before)
    assert.equal(await host.deployment.store.findSession(sha256(before)), undefined)
    assert.ok(await host.deployment.store.findSession(sha256(own)))
  })

  test('a session ends after twelve hours, and by signing out', async () => {
    const user = await signedIn()
    const page = await user.get(hub)
    assert.match(page.text, /Signed in as/)
    const out = await user.fill(page, /sign-out/, {})
    assert.equal(out.status, 303)
    assert.equal(out.location, hub)
    assert.equal(user.cookies.has('tokenferry_session'), false)
    assert.match((await user.get(hub)).text, /<h1>Sign in<\/h1>/)

    const late = await signedIn()
    host.clock.advance(12 * 3_600_000)
    assert.match((await late.get(hub)).text, /<h1>Sign in<\/h1>/)
  })
})

suite('pages: cookies where the address is https', () => {
  test('each is Secure and this host’s alone, from the form to signing out', async () => {
    const secure = await testDeployment({
      mounts: ['code'],
      config: { public_url: 'https://auth.example' },
    })
    const { username, password } = secure.sections.code as unknown as typeof section // As above.
    const user = visitor(secure.app)
    const page = await user.get('/account/apps')
    const signedIn = await signIn(user, page, { username: username ?? '', password: password ?? '' })
    const signedOut = await user.fill(await user.get('/account/apps'), /sign-out/, {})
    await secure.close()
    const said = [page, signedIn, signedOut].flatMap(({ headers }) => headers['set-cookie'] ?? [])
    assert.ok(said.length >= 4, String(said))
    for (const cookie of said)
      assert.match(
        cookie,
        /^__Host-tokenferry_(form|session)=[\w-]*; Path=\/; HttpOnly; SameSite=Lax; Secure(; Max-Age=0)?$/,
      )
    assert.equal(user.cookies.size, 0)
  })
})

suite('pages: what protects the forms', () => {
  test('a form that this browser was not shown does nothing', async () => {
    const victim = visitor(host.app)
    const page = await victim.get(hub)
    const [form] = formsOf(page.text)
    const stranger = visitor(host.app)
    const [theirs] = formsOf((await stranger.get(hub)).text)
    const token = theirs?.hidden.form_token ?? ''
    const fields = { ...form?.hidden, ...right() }
    const { form_token: _own, ...withoutToken } = fields as Record<string, string>
    const attempts = [
      await victim.post('/sign-in', { ...fields, form_token: token }),
      await victim.post('/sign-in', withoutToken),
      await visitor(host.app).post('/sign-in', fields),
      await victim.post('/sign-in', fields, { 'sec-fetch-site': 'cross-site' }),
    ]
    for (const attempt of attempts) {
      assert.equal(attempt.status, 403)
      assert.match(attempt.text, /no longer valid/)
      assert.equal(attempt.headers['set-cookie'], undefined)
    }
    assert.equal((await victim.post('/sign-in', fields, { 'sec-fetch-site': 'same-origin' })).status, 303)
  })

  test('consent and signing out need the token of the session they were shown in', async () => {
    const user = await signedIn()
    const [consent, out] = formsOf((await user.get(hub)).text)
    const [theirs] = formsOf((await (await signedIn()).get(hub)).text)
    const stolen = { form_token: theirs?.hidden.form_token ?? '' }
    const fields = { ...consent?.hidden, decision: 'allow' }
    for (const attempt of [
      await user.post(hub, { ...fields, ...stolen }),
      await user.post(hub, { decision: 'allow' }),
      await user.post(hub, fields, { 'sec-fetch-site': 'cross-site' }),
      await user.post(hub, { ...fields, decision: 'perhaps' }),
      await user.post('/sign-out', { ...out?.hidden, ...stolen }),
    ]) {
      assert.equal(attempt.status, 403)
      assert.equal(attempt.location, undefined)
    }
    assert.match((await user.get(hub)).text, /Signed in as/)
  })

  test('nobody allows what the page did not show', async () => {
    const user = await signedIn()
    const page = await user.get(hub)
    const answer = await user.fill(page, /authorize/, { decision: 'allow', scopes: 'read' })
    assert.equal(answer.status, 400)
    assert.match(answer.text, /has changed in the meantime/)
  })

  test('every page is closed to frames, scripts, caches and other sites', async () => {
    const user = visitor(host.app)
    const signingIn = await user.get(hub)
    const consent = await (await signedIn()).get(hub)
    const pages = [
      signingIn,
      consent,
      await user.get('/code/oauth2/authorize'),
      await user.get('/account/apps'),
    ]
    for (const { headers, text } of pages) {
      const policy = String(headers['content-security-policy'])
      for (const part of [
        "default-src 'none'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ])
        assert.ok(policy.split('; ').includes(part), policy)
      assert.match(policy, /form-action 'self'/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cache-control'], 'no-store')
      assert.doesNotMatch(text, /<script|<style| style=| on[a-z]+=/)
      assert.match(text, /<html lang="en">/)
    }
    assert.match(String(consent.headers['content-security-policy']), /form-action 'self' http: https:;/)
  })

  test('bad input gets a page of its own, and the right form after it still works', async () => {
    const user = visitor(host.app)
    const page = await user.get(hub)
    const [form] = formsOf(page.text)
    const json = { 'content-type': 'application/json' }
    const statuses = [
      (await user.post('/sign-in', {}, json)).status,
      (await user.post('/sign-in', { password: 'x'.repeat(70_000) })).status,
      (await user.post('/sign-in', { ...form?.hidden, username: 'a\0b' })).status,
      (await host.app.inject({ method: 'DELETE', url: hub })).statusCode,
      (await host.app.inject({ method: 'PUT', url: '/sign-in' })).statusCode,
      (await user.get('/sign-out')).status,
    ]
    assert.deepEqual(statuses, [415, 413, 400, 405, 405, 200])
    assert.equal((await signIn(user, page)).status, 303)
  })

  test('trouble of ours is told on a page that says to try again, and blames nobody', async () => {
    const broken = await testDeployment({ mounts: ['code'] })
    await broken.deployment.database.close()
    const page = await visitor(broken.app).get(hub)
    await broken.app.close()
    assert.equal(page.status, 503)
    assert.equal(page.headers['retry-after'], '1')
    assert.match(page.text, /cannot answer just now/)
  })

  test('no password, session or form token is in the log', () => {
    const log = host.logs.join('')
    assert.match(log, /"operation":"check_password"/)
    assert.ok(!log.includes(section.password ?? ''))
    assert.doesNotMatch(log, /return_to|form_token|tokenferry_session|state=/)
  })
})
