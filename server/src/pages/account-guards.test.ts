/** What protects the account's pages: sessions, form tokens, addresses, methods, and hostile names. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { AccountBed } from '../testing/account.ts'
import { accountBed, testPassword } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

const evil = `<img src=x onerror=alert(1)>"'&\u202e</script>`

let host: TestDeployment
let bed: AccountBed
let alice: Visitor
let token: string
let number: number
let others: number

before(async () => {
  host = await testDeployment({
    mounts: ['standard'],
    seed: false,
    config: { scopes: { read: { en: evil, de: evil } } },
  })
  bed = accountBed(host)
  await bed.organization({ id: 'acme', name: `Acme ${evil}` })
  await bed.person({ id: 'alice', name: `Alice ${evil}` }, { acme: 'admin' })
  await bed.person({ id: 'bob' })
  await bed.app({ id: 'app', name: `App ${evil}`, maker: `Maker ${evil}` })
  number = (await waiting('alice')).number
  others = (await bed.connect({ clientId: 'app', userId: 'bob' })).number
  alice = await bed.signIn('alice', { 'user-agent': `Firefox/1 ${evil.replace('\u202e', '')}` })
  token = tokenOf(await alice.get('/account/apps'))
})
after(() => host.close())

const waiting = (userId: string) =>
  bed.connect({ clientId: 'app', userId, organizationId: 'acme', confirmation: 'pending' })

const tokenOf = (page: Visit): string => formsOf(page.text)[0]?.hidden.form_token ?? ''

/** Every page of the account that Alice sees. */
const pages = () => [
  '/account/apps',
  `/account/apps/${number}`,
  `/account/apps/${number}/uninstall`,
  '/account/sessions',
  '/account/organizations/acme/apps',
  '/account/organizations/acme/apps/app',
  '/account/organizations/acme/apps/app/uninstall',
]

/** Every form, with what would make it work. */
const forms = (): readonly (readonly [string, Readonly<Record<string, string>>])[] => [
  [`/account/apps/${number}/confirm`, { scopes: 'read' }],
  [`/account/apps/${number}/uninstall`, {}],
  ['/account/sessions', { session: 'others' }],
  ['/account/organizations/acme/apps/app/uninstall', {}],
  ['/account/organizations/acme/apps/app/allow', {}],
]

/** Nothing was confirmed, uninstalled or ended. */
async function nothingChanged(): Promise<void> {
  const connection = await bed.find(number)
  assert.deepEqual([connection.status, connection.confirmation], ['live', 'pending'])
  assert.equal(await host.deployment.store.isBarred('acme', 'app'), false)
  assert.equal((await alice.get('/account/apps')).status, 200)
}

suite('account: who is not signed in', () => {
  test('is asked to on every page, and comes back to it', async () => {
    for (const path of [...pages(), '/account/apps?q=a%20b&page=2']) {
      const user = visitor(host.app)
      const page = await user.get(path)
      assert.equal(page.status, 200, path)
      assert.match(page.text, /<h1>Sign in to see your apps<\/h1>/)
      const back = await user.fill(page, /sign-in/, { username: 'alice', password: testPassword })
      assert.deepEqual([back.status, back.location], [303, path])
      assert.equal((await user.get(path)).status, 200)
    }
  })

  test('is told nothing of what there is', async () => {
    const [known, unknown] = await Promise.all(
      ['/account/apps/1', '/account/apps/999999'].map((path) => visitor(host.app).get(path)),
    )
    const bare = (page: Visit | undefined) => page?.text.replaceAll(/value="[^"]*"/g, '')
    assert.equal(bare(known), bare(unknown))
    assert.doesNotMatch(known?.text ?? '', /onerror|App/)
  })

  test('sends no form: it leads to the sign-in of its page, and changes nothing', async () => {
    for (const [path, fields] of forms()) {
      const answer = await visitor(host.app).post(path, { ...fields, form_token: token })
      assert.equal(answer.status, 403, path)
      assert.match(answer.text, /You have been signed out in the meantime/)
      const returnTo = formsOf(answer.text)[0]?.hidden.return_to
      assert.equal(returnTo, path.replace(/\/(confirm|allow)$/, ''))
    }
    await nothingChanged()
  })

  test('a session that has expired, or whose user is disabled, is none', async () => {
    await bed.person({ id: 'late' })
    const late = await bed.signIn('late')
    const status = (to: 'enabled' | 'disabled') =>
      host.deployment.store.commit([{ write: 'set_status', record: 'users', id: 'late', status: to }])
    await status('disabled')
    assert.match((await late.get('/account/apps')).text, /<h1>Sign in to see your apps<\/h1>/)
    await status('enabled')
    assert.match((await late.get('/account/apps')).text, /<h1>Connected apps<\/h1>/)
    const own = await bed.connect({ clientId: 'app', userId: 'late' })
    const question = await late.get(`/account/apps/${own.number}/uninstall`)
    host.clock.advance(12 * 3_600_000)
    assert.equal((await late.fill(question, /uninstall/, {})).status, 403)
    assert.match((await late.get('/account/sessions')).text, /<h1>Sign in to see your apps<\/h1>/)
    assert.equal((await bed.find(own.number)).status, 'live')
    alice = await bed.signIn('alice', { 'user-agent': `Firefox/1 ${evil.replace('\u202e', '')}` })
    token = tokenOf(await alice.get('/account/apps'))
  })
})

suite('account: forms', () => {
  test('nothing is done without the token of this very session, or from another site', async () => {
    await bed.person({ id: 'stranger' })
    const stranger = tokenOf(await (await bed.signIn('stranger')).get('/account/apps'))
    for (const [path, fields] of forms()) {
      const attempts = [
        await alice.post(path, fields),
        await alice.post(path, { ...fields, form_token: '' }),
        await alice.post(path, { ...fields, form_token: stranger }),
        await alice.post(path, { ...fields, form_token: token.toLowerCase() }),
        await alice.post(path, { ...fields, form_token: 'x'.repeat(5000) }),
        await alice.post(`${path}?form_token=${token}`, fields),
        await alice.post(path, { ...fields, form_token: token }, { 'sec-fetch-site': 'cross-site' }),
        await alice.post(path, { ...fields, form_token: token }, { 'sec-fetch-site': 'same-site' }),
      ]
      for (const [at, answer] of attempts.entries()) {
        assert.equal(answer.status, 403, `${path} ${at}`)
        assert.match(answer.text, /no longer valid/)
        assert.equal(answer.location, undefined)
      }
    }
    await nothingChanged()
  })

  test('nothing is done by following a link', async () => {
    for (const path of [`/account/apps/${number}/confirm`, '/account/organizations/acme/apps/app/allow']) {
      const answer = await alice.get(`${path}?form_token=${token}`)
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST'], path)
      assert.match(String(answer.headers['content-type']), /^text\/html/)
    }
    for (const path of ['/account/apps', `/account/apps/${number}`, '/account/organizations/acme/apps']) {
      const answer = await alice.post(path, { form_token: token })
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'], path)
    }
    for (const method of ['PUT', 'DELETE', 'PATCH'] as const) {
      const answer = await host.app.inject({ method, url: `/account/apps/${number}/uninstall` })
      assert.equal(answer.statusCode, 405, method)
    }
    await nothingChanged()
  })

  test('bad input of any kind gets a page that says so, and the right form after it works', async () => {
    const path = `/account/apps/${number}/confirm`
    const statuses = [
      (await alice.post(path, {}, { 'content-type': 'application/json' })).status,
      (await alice.post(path, { form_token: token, scopes: 'a\0b' })).status,
      (await alice.post(path, { form_token: token, scopes: 'x'.repeat(70_000) })).status,
      (await alice.post(path, { form_token: token, scopes: '' })).status,
      (await alice.post(path, { form_token: token, scopes: '__proto__ constructor' })).status,
    ]
    // The last two were shown less than there is, so they see it first.
    assert.deepEqual(statuses, [415, 400, 413, 303, 303])
    await nothingChanged()
    const own = await bed.connect({ clientId: 'app', userId: 'alice', confirmation: 'pending' })
    const done = await alice.post(`/account/apps/${own.number}/confirm`, {
      form_token: token,
      scopes: 'read',
    })
    assert.equal(done.location, `/account/apps?done=confirmed&app=${own.number}`)
  })
})

suite('account: addresses', () => {
  test('what is another’s is as good as unknown', async () => {
    const unknown = await alice.get('/account/apps/987654321')
    assert.equal(unknown.status, 404)
    for (const path of [`/account/apps/${others}`, `/account/apps/${others}/uninstall`]) {
      const page = await alice.get(path)
      assert.deepEqual([page.status, page.text], [404, unknown.text])
    }
    for (const action of ['confirm', 'uninstall']) {
      const answer = await alice.post(`/account/apps/${others}/${action}`, {
        form_token: token,
        scopes: 'read',
      })
      assert.deepEqual([answer.status, answer.text], [404, unknown.text])
    }
    assert.equal((await bed.find(others)).status, 'live')
  })

  test('whatever stands in the address, the answer is a page, and none of it is on the page', async () => {
    const ids = [
      '0',
      '-1',
      '1.5',
      '1e3',
      '0x1',
      '9007199254740991',
      '9007199254740993',
      '9223372036854775808',
      '9'.repeat(400),
      'NaN',
      'Infinity',
      '1%00',
      '1%20or%201=1',
      '%27',
      '<script>',
      '%3Cscript%3E',
      '..%2f..%2fetc',
      '%E2%80%AE',
      '__proto__',
    ]
    for (const id of ids) {
      for (const path of [
        `/account/apps/${id}`,
        `/account/apps/${id}/uninstall`,
        `/account/organizations/${id}/apps`,
        `/account/organizations/acme/apps/${id}`,
        `/account/organizations/${id}/apps/${id}/uninstall`,
        `/account/${id}`,
      ]) {
        const page = await alice.get(path)
        assert.equal(page.status, 404, path)
        assert.match(String(page.headers['content-type']), /^text\/html/, path)
        assert.doesNotMatch(page.text, /script|etc|proto|or 1=1/, path)
      }
    }
    for (const id of ['%C0%AE', '%zz', '%'])
      assert.equal((await alice.get(`/account/apps/${id}`)).status, 400)
  })
})

suite('account: what others have named', () => {
  test('a hostile name of an app, its maker, a scope, a user, an organization or a browser stays text', async () => {
    for (const path of pages()) {
      for (const language of ['en', 'de']) {
        const page = await alice.get(path, { 'accept-language': language })
        assert.equal(page.status, 200, path)
        assert.doesNotMatch(page.text, /<img src|onerror=alert\(1\)>|<\/script|\u202e/, path)
        if (path !== '/account/sessions')
          assert.match(page.text, /&lt;img src=x onerror=alert\(1\)&gt;/, path)
        // In quotes, where every sign that could end them is escaped, anything may stand.
        const bare = page.text.replaceAll(/"[^"]*"/g, '""')
        assert.doesNotMatch(bare, /<script|<style|<[^>]* (style|on[a-z]+)=/, path)
      }
    }
  })

  test('every page is closed to frames, scripts, caches and other sites', async () => {
    for (const path of [...pages(), '/account/apps/0', '/account/nothing', '/sign-out']) {
      for (const user of [alice, visitor(host.app)]) {
        const { headers } = await user.get(path)
        const policy = String(headers['content-security-policy']).split('; ')
        for (const part of [
          "default-src 'none'",
          "style-src 'self'",
          "frame-ancestors 'none'",
          "base-uri 'none'",
        ]) {
          assert.ok(policy.includes(part), `${path}: ${part}`)
        }
        assert.ok(policy.includes("form-action 'self'"), path)
        assert.equal(headers['x-frame-options'], 'DENY')
        assert.equal(headers['x-content-type-options'], 'nosniff')
        assert.equal(headers['referrer-policy'], 'no-referrer')
        assert.equal(headers['cache-control'], 'no-store')
      }
    }
  })

  test('no session, form token or password is in the log, nor in an address', () => {
    const log = host.logs.join('\n')
    for (const secret of [token, alice.cookies.get('tokenferry_session') ?? 'none', testPassword]) {
      assert.equal(log.includes(secret), false)
    }
    assert.match(log, /"operation":"confirm_connection"/)
  })
})
