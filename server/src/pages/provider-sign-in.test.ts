/** Signing in at the operator's own provider, which is a real one that runs in the test. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sha256 } from '../kernel/ring.ts'
import type { IdentityProvider } from '../testing/identity-provider.ts'
import { identityProvider, providerClient } from '../testing/identity-provider.ts'
import type { ProviderHost as Host } from '../testing/provider-host.ts'
import { addUser, leave, pathOf, providerHost, redirectUri, signIn } from '../testing/provider-host.ts'
import { freePort } from '../testing/server-process.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

const sessionOf = (host: Host, user: Visitor) =>
  host.deployment.store.findSession(sha256(user.cookies.get('tokenferry_session') ?? ''))

const isRefused = (visit: Visit, user: Visitor, status: number, text: RegExp): void => {
  assert.equal(visit.status, status)
  assert.match(visit.text, text)
  assert.equal(user.cookies.has('tokenferry_session'), false)
}

suite('pages: signing in at the operator’s own provider', () => {
  let at: IdentityProvider
  let host: Host
  before(async () => {
    at = await identityProvider(redirectUri)
    host = await providerHost(at.issuer)
    await addUser(host, { id: 'u-1' })
  })
  after(async () => {
    await host.close()
    await at.close()
  })
  const known = { sub: 'u-1', name: 'Alice' }

  test('a user presses one button, comes back, and goes on to allow the app', async () => {
    at.user = known
    const user = visitor(host.app)
    const page = await user.get(host.hub)
    assert.match(page.text, /<button>Sign in with Acme ID<\/button>/)
    assert.doesNotMatch(page.text, /type="password"/)
    assert.match(String(page.headers['content-security-policy']), /form-action 'self' http: https:;/)
    const left = await user.fill(page, /sign-in\/provider/, {})
    const asked = new URL(left.location ?? '').searchParams
    assert.equal(asked.get('code_challenge_method'), 'S256')
    assert.equal(asked.get('redirect_uri'), redirectUri)
    assert.equal(asked.get('scope'), 'openid profile email')
    assert.equal(asked.get('prompt'), null)
    assert.match(
      String(left.headers['set-cookie']),
      /^tokenferry_provider=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/,
    )
    const back = await user.get(pathOf(await at.visit(left.location ?? '')))
    assert.deepEqual([back.status, back.location], [303, host.hub])
    assert.equal(user.cookies.has('tokenferry_provider'), false)
    assert.equal(user.cookies.has('tokenferry_form'), false)
    assert.match((await user.get(back.location ?? '')).text, /Signed in as name of u-1\./)
    const session = await sessionOf(host, user)
    assert.equal(session?.session.method, 'provider')
    assert.equal(session?.user.id, 'u-1')
  })

  test('the account’s pages are reached the same way', async () => {
    at.user = known
    const back = await signIn(host, at, visitor(host.app), '/account/apps')
    assert.equal(back.location, '/account/apps')
  })

  test('nothing of the way there and back lies in the cookie for all to read, and it is no other cookie', async () => {
    const user = visitor(host.app)
    const left = await leave(host, user)
    const asked = new URL(left.location ?? '').searchParams
    const cookie = Buffer.from(user.cookies.get('tokenferry_provider') ?? '', 'base64url').toString('latin1')
    for (const name of ['state', 'nonce', 'code_challenge'])
      assert.ok(!cookie.includes(asked.get(name) ?? name), name)
    assert.ok(!cookie.includes('/code/oauth2/authorize'))
  })

  test('a session that was put into the browser before ends, and the new one has another secret', async () => {
    at.user = known
    const other = visitor(host.app)
    await signIn(host, at, other)
    const planted = other.cookies.get('tokenferry_session') ?? ''
    const user = visitor(host.app)
    const left = await leave(host, user)
    user.cookies.set('tokenferry_session', planted)
    await user.get(pathOf(await at.visit(left.location ?? '')))
    assert.notEqual(user.cookies.get('tokenferry_session'), planted)
    assert.equal(await host.deployment.store.findSession(sha256(planted)), undefined)
  })

  test('a callback counts once', async () => {
    at.user = known
    const user = visitor(host.app)
    const left = await leave(host, user)
    const kept = user.cookies.get('tokenferry_provider') ?? ''
    const callback = pathOf(await at.visit(left.location ?? ''))
    assert.equal((await user.get(callback)).status, 303)
    user.cookies.delete('tokenferry_session')
    isRefused(await user.get(callback), user, 400, /has been used already/)
    // Whoever has a copy of the cookie has no second code.
    user.cookies.set('tokenferry_provider', kept)
    isRefused(await user.get(callback), user, 403, /could not be used/)
  })

  test('another browser’s callback signs nobody in: no stranger’s link makes a user that stranger', async () => {
    at.user = known
    const stranger = visitor(host.app)
    const callback = pathOf(await at.visit((await leave(host, stranger)).location ?? ''))
    const victim = visitor(host.app)
    isRefused(await victim.get(callback), victim, 400, /started in another browser/)
    await leave(host, victim)
    isRefused(await victim.get(callback), victim, 400, /started in another browser/)
    assert.ok(victim.cookies.has('tokenferry_provider'), 'their own sign-in goes on')
    assert.equal((await stranger.get(callback)).status, 303)
  })

  test('a changed state, nonce, challenge or issuer signs nobody in', async () => {
    at.user = known
    const tamper = async (
      there: (location: URL) => void,
      back: (callback: URL) => void,
    ): Promise<readonly [Visit, Visitor]> => {
      const user = visitor(host.app)
      const location = new URL((await leave(host, user)).location ?? '')
      there(location)
      const callback = new URL(await at.visit(location.href))
      back(callback)
      return [await user.get(pathOf(callback.href)), user]
    }
    const nothing = (): void => undefined
    const set = (name: string, value: string) => (url: URL) => url.searchParams.set(name, value)
    const other = 'b'.repeat(43)
    isRefused(...(await tamper(nothing, set('state', other))), 400, /started in another browser/)
    isRefused(
      ...(await tamper(nothing, (url) => url.searchParams.append('state', other))),
      400,
      /started in another browser/,
    )
    isRefused(...(await tamper(set('nonce', other), nothing)), 403, /could not be used/)
    isRefused(...(await tamper(set('code_challenge', other), nothing)), 403, /could not be used/)
    isRefused(...(await tamper(nothing, set('iss', 'https://evil.example'))), 403, /could not be used/)
    isRefused(...(await tamper(nothing, set('code', other))), 403, /could not be used/)
  })

  test('after ten minutes a sign-in has to be begun anew', async () => {
    at.user = known
    const late = await providerHost(at.issuer)
    const user = visitor(late.app)
    const callback = pathOf(await at.visit((await leave(late, user)).location ?? ''))
    late.clock.advance(600_000)
    isRefused(await user.get(callback), user, 400, /took too long/)
    await late.close()
  })

  test('who refuses at the provider is told so, and can try again where they were', async () => {
    at.user = undefined
    const user = visitor(host.app)
    const back = await signIn(host, at, user)
    isRefused(back, user, 403, /Acme ID has not signed you in/)
    assert.ok(back.text.includes(`href="${host.hub.replaceAll('&', '&amp;')}"`))
    assert.equal(user.cookies.has('tokenferry_provider'), false)
    at.user = known
    assert.equal((await signIn(host, at, user)).status, 303)
  })

  test('the button needs the form that this browser was shown', async () => {
    const user = visitor(host.app)
    const [form] = formsOf((await user.get(host.hub)).text)
    const attempts = [
      await user.post('/sign-in/provider', { ...form?.hidden, form_token: 'x' }),
      await user.post('/sign-in/provider', { ...form?.hidden }, { 'sec-fetch-site': 'cross-site' }),
      await visitor(host.app).post('/sign-in/provider', { ...form?.hidden }),
      await user.post('/sign-in/provider', { ...form?.hidden, return_to: 'https://evil.example/' }),
      await user.post('/sign-in/provider', { ...form?.hidden, return_to: '//evil.example/account/apps' }),
    ]
    assert.deepEqual(
      attempts.map(({ status, location }) => [status, location]),
      attempts.map(() => [403, undefined]),
    )
  })

  test('with only a provider, no password is heard', async () => {
    const user = visitor(host.app)
    const [form] = formsOf((await user.get(host.hub)).text)
    const answer = await user.post('/sign-in', { ...form?.hidden, username: 'a', password: 'b' })
    isRefused(answer, user, 403, /no longer valid/)
  })

  test('an address that no cookie can hold is told, not lost', async () => {
    const user = visitor(host.app)
    const answer = await leave(host, user, `${host.hub}&state=${'s'.repeat(4000)}`)
    assert.equal(answer.status, 400)
    assert.equal(user.cookies.has('tokenferry_provider'), false)
  })

  test('no code, token, state or secret of a sign-in is in the log', () => {
    const log = host.logs.join('')
    assert.match(log, /"operation":"sign_in_with_provider"/)
    // The reason says what happened here, the problem what the provider calls it.
    for (const [reason, problem] of [
      ['provider_answer_invalid', 'invalid_grant'],
      ['provider_refused', 'access_denied'],
    ])
      assert.ok(log.includes(`"reason":"${reason}","problem":"${problem}"`), reason)
    assert.match(log, /"reason":"sign_in_outdated"/)
    assert.doesNotMatch(log, /state=|code=|eyJ|tokenferry_provider/)
    assert.ok(!log.includes(providerClient.secret))
  })
})

suite('pages: who somebody is by what the provider says', () => {
  let at: IdentityProvider
  const hosts: Host[] = []
  before(async () => {
    at = await identityProvider(redirectUri)
  })
  after(async () => {
    for (const host of hosts) await host.close()
    await at.close()
  })
  const fresh = async (changes: Readonly<Record<string, unknown>>): Promise<Host> => {
    const host = await providerHost(at.issuer, changes)
    hosts.push(host)
    return host
  }
  const email = { claim: 'email', user: 'email' }

  test('by id, by user name and by address', async () => {
    at.user = { sub: 'u-1', preferred_username: 'alice', email: 'A@acme.example', email_verified: true }
    for (const [changes, user] of [
      [{}, { id: 'u-1' }],
      [
        { claim: 'preferred_username', user: 'username' },
        { id: 'x', username: 'alice' },
      ],
      [{ claim: 'preferred_username', user: 'id' }, { id: 'alice' }],
      [email, { id: 'y', email: 'a@acme.example' }],
    ] as const) {
      const host = await fresh(changes)
      await addUser(host, user)
      const visiting = visitor(host.app)
      assert.equal((await signIn(host, at, visiting)).status, 303)
      assert.equal((await sessionOf(host, visiting))?.user.id, user.id)
    }
  })

  test('an address counts only where it is verified, and where it is one user’s alone', async () => {
    const host = await fresh(email)
    await addUser(host, { id: 'a', email: 'a@acme.example' })
    for (const email_verified of [false, undefined, 1, 'yes']) {
      at.user = { sub: 'u', email: 'a@acme.example', ...(email_verified !== undefined && { email_verified }) }
      const user = visitor(host.app)
      isRefused(await signIn(host, at, user), user, 403, /has not verified your e-mail address/)
    }
    await addUser(host, { id: 'b', email: 'A@acme.example' })
    at.user = { sub: 'u', email: 'a@acme.example', email_verified: true }
    const user = visitor(host.app)
    isRefused(await signIn(host, at, user), user, 403, /More than one account/)
  })

  test('somebody who is not known here is refused in clear words, and nothing is made of them', async () => {
    const host = await fresh({})
    at.user = { sub: 'stranger' }
    const user = visitor(host.app)
    isRefused(await signIn(host, at, user), user, 403, /there is no account for you here/)
    assert.equal(await host.deployment.store.findUser('stranger'), undefined)
  })

  test('or they are made, once, with what the provider says of them', async () => {
    const host = await fresh({ unknown_users: 'create' })
    at.user = {
      sub: 'new-1',
      name: 'Nora New',
      preferred_username: 'nora',
      email: 'nora@acme.example',
      email_verified: true,
      locale: 'de_AT',
    }
    const visitors = [visitor(host.app), visitor(host.app)]
    const answers = await Promise.all(visitors.map((user) => signIn(host, at, user)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [303, 303],
    )
    assert.deepEqual(await host.deployment.store.findUser('new-1'), {
      id: 'new-1',
      username: 'nora',
      email: 'nora@acme.example',
      name: 'Nora New',
      passwordHash: undefined,
      status: 'enabled',
      language: 'de-AT',
      lockedUntil: undefined,
      region: undefined,
    })
    const events = await host.deployment.store.listEvents(0, 1000)
    const added = events.filter(({ userId }) => userId === 'new-1')
    assert.deepEqual(
      added.map(({ kind, actor, detail }) => [kind, actor, detail]),
      [['user_changed', 'provider', 'added']],
    )
  })

  test('a new user takes nobody’s name and no address that is not verified', async () => {
    const host = await fresh({ ...email, unknown_users: 'create' })
    await addUser(host, { id: 'first', username: 'nora' })
    at.user = { sub: 'x', preferred_username: 'nora', email: 'n@acme.example', email_verified: true }
    const user = visitor(host.app)
    await signIn(host, at, user)
    const made = (await sessionOf(host, user))?.user
    assert.match(made?.id ?? '', /^[0-9A-Za-z]{17}$/)
    assert.equal(made?.username, 'n@acme.example')

    const byId = await fresh({ unknown_users: 'create' })
    at.user = { sub: 'y', email: 'somebody.else@acme.example', email_verified: false }
    await signIn(byId, at, visitor(byId.app))
    assert.equal((await byId.deployment.store.findUser('y'))?.email, undefined)
  })

  test('a disabled user is refused', async () => {
    const host = await fresh({})
    await addUser(host, { id: 'u-2' })
    await host.deployment.store.commit([
      { write: 'set_status', record: 'users', id: 'u-2', status: 'disabled' },
    ])
    at.user = { sub: 'u-2' }
    const user = visitor(host.app)
    isRefused(await signIn(host, at, user), user, 400, /This account is disabled/)
  })
})

suite('pages: a provider that does not answer', () => {
  test('the server starts without it, says to try again, and goes on once it is there', async () => {
    const port = await freePort()
    const host = await providerHost(`http://127.0.0.1:${port}`)
    await addUser(host, { id: 'u-1' })
    const user = visitor(host.app)
    const left = await leave(host, user)
    isRefused(left, user, 503, /Acme ID does not answer just now\. Try again in a moment\./)
    assert.equal(left.headers['retry-after'], '1')

    const at = await identityProvider(redirectUri, port)
    at.user = { sub: 'u-1' }
    const callback = pathOf(await at.visit((await leave(host, user)).location ?? ''))
    await at.close()
    isRefused(await user.get(callback), user, 503, /does not answer just now/)
    assert.match(host.logs.join(''), /"reason":"unavailable","problem":"unreachable"/)

    const again = await identityProvider(redirectUri, port)
    again.user = { sub: 'u-1' }
    assert.equal((await signIn(host, again, user)).status, 303)
    await host.close()
    await again.close()
  })

  test('one that calls itself something else is not believed', async () => {
    const at = await identityProvider(redirectUri)
    const host = await providerHost(at.issuer.replace('127.0.0.1', 'localhost'))
    const user = visitor(host.app)
    isRefused(await leave(host, user), user, 503, /does not answer just now/)
    assert.match(host.logs.join(''), /"problem":"OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED"/)
    await host.close()
    await at.close()
  })
})
