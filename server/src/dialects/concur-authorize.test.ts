/** Concur's way to a code and to an id_token, as a browser walks it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { perform } from '../kernel/kernel.ts'
import { changeUser } from '../kernel/operations/change-user.ts'
import { hashPassword } from '../keys/password.ts'
import type { TestDeployment, TestOptions } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { anOrganization, aUser } from '../testing/records.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { visitor } from '../testing/visitor.ts'

const callback = 'http://127.0.0.1:4000/callback'
const state = 'a state & more=1#2'
const publicApp = 'sample-app-without-secret'
const verifier = 'v'.repeat(43)
const challenge = {
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
}
const actor = { actor: 'tokenferry', address: undefined, requestId: undefined }

type Changes = Readonly<Record<string, string | undefined>>

let host: TestDeployment

const deployed = async (options: TestOptions = {}): Promise<void> => {
  host = await testDeployment({ mounts: ['concur'], ...options })
}
const section = () => host.sections.concur as unknown as Readonly<Record<string, string>>
const clientId = () => section().trusted_client_id ?? ''

const hub = (changes: Changes = {}): string => {
  const asked = {
    client_id: clientId(),
    redirect_uri: callback,
    response_type: 'code',
    scope: 'EXPRPT openid',
    state,
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.append(name, value)
  return `/concur/oauth2/v0/authorize?${query}`
}

/** What came to the app, and where in its address. */
function told({ status, location = '' }: Visit): { readonly query: Changes; readonly fragment: Changes } {
  assert.equal(status, 303)
  const { origin, pathname, searchParams, hash } = new URL(location)
  assert.equal(origin + pathname, callback, 'nobody is sent anywhere else')
  return {
    query: Object.fromEntries(searchParams),
    fragment: Object.fromEntries(new URLSearchParams(hash.slice(1))),
  }
}

async function signedIn(username = section().username ?? '', password = section().password ?? '') {
  const user = visitor(host.app)
  await user.fill(await user.get(hub()), /sign-in/, { username, password })
  return user
}

const allow = async (user: Visitor, path: string, fields: Changes = {}): Promise<Visit> => {
  const page = await user.get(path)
  assert.equal(page.status, 200, page.location)
  return user.fill(page, /authorize/, { decision: 'allow', ...(fields as Record<string, string>) })
}

const redeem = (code: string | undefined, changes: Readonly<Record<string, string>> = {}) =>
  host.request('/concur', {
    path: '/oauth2/v0/token',
    body: {
      client_id: clientId(),
      client_secret: section().trusted_client_secret ?? '',
      grant_type: 'authorization_code',
      redirect_uri: callback,
      ...(code !== undefined && { code }),
      ...changes,
    },
  })

const claimsOf = (token = ''): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

const countOf = async (table: string): Promise<unknown> =>
  (await host.deployment.database.query(`select count(*) as n from ${table}`, []))[0]?.n

/** A user of these organizations, who can sign in. */
async function addUser(id: string, organizations: readonly string[], region?: string): Promise<Visitor> {
  const passwordHash = await hashPassword('a password')
  for (const one of organizations)
    await host.deployment.store.commit([
      { write: 'put_organization', organization: anOrganization({ id: one, name: `The ${one}` }) },
    ])
  const user = aUser({ id, username: id, passwordHash, region })
  await host.deployment.store.commit([{ write: 'put_user', user, organizations }])
  return signedIn(id, 'a password')
}

suite('concur: the way to a code', () => {
  before(() => deployed())
  after(() => host.close())

  test('the answer says where the user lives, the code, and the state as it came', async () => {
    const user = await signedIn()
    const answer = told(await allow(user, hub()))
    const { code = '', ...others } = answer.query
    assert.deepEqual(others, { geolocation: 'http://127.0.0.1:4000/concur', state })
    assert.deepEqual(answer.fragment, {})
    const tokens = await redeem(code)
    assert.equal(tokens.status, 200, tokens.text)
    assert.equal(tokens.json.scope, 'EXPRPT openid')
    assert.equal(tokens.json.geolocation, 'http://127.0.0.1:4000/concur')
    assert.equal(claimsOf(String(tokens.json.id_token)).auth_time, host.clock.now / 1000)
    const again = await redeem(code)
    assert.deepEqual([again.json.code, again.json.error], [103, 'invalid_request'])
  })

  test('a lost answer is had again by the same request, and nothing is asked', async () => {
    const user = await addUser('lost', ['company'])
    const first = told(await allow(user, hub())).query
    for (const prompt of [undefined, 'none']) {
      const again = told(await user.get(hub({ prompt }))).query
      assert.ok(again.code && again.code !== first.code)
    }
    assert.equal((await user.get(hub({ prompt: 'consent' }))).status, 200)
    const wider = told(await user.get(hub({ prompt: 'none', scope: 'LIST' }))).query
    assert.equal(wider.error_code, '135')
    assert.match(wider.error_description ?? '', /prompt=none forbids/)
  })

  test('what the app leaves out means nothing: state, scope, hints; and offline access wants to be named', async () => {
    const user = await addUser('plain', ['company'])
    const hints = { max_age: '3600', login_hint: 'somebody', display: 'popup', ui_locales: 'de' }
    const page = await user.get(hub({ state: undefined, scope: undefined, ...hints }))
    assert.doesNotMatch(page.text, /offline_access/)
    const answer = told(await user.fill(page, /authorize/, { decision: 'allow' })).query
    assert.deepEqual(Object.keys(answer).sort(), ['code', 'geolocation'])
    assert.match(String((await redeem(answer.code)).json.scope), /^EXPRPT LIST BANK CCARD openid/)
    const asked = await user.get(hub({ scope: undefined, prompt: 'consent' }))
    assert.match(asked.text, /name="scopes" value="offline_access"/)
  })

  test('a code is good for its own app, with its own address, once, and for five minutes', async () => {
    const user = await signedIn()
    const coded = async () => told(await user.get(hub())).query.code
    await allow(user, hub({ prompt: 'consent' }))
    const numberOf = async (asked: ReturnType<typeof redeem>) => (await asked).json.code
    assert.equal(await numberOf(redeem(undefined)), 101)
    assert.equal(await numberOf(redeem(await coded(), { redirect_uri: '' })), 102)
    assert.equal(await numberOf(redeem('unheard-of')), 103)
    const elsewhere = await redeem(await coded(), { redirect_uri: `${callback}/other` })
    assert.deepEqual([elsewhere.json.code, elsewhere.json.error], [104, 'invalid_grant'])
    const { client_id = '', client_secret = '' } = section()
    const others = await redeem(await coded(), { client_id, client_secret })
    assert.deepEqual([others.json.code, others.json.error], [105, 'invalid_grant'])
    const old = await coded()
    host.clock.advance(299_999)
    const young = await coded()
    host.clock.advance(1)
    assert.equal(await numberOf(redeem(old)), 103)
    assert.equal((await redeem(young)).status, 200)
  })

  test('an app without a secret needs a challenge, and its code the verifier', async () => {
    const user = await addUser('careful', ['company'])
    const app = { client_id: publicApp, scope: 'EXPRPT' }
    assert.equal(told(await user.get(hub(app))).query.error_code, '135')
    const plain = { ...app, code_challenge: verifier, code_challenge_method: 'plain' }
    assert.equal(told(await user.get(hub(plain))).query.error_code, '135')
    const { code } = told(await allow(user, hub({ ...app, ...challenge }))).query
    const asked = { client_id: publicApp, client_secret: '' }
    assert.equal((await redeem(code, asked)).json.code, 103)
    assert.equal((await redeem(code, { ...asked, code_verifier: 'w'.repeat(43) })).json.code, 103)
    assert.equal((await redeem(code, { ...asked, code_verifier: verifier })).status, 200)
    const trusted = told(await allow(user, hub(challenge))).query
    assert.equal((await redeem(trusted.code)).json.code, 103)
    assert.equal((await redeem(trusted.code, { code_verifier: verifier })).status, 200)
  })
})

suite('concur: an id_token in the answer', () => {
  before(() => deployed())
  after(() => host.close())

  test('alone, it says who the user is and when they signed in, and makes neither code nor grant', async () => {
    const user = await signedIn()
    const since = host.clock.now / 1000
    host.clock.advance(60_000)
    const path = hub({ response_type: 'id_token', nonce: 'n-1' })
    const answer = told(await allow(user, path))
    assert.deepEqual(answer.query, {})
    const { id_token, ...others } = answer.fragment
    assert.deepEqual(others, { geolocation: 'http://127.0.0.1:4000/concur', state })
    const claims = claimsOf(id_token)
    const { store } = host.deployment
    const alice = await store.findUserByUsername(section().username ?? '')
    assert.deepEqual(
      [claims.iss, claims.aud, claims.sub, claims.nonce, claims.auth_time, claims.c_hash, claims.iat],
      ['http://127.0.0.1:4000/concur', clientId(), alice?.id, 'n-1', since, undefined, since + 60],
    )
    assert.deepEqual([await countOf('codes'), await countOf('grants')], [0, 0])
    const again = told(await user.get(path)).fragment
    assert.equal(claimsOf(again.id_token).nonce, 'n-1')
    assert.equal(await countOf('codes'), 0)
    // It is no access token, wherever it is shown.
    const headers = { authorization: `Bearer ${id_token}` }
    const shown = await host.request('/concur', { method: 'GET', path: '/oauth2/v0/userinfo', headers })
    assert.equal(shown.status, 401)
  })

  test('beside a code it is bound to the code, in whichever order the two are asked for', async () => {
    const user = await addUser('both', ['company'])
    await allow(user, hub())
    for (const response_type of ['code id_token', 'id_token code']) {
      const { query, fragment } = told(await user.get(hub({ response_type, nonce: 'n-2' })))
      assert.deepEqual(query, {})
      const digest = createHash('sha256')
        .update(fragment.code ?? '')
        .digest()
      assert.equal(claimsOf(fragment.id_token).c_hash, digest.subarray(0, 16).toString('base64url'))
      const tokens = await redeem(fragment.code)
      assert.equal(tokens.status, 200, tokens.text)
      const second = claimsOf(String(tokens.json.id_token))
      assert.deepEqual([second.nonce, second.sub], ['n-2', claimsOf(fragment.id_token).sub])
    }
  })

  test('the keys that the server publishes verify it', async () => {
    const user = await addUser('verified', ['company'])
    await allow(user, hub())
    const { fragment } = told(await user.get(hub({ response_type: 'id_token', nonce: 'n-3' })))
    const keys = await host.request('/concur', { method: 'GET', path: '/oauth2/v0/jwks' })
    const { payload } = await jwtVerify(fragment.id_token ?? '', createLocalJWKSet(keys.json as never), {
      issuer: 'http://127.0.0.1:4000/concur',
      audience: clientId(),
      currentDate: new Date(host.clock.now),
    })
    assert.equal(payload.sub, 'verified')
  })
})

suite('concur: what is refused at the page, and how', () => {
  before(() => deployed())
  after(() => host.close())

  const refused: readonly (readonly [string, Changes, RegExp])[] = [
    ['117', { response_type: 'id_token' }, /^nonce is mandatory for this response_type$/],
    ['117', { response_type: 'id_token code' }, /^nonce is mandatory/],
    ['118', { display: 'hologram' }, /^display is invalid$/],
    ['119', { prompt: 'create' }, /^prompt is invalid$/],
    ['119', { prompt: 'login unheard-of' }, /^prompt is invalid$/],
    ['119', { prompt: 'none login' }, /^prompt is invalid$/],
    ['119', { scope: 'openid offline_access' }, /^prompt must be set to consent for offline_access$/],
    ['119', { scope: 'offline_access', prompt: 'login' }, /^prompt must be set to consent/],
    ['54', { scope: 'EXPRPT TRVREQ' }, /^requested scope exceeds granted scope$/],
    ['135', { scope: '"' }, /^unsupported request format: .*\(scope\)/],
    [
      '135',
      { response_type: undefined },
      /^unsupported request format: .*Accepted: code, id_token, code id_token/,
    ],
    ['135', { response_type: 'token' }, /^unsupported request format: .*response_type/],
    ['135', { response_type: 'code id_token token', nonce: 'n' }, /response_type/],
    ['135', { response_type: 'code code' }, /response_type/],
    ['135', { max_age: 'soon' }, /max_age/],
    ['135', { prompt: 'none' }, /prompt=none forbids/],
  ]
  for (const [number, changes, description] of refused) {
    test(`${JSON.stringify(changes)} is refused with ${number}`, async () => {
      const { query, fragment } = told(await visitor(host.app).get(hub(changes)))
      const words = (changes.response_type ?? '').split(' ')
      const isInFragment = words.includes('id_token') || words.includes('token')
      const [here, there] = isInFragment ? [fragment, query] : [query, fragment]
      assert.deepEqual(there, {})
      assert.equal(here.error_code, number)
      assert.match(here.error_description ?? '', description)
      assert.equal(here.state, state)
      assert.deepEqual(Object.keys(here).sort(), ['error', 'error_code', 'error_description', 'state'])
    })
  }

  test('a user who refuses sends the app away with 12, where the answer would have been', async () => {
    const user = await signedIn()
    for (const [response_type, part] of [
      ['code', 'query'],
      ['code id_token', 'fragment'],
    ] as const) {
      const page = await user.get(hub({ response_type, nonce: 'n' }))
      const answer = told(await user.fill(page, /authorize/, { decision: 'cancel' }))[part]
      assert.deepEqual(answer, {
        error: 'access_denied',
        error_code: '12',
        error_description: 'Logon Denied. Please contact support',
        state,
      })
    }
  })

  test('with prompt=consent offline access is asked for, each time anew', async () => {
    const user = await addUser('offline', ['company'])
    const asked = { scope: 'openid offline_access', prompt: 'consent' }
    for (let time = 0; time < 2; time += 1) {
      const { code } = told(await allow(user, hub(asked))).query
      assert.equal((await redeem(code)).json.scope, 'openid offline_access')
    }
  })

  test('without a known app and its own address nobody is sent anywhere, and nothing of the request is shown', async () => {
    const evil = 'https://evil.example/"><script>alert(1)</script>'
    for (const changes of [
      { client_id: undefined },
      { client_id: 'unheard-of' },
      { redirect_uri: undefined },
      { redirect_uri: 'https://evil.example/' },
      { redirect_uri: `${callback}?x=1` },
      { redirect_uri: `${callback}#x` },
      { redirect_uri: 'http://127.0.0.1:4000@evil.example/callback' },
      { redirect_uri: evil, error_description: evil, state: evil },
    ]) {
      const page = await visitor(host.app).get(hub({ ...changes, response_type: 'id_token' }))
      assert.equal(page.status, 400)
      assert.equal(page.location, undefined)
      assert.doesNotMatch(page.text, /evil|<script/)
    }
  })

  test('no state and no mistake adds anything to an answer that the app did not send and we did not say', async () => {
    const user = await addUser('injected', ['company'])
    await allow(user, hub())
    const split = '\r\nLocation: https://evil.example'
    const page = await user.get(hub({ state: split }))
    assert.deepEqual([page.status, page.location], [400, undefined])
    for (const odd of [
      'x&code=evil&id_token=evil',
      '#id_token=evil',
      '%23id_token=evil&geolocation=https://evil.example',
      '"><script>alert(1)</script>',
    ]) {
      const coded = told(await user.get(hub({ state: odd })))
      assert.deepEqual(Object.keys(coded.query).sort(), ['code', 'geolocation', 'state'])
      assert.deepEqual([coded.query.state, coded.fragment], [odd, {}])
      const identified = told(await user.get(hub({ state: odd, response_type: 'id_token', nonce: odd })))
      assert.deepEqual(Object.keys(identified.fragment).sort(), ['geolocation', 'id_token', 'state'])
      assert.deepEqual([identified.fragment.state, identified.query], [odd, {}])
      assert.equal(claimsOf(identified.fragment.id_token).nonce, odd)
      const twice = told(
        await user.get(
          `${hub()}&${new URLSearchParams([
            [odd, '1'],
            [odd, '2'],
          ])}`,
        ),
      )
      assert.deepEqual(Object.keys(twice.query).sort(), ['error', 'error_code', 'error_description', 'state'])
    }
  })
})

suite('concur: users and companies that may not', () => {
  before(() => deployed())
  after(() => host.close())

  const numberFor = async (user: Visitor, changes: Changes = {}) =>
    told(await user.get(hub(changes))).query.error_code

  test('a user who may not use the app: 12; a company that has taken it out: 13', async () => {
    const { store } = host.deployment
    const barred = await addUser('barred', ['barring'])
    const at = host.clock.now
    await store.commit([{ write: 'bar_user', userId: 'barred', clientId: clientId(), at, actor }])
    assert.equal(await numberFor(barred), '12')
    await store.commit([{ write: 'unbar_user', userId: 'barred', clientId: clientId() }])
    const page = await barred.get(hub())
    assert.equal(page.status, 200)
    const bar = { write: 'bar_client', clientId: clientId(), by: undefined, at, actor } as const
    await store.commit([{ ...bar, organizationId: 'barring' }])
    assert.equal(await numberFor(barred), '13')
    // Whoever was shown the page before is told when they press the button.
    const late = told(await barred.fill(page, /authorize/, { decision: 'allow' }))
    assert.equal(late.query.error_code, '13')
    const shown = told(await barred.get(hub({ response_type: 'id_token', nonce: 'n' })))
    assert.equal(shown.fragment.error_code, '13')
  })

  test('a company that is disabled: 11; one that does not allow the address: 20', async () => {
    const { store } = host.deployment
    const over = await addUser('over', ['closed'])
    await store.commit([{ write: 'set_status', record: 'organizations', id: 'closed', status: 'disabled' }])
    assert.equal(await numberFor(over), '11')
    const away = await addUser('away', ['walled'])
    const walled = (allowedAddresses: readonly string[]) =>
      store.commit([
        { write: 'put_organization', organization: anOrganization({ id: 'walled', allowedAddresses }) },
      ])
    await walled(['192.0.2.0/24'])
    assert.equal(await numberFor(away), '20')
    await walled(['192.0.2.0/24', '127.0.0.0/8'])
    assert.equal((await away.get(hub())).status, 200)
  })

  test('of several companies those that may not are not offered, and the last one that may is asked about', async () => {
    const { store } = host.deployment
    const user = await addUser('many', ['one', 'two', 'three'])
    const bar = { write: 'bar_client', clientId: clientId(), by: undefined, actor } as const
    await store.commit([{ ...bar, organizationId: 'one', at: host.clock.now }])
    const page = await user.get(hub())
    assert.doesNotMatch(page.text, /The one/)
    assert.match(page.text, /type="radio" name="organization" value="three"/)
    await store.commit([{ write: 'set_status', record: 'organizations', id: 'two', status: 'disabled' }])
    const last = await user.get(hub())
    assert.match(last.text, /type="hidden" name="organization" value="three"/)
    const refused = await user.fill(page, /authorize/, { decision: 'allow', organization: 'one' })
    assert.equal(refused.status, 400)
  })

  test('whoever belongs to no company allows the app for themselves, and the page names none', async () => {
    const user = await addUser('alone', [])
    const page = await user.get(hub())
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text, /organization/i)
    const { code } = told(await user.fill(page, /authorize/, { decision: 'allow' })).query
    const tokens = await redeem(code)
    assert.equal(claimsOf(String(tokens.json.access_token)).sub, 'alone')
  })

  test('where companies must let an app in, one that has not: 53', async () => {
    const { store } = host.deployment
    const user = await addUser('early', ['cautious'])
    const seen = await store.findClient(clientId())
    assert.ok(seen)
    const strict = { ...seen, policy: { ...seen.policy, organizations: 'enabled' as const } }
    await store.commit([{ write: 'change_client', client: strict, seen }])
    assert.equal(await numberFor(user), '53')
    assert.equal(await numberFor(await addUser('loner', [])), '53')
    const enable = { write: 'enable_client', clientId: clientId(), by: undefined } as const
    await store.commit([{ ...enable, organizationId: 'cautious', at: host.clock.now }])
    assert.equal((await user.get(hub())).status, 200)
  })
})

suite('concur: users who live elsewhere', () => {
  before(() =>
    deployed({
      config: { region: 'us', regions: { us: 'http://127.0.0.1:4000', eu: 'http://127.0.0.1:4001' } },
    }),
  )
  after(() => host.close())

  test('sign in anywhere; their code is good where they live alone, and nothing used it up before', async () => {
    const user = await addUser('away', ['company'], 'eu')
    const { code, geolocation } = told(await allow(user, hub())).query
    assert.equal(geolocation, 'http://127.0.0.1:4001/concur')
    for (let time = 0; time < 2; time += 1) {
      const here = await redeem(code)
      assert.deepEqual(here.json, {
        code: 16,
        error: 'invalid_request',
        error_description: 'user lives elsewhere',
        geolocation,
      })
    }
    const moveTo = async (region: string) => {
      const input = { userId: 'away', change: { region }, actor }
      assert.ok('granted' in (await perform(changeUser, input, host.deployment.world)))
    }
    await moveTo('us')
    const tokens = await redeem(code)
    assert.equal(tokens.status, 200, tokens.text)
    const refresh = () =>
      redeem(undefined, {
        grant_type: 'refresh_token',
        refresh_token: String(tokens.json.refresh_token),
      })
    await moveTo('eu')
    const elsewhere = await refresh()
    assert.deepEqual([elsewhere.json.code, elsewhere.json.geolocation], [16, geolocation])
    await moveTo('us')
    assert.equal((await refresh()).status, 200)
  })
})
