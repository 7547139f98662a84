/** An app asks for a sign-in anew: `prompt` and `max_age` (OpenID Connect Core 1.0 §3.1.2.1). */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { IdentityProvider } from '../testing/identity-provider.ts'
import { identityProvider } from '../testing/identity-provider.ts'
import type { ProviderHost } from '../testing/provider-host.ts'
import { addUser, leave, pathOf, providerHost, redirectUri, signIn } from '../testing/provider-host.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

const isSignIn = (visit: Visit): boolean => /<h1>Sign in<\/h1>/.test(visit.text)
const hour = 3_600_000

suite('pages: a sign-in anew, with a password', () => {
  let host: TestDeployment
  let section: Readonly<Record<string, string>>
  before(async () => {
    host = await testDeployment({ mounts: ['code'] })
    section = host.sections.code as unknown as typeof section // The members that are read here are texts.
  })
  after(() => host.close())

  const hub = (changes: Readonly<Record<string, string>> = {}): string =>
    `/code/oauth2/authorize?${new URLSearchParams({
      client_id: section.client_id ?? '',
      redirect_uri: section.redirect_uri ?? '',
      response_type: 'code',
      state: 'a state',
      ...changes,
    })}`
  const typeIn = (user: Visitor, page: Visit, password = section.password ?? '') =>
    user.fill(page, /sign-in$/, { username: section.username ?? '', password })
  /** Somebody with a session, who has allowed the app. */
  async function signedIn(): Promise<Visitor> {
    const user = visitor(host.app)
    await typeIn(user, await user.get(hub()))
    const consent = await user.get(hub({ prompt: 'consent' }))
    await user.fill(consent, /authorize/, { decision: 'allow' })
    return user
  }
  const told = ({ location }: Visit) => new URL(location ?? '').searchParams

  for (const asked of [{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }] as const)
    test(`${JSON.stringify(asked)} asks whoever is signed in, once, and then goes on`, async () => {
      const user = await signedIn()
      assert.equal(told(await user.get(hub())).has('code'), true)
      const page = await user.get(hub(asked))
      assert.ok(isSignIn(page))
      const wrong = await typeIn(user, page, 'wrong')
      assert.equal(wrong.status, 403)
      const right = await typeIn(user, wrong)
      assert.equal(right.status, 303)
      const back = await user.get(right.location ?? '')
      assert.equal(told(back).get('state'), 'a state')
      assert.equal(told(back).has('code'), true)
      assert.ok(isSignIn(await user.get(hub(asked))), 'the next request asks again')
    })

  test('the consent page after it is heard, however long the user reads it', async () => {
    const user = await signedIn()
    const asked = hub({ prompt: 'login consent', max_age: '0' })
    const right = await typeIn(user, await user.get(asked))
    const consent = await user.get(right.location ?? '')
    assert.match(consent.text, /Allow Sample app\?/)
    host.clock.advance(20 * 60_000)
    const allowed = await user.fill(consent, /authorize/, { decision: 'allow' })
    assert.equal(told(allowed).has('code'), true)
  })

  test('max_age looks at when the user has signed in', async () => {
    const user = await signedIn()
    host.clock.advance(hour)
    assert.equal(told(await user.get(hub({ max_age: '3600' }))).has('code'), true)
    host.clock.advance(1000)
    assert.ok(isSignIn(await user.get(hub({ max_age: '3600' }))))
    const silent = await user.get(hub({ max_age: '3600', prompt: 'none' }))
    assert.equal(told(silent).get('error'), 'interaction_required')
    assert.equal(told(await user.get(hub())).has('code'), true)
  })

  test('nobody makes the mark that lets a session count, nor takes it along to another request', async () => {
    const user = await signedIn()
    host.clock.advance(1000)
    const asked = hub({ prompt: 'login' })
    const marked = formsOf((await user.get(asked)).text)[0]?.hidden.return_to ?? ''
    const mark = /&sign_in_asked=.*$/.exec(marked)?.[0] ?? ''
    assert.match(mark, /^&sign_in_asked=[\w-]{50,}$/)
    for (const address of [
      marked,
      `${asked}&sign_in_asked=${host.clock.now}`,
      `${asked}&sign_in_asked=0`,
      `${asked}${mark.slice(0, -1)}A`,
    ])
      assert.ok(isSignIn(await user.get(address)), address)
    await typeIn(user, await user.get(marked))
    assert.equal(told(await user.get(marked)).has('code'), true)
    assert.ok(isSignIn(await user.get(`${hub({ prompt: 'login', state: 'another' })}${mark}`)))
    assert.ok(isSignIn(await user.get(`${hub({ prompt: 'login', max_age: '9' })}${mark}`)))
    // An address in a browser's history.
    host.clock.advance(hour)
    assert.ok(isSignIn(await user.get(marked)))
  })

  test('what is malformed is told to the app, and a prompt that nobody knows asks for nothing', async () => {
    const user = await signedIn()
    for (const max_age of ['-1', '1.5', 'soon', '99999999999', '0x10'])
      assert.equal(told(await user.get(hub({ max_age }))).get('error'), 'invalid_request', max_age)
    assert.equal(told(await user.get(hub({ prompt: 'none login' }))).get('error'), 'invalid_request')
    assert.equal(told(await user.get(hub({ prompt: 'create' }))).has('code'), true)
    const twice = await user.get(`${hub({ max_age: '9999' })}&max_age=1`)
    assert.equal(told(twice).get('error'), 'invalid_request')
  })
})

suite('pages: a sign-in anew, at the provider', () => {
  let at: IdentityProvider
  let host: ProviderHost
  before(async () => {
    // What most providers leave unsaid.
    const discovery = { prompt_values_supported: ['none', 'login', 'consent'] }
    at = await identityProvider(redirectUri, 0, { discovery })
    host = await providerHost(at.issuer)
    await addUser(host, { id: 'u-1' })
    at.user = { sub: 'u-1' }
  })
  after(async () => {
    await host.close()
    await at.close()
  })

  test('what the app asks for is handed on, and who has signed in there goes on', async () => {
    for (const [asked, prompt, maxAge] of [
      ['prompt=login', 'login', null],
      // This one says that it knows no other.
      ['prompt=select_account', 'login', null],
      ['max_age=0', null, '0'],
      ['prompt=login&max_age=60', 'login', '60'],
    ] as const) {
      const user = visitor(host.app)
      await signIn(host, at, user)
      const path = `${host.hub}&${asked}`
      assert.ok(isSignIn(await user.get(path)), asked)
      at.asked.length = 0
      const back = await signIn(host, at, user, path)
      assert.equal(back.status, 303, back.text)
      const [sent] = at.asked
      assert.equal(sent?.get('prompt'), prompt, asked)
      assert.equal(sent?.get('max_age'), maxAge, asked)
      assert.match((await user.get(back.location ?? '')).text, /Allow Sample app\?/, asked)
    }
  })

  test('a young session says nothing of when its user signed in there, so the provider is asked', async () => {
    const user = visitor(host.app)
    await signIn(host, at, user)
    assert.equal(isSignIn(await user.get(host.hub)), false)
    assert.ok(isSignIn(await user.get(`${host.hub}&max_age=3600`)))
  })

  test('a provider that lets its user through on an old sign-in is not enough, and nobody goes round in circles', async () => {
    const late = await providerHost(at.issuer)
    await addUser(late, { id: 'u-1' })
    // To the provider its user has signed in just now; here that is two hours ago.
    late.clock.advance(2 * hour)
    for (const asked of ['max_age=60', 'max_age=0']) {
      const user = visitor(late.app)
      const left = await leave(late, user, `${late.hub}&${asked}`)
      const back = await user.get(pathOf(await at.visit(left.location ?? '')))
      assert.equal(back.status, 403)
      assert.match(back.text, /The answer of Acme ID could not be used/)
    }
    assert.match(late.logs.join(''), /"problem":"auth_time_too_old"/)
    assert.equal((await signIn(late, at, visitor(late.app))).status, 303)
    await late.close()
  })
})
