/** How an admin lets an app in, and is shown what connects it for the whole organization. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { AccountBed } from '../testing/account.ts'
import { accountBed } from '../testing/account.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'

let host: TestDeployment
let bed: AccountBed
let admin: Visitor
let app: { readonly client_id: string; readonly client_secret: string }

const company = '/account/organizations/acme'
const connect = `${company}/connect`

before(async () => {
  host = await testDeployment({
    mounts: ['concur', 'pipedrive'],
    now: Date.UTC(2026, 4, 9, 14, 5),
    config: { scopes: { LIST: { en: 'Read your lists', de: 'Ihre Listen lesen' } } },
  })
  bed = accountBed(host)
  await bed.organization({ id: 'acme', name: 'Acme Ltd' })
  await bed.organization({ id: 'other', name: 'Other Ltd' })
  await bed.person({ id: 'boss' }, { acme: 'admin', other: 'member' })
  await bed.person({ id: 'member' }, { acme: 'member' })
  const { trusted_client_id, trusted_client_secret } = host.sections.concur ?? assert.fail()
  app = { client_id: String(trusted_client_id), client_secret: String(trusted_client_secret) }
  await bed.app({
    id: 'guarded',
    name: 'The guarded app',
    dialect: 'concur',
    policy: { directGrants: ['authtoken'], organizations: 'enabled' },
  })
  await bed.app({
    id: 'asked',
    name: 'An app of consent',
    dialect: 'pipedrive',
    // Its dialect has no such grant, so nobody can hand it a request token.
    policy: { directGrants: ['authtoken'], organizations: 'enabled' },
  })
  await bed.app({ id: 'plain', name: 'A plain app', dialect: 'concur' })
  await bed.app({
    id: 'off',
    name: 'A disabled app',
    dialect: 'concur',
    status: 'disabled',
    policy: { directGrants: ['authtoken'] },
  })
  admin = await bed.signIn('boss')
})
after(() => host.close())

const ask = (form: Readonly<Record<string, string>>): Promise<TestAnswer> =>
  host.request('/concur', { path: '/oauth2/v0/token', body: { ...app, ...form } })

/** What the page shows to copy: the id and the token. */
function shownBy(page: Visit): { readonly username: string; readonly password: string } {
  const [username, password] = [...page.text.matchAll(/<code class="whole">([^<]+)<\/code>/g)].map(
    ([, text]) => text,
  )
  assert.ok(username && password, page.text)
  return { username, password }
}

const make = async (visitor = admin): Promise<Visit> =>
  visitor.fill(await visitor.get(`${connect}/${app.client_id}`), /\/connect\/[^/]+$/, {})

suite('account: connecting an app for the whole organization', () => {
  test('the apps that there are something to do for are listed, and no others', async () => {
    const apps = await admin.get(`${company}/apps`)
    assert.match(apps.text, new RegExp(`href="${connect}">Connect an app for the whole organization<`))
    const list = await admin.get(connect)
    assert.equal(list.status, 200)
    const names = [...list.text.matchAll(/<h2><a [^>]*>([^<]+)<\/a><\/h2>/g)].map(([, name]) => name)
    assert.deepEqual(names, ['An app of consent', 'Sample app of our own', 'The guarded app'])
    assert.equal(list.text.match(/badge">Not enabled</g)?.length, 2)
    assert.match(list.text, /aria-current="page">.*Acme Ltd/)
  })

  test('the admin sees what the app may do, in the operator’s words, before anything is made', async () => {
    const page = await admin.get(`${connect}/${app.client_id}`)
    assert.match(page.text, /<h1>Sample app of our own<\/h1>/)
    assert.match(page.text, /What Sample app of our own may do for all of Acme Ltd/)
    assert.match(page.text, /<li>Read your lists <code>LIST<\/code><\/li>/)
    assert.doesNotMatch(page.text, /tfq_|script/)
    assert.deepEqual(await host.deployment.store.listRequestTokens({ organizationId: 'acme' }, 9), [])
  })

  test('the token is shown once, in the answer itself, and connects the whole organization', async () => {
    const answer = await make()
    assert.deepEqual([answer.status, answer.location], [200, undefined])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.match(answer.text, /role="status">The request token is shown this once\./)
    assert.match(answer.text, /<dd>10 May 2026 at 14:05 UTC<\/dd>/)
    const shown = shownBy(answer)
    assert.equal(shown.username, 'acme')
    const told = await ask({ grant_type: 'password', credtype: 'authtoken', ...shown })
    assert.equal(told.status, 200, told.text)
    const [token] = await host.deployment.store.listRequestTokens({ organizationId: 'acme' }, 9)
    assert.deepEqual([token?.authorizedBy, token?.uses, token?.userId], ['boss', 1, ''])
    const organization = await admin.get(`${company}/apps/${app.client_id}`)
    assert.match(organization.text, /<h3>The whole organization<\/h3>/)
    // Neither its own page nor any other says it again, nor do the cookies, the log or an address.
    for (const path of [`${connect}/${app.client_id}`, connect, `${company}/apps`])
      assert.ok(!(await admin.get(path)).text.includes(shown.password))
    assert.ok(![...admin.cookies.values()].join().includes(shown.password))
    assert.ok(!host.logs.join('').includes(shown.password))
  })

  test('the form sent again makes another token and ends the one before; the page says so first', async () => {
    const first = shownBy(await make())
    assert.match(
      (await admin.get(`${connect}/${app.client_id}`)).text,
      /was made before is good until 10 May 2026 at 14:05 UTC\. If you make another one, that one ends\./,
    )
    const second = shownBy(await make())
    assert.notEqual(first.password, second.password)
    const grant = { grant_type: 'password', credtype: 'authtoken' }
    assert.equal((await ask({ ...grant, ...first })).json.code, 19)
    assert.equal((await ask({ ...grant, ...second })).status, 200)
  })

  test('an uninstall ends what the token has brought, and the token', async () => {
    const shown = { grant_type: 'password', credtype: 'authtoken', ...shownBy(await make()) }
    const { json } = await ask(shown)
    const question = await admin.get(`${company}/apps/${app.client_id}/uninstall`)
    await admin.fill(question, /uninstall/, {})
    assert.equal((await ask(shown)).json.code, 19)
    const refresh = { grant_type: 'refresh_token', refresh_token: String(json.refresh_token) }
    assert.equal((await ask(refresh)).json.code, 108)
    // Uninstalled for all, it is no app to connect before it is allowed again.
    assert.equal((await admin.get(`${connect}/${app.client_id}`)).status, 404)
    assert.doesNotMatch((await admin.get(connect)).text, /Sample app of our own/)
    await admin.fill(await admin.get(`${company}/apps/${app.client_id}`), /allow/, {})
    assert.equal((await ask({ ...shown, ...shownBy(await make()) })).status, 200)
  })

  test('an app that must be enabled first is enabled, gets its token, and is withdrawn, each twice', async () => {
    const path = `${connect}/guarded`
    const before = await admin.get(path)
    assert.match(before.text, /Nobody at Acme Ltd can connect The guarded app before you or another admin/)
    assert.doesNotMatch(before.text, /Make request token/)
    const early = await admin.post(path, { form_token: tokenOf(before) })
    assert.deepEqual([early.status, early.location], [303, path])
    for (const _ of [1, 2]) {
      const done = await admin.fill(before, /enable/, {})
      assert.deepEqual([done.status, done.location], [303, `${path}?done=enabled`])
    }
    const enabled = await admin.get(`${path}?done=enabled`)
    assert.match(enabled.text, /role="status">The guarded app is enabled\. It can be connected now\./)
    assert.match(enabled.text, /badge fine">Enabled</)
    shownBy(await admin.fill(enabled, /\/guarded$/, {}))
    assert.deepEqual(
      (await host.deployment.store.listEnabled('acme')).map(({ clientId, by }) => [clientId, by]),
      [['guarded', 'boss']],
    )
    for (const _ of [1, 2]) {
      const done = await admin.fill(enabled, /disable/, {})
      assert.deepEqual([done.status, done.location], [303, `${path}?done=disabled`])
    }
    assert.match(
      (await admin.get(`${path}?done=disabled`)).text,
      /role="status">The guarded app is not enabled any/,
    )
    assert.doesNotMatch((await admin.get(`${path}?done=enabled`)).text, /role="status"/, 'it is not so')
  })

  test('an app of a dialect without request tokens is let in here, and connected from the app', async () => {
    const path = `${connect}/asked`
    const page = await admin.get(path)
    await admin.fill(page, /enable/, {})
    assert.equal(await host.deployment.store.isEnabled('acme', 'asked'), true)
    assert.doesNotMatch((await admin.get(path)).text, /Make request token/)
    const answer = await admin.post(path, { form_token: tokenOf(page) })
    assert.equal(answer.status, 400)
    assert.doesNotMatch(answer.text, /tfq_/)
  })

  test('only an admin of just this organization finds any of it, or does any of it', async () => {
    const member = await bed.signIn('member')
    const token = tokenOf(await member.get('/account/apps'))
    const unknown = await member.get('/account/organizations/no-such/apps')
    const at = `${connect}/guarded`
    for (const path of [connect, at, `${connect}/plain`, '/account/organizations/other/connect']) {
      const page = await member.get(path)
      assert.deepEqual([page.status, page.text], [404, unknown.text], path)
    }
    for (const path of [at, `${at}/enable`, `${at}/disable`]) {
      const answer = await member.post(path, { form_token: token })
      assert.deepEqual([answer.status, answer.text], [404, unknown.text], path)
    }
    for (const path of [`${connect}/plain`, `${connect}/off`, `${connect}/none`, `${at}/x`, `${connect}/`])
      assert.equal((await admin.get(path)).status, 404, path)
    assert.equal((await admin.get('/account/organizations/other/connect')).status, 404)
  })

  test('no form of another site’s, without the token, or to an address that only shows, does anything', async () => {
    const at = `${connect}/${app.client_id}`
    const page = await admin.get(at)
    const before = await host.deployment.store.listRequestTokens({}, 9)
    for (const path of [at, `${connect}/guarded/enable`]) {
      assert.equal((await admin.post(path, {})).status, 403)
      assert.equal((await admin.post(path, { form_token: 'x' })).status, 403)
      const foreign = { 'sec-fetch-site': 'cross-site' }
      assert.equal((await admin.post(path, { form_token: tokenOf(page) }, foreign)).status, 403)
    }
    assert.equal((await admin.post(connect, { form_token: tokenOf(page) })).status, 405)
    for (const action of ['enable', 'disable'])
      assert.equal((await admin.get(`${connect}/guarded/${action}`)).status, 405)
    assert.deepEqual(await host.deployment.store.listRequestTokens({}, 9), before)
  })

  test('signed out meanwhile, the admin signs in and comes back to the page', async () => {
    const leaving = await bed.signIn('boss')
    const page = await leaving.get(`${connect}/${app.client_id}`)
    leaving.cookies.clear()
    const answer = await leaving.fill(page, /\/connect\/[^/]+$/, {})
    assert.equal(answer.status, 403)
    assert.doesNotMatch(answer.text, /tfq_/)
  })

  test('it is all said in German, too', async () => {
    const german = { 'accept-language': 'de' }
    const page = await admin.get(`${connect}/${app.client_id}`, german)
    assert.match(page.text, /Das darf Sample app of our own für ganz Acme Ltd/)
    const made = await admin.fill(page, /\/connect\/[^/]+$/, {}, german)
    assert.match(made.text, /Der Anfrage-Token wird nur dieses eine Mal gezeigt/)
  })
})

const tokenOf = ({ text }: Visit): string => /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? ''
