/** The whole way through the pages, as a browser without JavaScript walks it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import { hashPassword } from '../keys/password.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

type Section = Readonly<Record<string, string>>

let host: TestDeployment
let code: Section
let standard: Section

before(async () => {
  host = await testDeployment({ mounts: ['code', 'standard'] })
  code = host.sections.code as unknown as Section // The members that are read here are texts.
  standard = host.sections.standard as unknown as Section
})
after(() => host.close())

const hub = (section: Section, changes: Readonly<Record<string, string | undefined>> = {}): string => {
  const asked = {
    client_id: section.client_id,
    redirect_uri: section.redirect_uri,
    response_type: 'code',
    scope: 'read',
    state: 'a state & more',
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.append(name, value)
  return `${section.prefix}/oauth2/authorize?${query}`
}

const signIn = (user: Visitor, page: Visit, section: Section): Promise<Visit> =>
  user.fill(page, /sign-in/, { username: section.username ?? '', password: section.password ?? '' })

/** Signed in, before the consent page or, where all was allowed before, on the way back to the app. */
async function arrive(section: Section, path: string, user = visitor(host.app)): Promise<[Visitor, Visit]> {
  const signedIn = await signIn(user, await user.get(path), section)
  assert.equal(signedIn.status, 303)
  return [user, await user.get(signedIn.location ?? '')]
}

const told = (visit: Visit): URLSearchParams => new URL(visit.location ?? '').searchParams

const redeem = (section: Section, answered: string | null, changes: Readonly<Record<string, string>> = {}) =>
  host.request(section.prefix ?? '', {
    path: '/oauth2/token',
    body: {
      grant_type: 'authorization_code',
      client_id: section.client_id ?? '',
      client_secret: section.client_secret ?? '',
      redirect_uri: section.redirect_uri ?? '',
      code: answered ?? '',
      ...changes,
    },
  })

suite('pages: the way to a code', () => {
  test('a user signs in, allows the app, and the app gets its tokens', async () => {
    const [user, page] = await arrive(code, hub(code, { scope: 'read profile' }))
    assert.equal(page.status, 200)
    assert.match(page.text, /Allow Sample app\?/)
    assert.match(page.text, /<li>read<\/li>\s*<li>profile<\/li>/)
    assert.match(page.text, /Signed in as Alice Sample \(alice\.code\)\./)
    const allowed = await user.fill(page, /authorize/, { decision: 'allow' })
    assert.equal(allowed.status, 303)
    assert.ok(allowed.location?.startsWith(`${code.redirect_uri}?`))
    const said = told(allowed)
    assert.equal(said.get('state'), 'a state & more')
    assert.equal(said.get('iss'), 'http://127.0.0.1:4000/code')

    const tokens = await redeem(code, said.get('code'))
    assert.equal(tokens.status, 200, tokens.text)
    assert.equal(tokens.json.expires_in, 1_209_600)
    assert.equal(tokens.json.scope, 'read profile')
    assert.equal(tokens.json.token_type, 'Bearer')

    const refreshed = await host.request('/code', {
      path: '/oauth2/token',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'refresh_token',
        client_id: code.client_id,
        client_secret: code.client_secret,
        refresh_token: tokens.json.refresh_token,
        scope: 'profile',
      }),
    })
    assert.equal(refreshed.status, 200, refreshed.text)
    assert.equal(refreshed.json.scope, 'profile')
    assert.notEqual(refreshed.json.refresh_token, tokens.json.refresh_token)
    const twice = await redeem(code, said.get('code'))
    assert.equal(twice.status, 400)
    assert.equal(twice.json.error, 'invalid_code')
  })

  test('what was allowed before is not asked again, so a lost code is recovered by another redirect', async () => {
    const [, first] = await arrive(code, hub(code))
    assert.equal(first.status, 303)
    assert.ok(told(first).get('code'))
    const [user, wider] = await arrive(code, hub(code, { scope: 'read write' }))
    assert.equal(wider.status, 200)
    assert.match(wider.text, /<li>write<\/li>/)
    assert.equal((await user.get(hub(code, { prompt: 'consent' }))).status, 200)
    const unasked = await user.get(hub(code, { prompt: 'none' }))
    assert.ok(told(unasked).get('code'))
    const tooMuch = await user.get(hub(code, { prompt: 'none', scope: 'read write' }))
    assert.equal(told(tooMuch).get('error'), 'interaction_required')
  })

  test('what the user takes back ends every token of the app, and allowing it again revives none', async () => {
    const { store } = host.deployment
    const refresh = (token: unknown) =>
      host.request('/code', {
        path: '/oauth2/token',
        body: {
          grant_type: 'refresh_token',
          client_id: code.client_id ?? '',
          client_secret: code.client_secret ?? '',
          refresh_token: String(token),
        },
      })
    const [user, first] = await arrive(code, hub(code))
    const tokens = await redeem(code, told(first).get('code'))
    const unused = told(await user.get(hub(code))).get('code')
    const alice = await store.findUserByUsername(code.username ?? '')
    const connection = await store.findConnection(code.client_id ?? '', alice?.id ?? '', '')
    assert.ok(connection)
    await store.commit([{ write: 'revoke_connection', connection }])

    assert.equal((await refresh(tokens.json.refresh_token)).json.error, 'invalid_token')
    assert.equal((await redeem(code, unused)).json.error, 'invalid_code')
    const page = await user.get(hub(code))
    assert.equal(page.status, 200)
    const again = await user.fill(page, /authorize/, { decision: 'allow' })
    assert.equal((await refresh(tokens.json.refresh_token)).json.error, 'invalid_token')
    assert.equal((await redeem(code, told(again).get('code'))).status, 200)
  })

  test('an app may act for a user in the organization that the user chooses', async () => {
    const company = await testDeployment({ mounts: ['pipedrive'] })
    const { store } = company.deployment
    const app = company.sections.pipedrive as unknown as Section // The members that are read here are texts.
    const bob = {
      id: 'bob',
      username: 'bob',
      email: undefined,
      name: undefined,
      passwordHash: await hashPassword('a password'),
      status: 'enabled',
      language: undefined,
      lockedUntil: undefined,
      region: undefined,
    } as const
    for (const id of ['first', 'second']) {
      const apiDomain = `https://${id}.example`
      const organization = {
        id,
        name: `The ${id}`,
        region: undefined,
        apiDomain,
        status: 'enabled',
        allowedAddresses: [],
      } as const
      await store.commit([{ write: 'put_organization', organization }])
    }
    await store.commit([{ write: 'put_user', user: bob, organizations: ['first', 'second'] }])
    const user = visitor(company.app)
    const asked = new URLSearchParams({
      client_id: app.client_id ?? '',
      redirect_uri: app.redirect_uri ?? '',
    })
    const path = `/pipedrive/oauth/authorize?${asked}`
    await user.fill(await user.get(path), /sign-in/, { username: 'bob', password: 'a password' })
    const page = await user.get(path)
    const unchosen = await user.fill(page, /authorize/, { decision: 'allow' })
    assert.equal(unchosen.status, 400)
    assert.match(unchosen.text, /role="alert">Choose an organization\./)
    const strange = await user.fill(page, /authorize/, { decision: 'allow', organization: 'third' })
    assert.equal(strange.status, 400)
    const allowed = await user.fill(page, /authorize/, { decision: 'allow', organization: 'second' })
    const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString('base64')
    const tokens = await company.request('/pipedrive', {
      path: '/oauth/token',
      headers: { authorization: `Basic ${basic}` },
      body: {
        grant_type: 'authorization_code',
        code: told(allowed).get('code') ?? '',
        redirect_uri: app.redirect_uri ?? '',
      },
    })
    await company.close()
    assert.equal(tokens.status, 200, tokens.text)
    assert.equal(tokens.json.api_domain, 'https://second.example')
  })

  test('a user who cancels sends the app away with access_denied', async () => {
    const [user, page] = await arrive(code, hub(code, { scope: 'write' }))
    const cancelled = await user.fill(page, /authorize/, { decision: 'cancel' })
    assert.equal(told(cancelled).get('error'), 'access_denied')
    assert.equal(told(cancelled).get('state'), 'a state & more')
    assert.equal(told(cancelled).get('code'), null)
    assert.equal((await user.get(hub(code, { scope: 'write' }))).status, 200)
  })

  test('an app without a secret needs a challenge, and its code the verifier', async () => {
    const clientId = standard.public_client_id ?? ''
    const app: Section = { ...standard, client_id: clientId }
    const verifier = 'v'.repeat(43)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const user = visitor(host.app)
    const errorOf = async (changes: Readonly<Record<string, string>>) =>
      told(await user.get(hub(app, changes))).get('error_description')
    assert.match((await errorOf({})) ?? '', /code_challenge/)
    assert.match((await errorOf({ code_challenge: verifier, code_challenge_method: 'plain' })) ?? '', /S256/)
    assert.match((await errorOf({ code_challenge: challenge })) ?? '', /code_challenge_method/)

    const path = hub(app, { code_challenge: challenge, code_challenge_method: 'S256' })
    const [signedIn, page] = await arrive(app, path)
    const allowed = await signedIn.fill(page, /authorize/, { decision: 'allow' })
    const body = {
      grant_type: 'authorization_code',
      client_id: clientId,
      redirect_uri: app.redirect_uri ?? '',
      code: told(allowed).get('code') ?? '',
    }
    const without = await host.request('', { path: '/oauth2/token', body })
    assert.equal(without.json.error, 'invalid_grant')
    const tokens = await host.request('', {
      path: '/oauth2/token',
      body: { ...body, code_verifier: verifier },
    })
    assert.equal(tokens.status, 200, tokens.text)
    // RFC 8252 §8.6: another program on the same machine could ask in its name.
    assert.equal((await signedIn.get(path)).status, 200)
  })
})

suite('pages: what an app is told, and what only the user', () => {
  test('until client and address are known to be good, nobody is sent anywhere', async () => {
    const user = visitor(host.app)
    const bad = [
      hub(code, { client_id: undefined }),
      hub(code, { client_id: 'unheard-of' }),
      hub(code, { client_id: standard.client_id }),
      hub(code, { redirect_uri: undefined }),
      hub(code, { redirect_uri: 'https://evil.example/callback' }),
      hub(code, { redirect_uri: `${code.redirect_uri}/more` }),
      hub(code, { redirect_uri: `${code.redirect_uri}?more=1` }),
      `${hub(code)}&redirect_uri=https://evil.example/`,
      `${hub(code)}&client_id=${code.client_id}`,
      `${hub(code)}&state=%zz`,
      `${hub(code)}&scope=%00`,
    ]
    for (const path of bad) {
      const page = await user.get(path)
      assert.equal(page.status, 400, path)
      assert.equal(page.location, undefined)
      assert.match(String(page.headers['content-type']), /^text\/html/)
      assert.match(page.text, /role="alert"/)
      assert.doesNotMatch(page.text, /evil/)
    }
  })

  test('every later error goes back to the app, in the words of its dialect', async () => {
    const user = visitor(host.app)
    const errors: readonly (readonly [string, string])[] = [
      [hub(code, { response_type: undefined }), 'invalid_request'],
      [hub(code, { response_type: 'token' }), 'unsupported_response_type'],
      [hub(code, { scope: '"' }), 'invalid_scope'],
      [hub(code, { scope: 'admin' }), 'forbidden_scope'],
      [hub(standard, { scope: 'admin' }), 'invalid_scope'],
      [hub(standard, { resource: 'no address' }), 'invalid_target'],
      [`${hub(standard)}${`&resource=https://api.example/${'x'.repeat(470)}`.repeat(5)}`, 'invalid_target'],
      [`${hub(code)}&scope=write`, 'invalid_request'],
      [hub(code, { prompt: 'none consent' }), 'invalid_request'],
      [hub(code, { prompt: 'none' }), 'interaction_required'],
    ]
    for (const [path, error] of errors) {
      const away = await user.get(path)
      assert.equal(away.status, 303, path)
      assert.equal(told(away).get('error'), error, path)
      assert.ok(told(away).get('error_description'))
      assert.equal(told(away).get('state'), 'a state & more')
      assert.ok(told(away).get('iss'))
    }
  })

  test('an address of the standard dialect may be left out where just one is registered', async () => {
    const [user, page] = await arrive(standard, hub(standard, { redirect_uri: undefined }))
    const allowed = await user.fill(page, /authorize/, { decision: 'allow' })
    assert.ok(allowed.location?.startsWith(`${standard.redirect_uri}?`))
    const body = { grant_type: 'authorization_code', code: told(allowed).get('code') ?? '' }
    const basic = Buffer.from(`${standard.client_id}:${standard.client_secret}`).toString('base64')
    const headers = { authorization: `Basic ${basic}` }
    const tokens = await host.request('', { path: '/oauth2/token', body, headers })
    assert.equal(tokens.status, 200, tokens.text)
  })

  test('a disabled app is told to nobody but the user', async () => {
    const { store } = host.deployment
    const client = await store.findClient(code.client_id ?? '')
    assert.ok(client)
    const disabled = { ...client, status: 'disabled' } as const
    await store.commit([{ write: 'change_client', client: disabled, seen: client }])
    const page = await visitor(host.app).get(hub(code))
    await store.commit([{ write: 'change_client', client, seen: disabled }])
    assert.equal(page.status, 400)
    assert.match(page.text, /disabled/)
  })
})

suite('pages: addresses', () => {
  test('a forged Host or forwarded header changes no link, no issuer and no redirect', async () => {
    const forged = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    }
    const user = visitor(host.app)
    const page = await user.get(hub(code), forged)
    assert.doesNotMatch(page.text + JSON.stringify(page.headers), /evil/)
    const [form] = formsOf(page.text)
    const fields = { ...form?.hidden, username: code.username ?? '', password: code.password ?? '' }
    const signedIn = await user.post('/sign-in', fields, forged)
    assert.ok(signedIn.location?.startsWith('/code/oauth2/authorize?'))
    const away = await user.get(signedIn.location ?? '', forged)
    assert.equal(told(away).get('iss'), 'http://127.0.0.1:4000/code')
  })

  test('under a public address with a path, links and redirects carry that path', async () => {
    const below = await testDeployment({
      mounts: ['code'],
      config: { public_url: 'https://auth.example/below/' },
    })
    const section = below.sections.code as unknown as Section // The members that are read here are texts.
    const user = visitor(below.app)
    const page = await user.get(hub(section))
    const [form] = formsOf(page.text)
    assert.equal(form?.action, '/below/sign-in')
    assert.match(page.text, /href="\/below\/assets\/pages\.css/)
    assert.match(
      String(page.headers['set-cookie']),
      /^__Host-tokenferry_form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    const fields = { ...form?.hidden, username: section.username ?? '', password: section.password ?? '' }
    const signedIn = await user.post('/sign-in', fields)
    await below.close()
    assert.ok(signedIn.location?.startsWith('/below/code/oauth2/authorize?'))
  })

  test('a form leads back to nothing but a page of this server', async () => {
    const user = visitor(host.app)
    const [form] = formsOf((await user.get(hub(code))).text)
    const fields = { ...form?.hidden, username: code.username ?? '', password: code.password ?? '' }
    const elsewhere = [
      'https://evil.example/',
      '//evil.example/code/oauth2/authorize?',
      '/\\evil.example/?',
      '/code/oauth2/authorize/../../x?',
      '/sign-in?',
      '/code/oauth2/authorize',
      '',
    ]
    for (const return_to of elsewhere) {
      const answer = await user.post('/sign-in', { ...fields, return_to })
      assert.equal(answer.status, 403, return_to)
      assert.equal(answer.location, undefined)
      assert.match(answer.text, /href="\/account\/apps"/)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
  })

  test('every authorize page of every dialect answers in HTML', async () => {
    const everywhere = await testDeployment({ seed: false })
    const withPage = dialects.filter(({ authorize }) => authorize)
    for (const { name, authorize } of withPage) {
      const prefix = name === 'standard' ? '' : `/${name}`
      const page = await everywhere.app.inject(`${prefix}${authorize?.path}`)
      assert.equal(page.statusCode, 400)
      assert.match(String(page.headers['content-type']), /^text\/html/)
    }
    await everywhere.close()
    assert.ok(withPage.length >= 2)
  })
})
