import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { JWTPayload } from 'jose'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Client } from '../kernel/records.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

const base = 'http://127.0.0.1:4000/concur'
const scopes = ['EXPRPT', 'LIST', 'BANK', 'CCARD']

function sampleOf({ sections }: TestDeployment) {
  assert.ok(sections.concur)
  return sections.concur
}

suite('dialect concur', () => {
  let here: TestDeployment
  let applicationToken: string
  let used = 0
  before(async () => {
    here = await testDeployment({ mounts: ['concur'] })
  })
  beforeEach(async () => {
    applicationToken = String((await ask({ grant_type: 'client_credentials' })).json.access_token)
  })
  after(() => here.close())

  function ask(form: Readonly<Record<string, string>>): Promise<TestAnswer> {
    const { client_id, client_secret } = sampleOf(here)
    const body = { client_id: String(client_id), client_secret: String(client_secret), ...form }
    return here.request('/concur', { path: '/oauth2/v0/token', body })
  }

  const refresh = (token: unknown): Promise<TestAnswer> =>
    ask({ grant_type: 'refresh_token', refresh_token: String(token) })

  function unused(list: 'legacy_tokens' | 'wsadmin_tokens'): string {
    const tokens = sampleOf(here)[list]
    assert.ok(Array.isArray(tokens))
    return String(tokens[used++])
  }

  function exchange(token: string, query = ''): Promise<TestAnswer> {
    const { client_secret, old_consumer_key } = sampleOf(here)
    return here.request('/concur', {
      path: `/appmgmt/v0/legacyApps/${old_consumer_key}/exchangeRefreshToken/me${query}`,
      headers: { authorization: `Bearer ${applicationToken}` },
      body: JSON.stringify({ token, secret: client_secret }),
    })
  }

  /** Changes the sample app for a while. */
  async function whileApp(is: Partial<Client>, then: () => Promise<void>): Promise<void> {
    const { store } = here.deployment
    const client = await store.findClient(String(sampleOf(here).client_id))
    assert.ok(client)
    const changed = { ...client, ...is }
    assert.equal(await store.commit([{ write: 'change_client', client: changed, seen: client }]), 'committed')
    await then()
    assert.equal(await store.commit([{ write: 'change_client', client, seen: changed }]), 'committed')
  }

  /** Signed by a key that the server publishes. */
  async function verified(token: unknown): Promise<JWTPayload> {
    const keys = { keys: here.deployment.keyRing.verifyingKeys(here.clock.now).map((key) => key.publicJwk) }
    const currentDate = new Date(here.clock.now)
    const { payload, protectedHeader } = await jwtVerify(String(token), createLocalJWKSet(keys), {
      currentDate,
    })
    const { typ, alg, kid, ...others } = protectedHeader
    assert.deepEqual({ typ, alg, others }, { typ: 'JWT', alg: 'RS256', others: {} })
    assert.ok(keys.keys.some((key) => key.kid === kid))
    return payload
  }

  test('a user’s access token has the claims of the example, and this server’s addresses', async () => {
    const { json } = await refresh((await exchange(unused('legacy_tokens'))).json.token)
    const { sub, jti, ...claims } = await verified(json.access_token)
    const { client_id } = sampleOf(here)
    const app = `${base}/profile/v1/apps/${client_id}`
    assert.match(String(sub), /^[0-9a-f-]{36}$/)
    assert.match(String(jti), /^[0-9a-f]{80}$/)
    assert.deepEqual(claims, {
      'concur.scopes': scopes,
      aud: '*',
      'concur.profile': `${base}/profile/v1/principals/${sub}`,
      'concur.version': 2,
      'concur.type': 'user',
      'concur.app': app,
      iss: base,
      exp: here.clock.now / 1000 + 3600,
      userURI: `${base}/profile-service/v1/users/${sub}`,
      useruuid: sub,
      nbf: here.clock.now / 1000,
      'http://127.0.0.1:4000/app': app,
      'http://127.0.0.1:4000/scopes': scopes,
      iat: here.clock.now / 1000,
      client_id,
    })
  })

  test('a company’s access token is the company’s, an app’s the app’s', async () => {
    const exchanged = await exchange(unused('wsadmin_tokens'), '?returnType=companyToken')
    const { json } = await refresh(exchanged.json.token)
    const company = await verified(json.access_token)
    const organization = await here.deployment.store.findOrganization(String(company.sub))
    assert.ok(organization)
    assert.equal(company['concur.type'], 'company')
    assert.equal(company.useruuid, undefined)

    const app = await verified(applicationToken)
    assert.equal(app['concur.type'], 'app')
    assert.equal(app.sub, sampleOf(here).client_id)
    assert.equal(app.client_id, sampleOf(here).client_id)
  })

  test('the context of an exchange is a text that says whose the token is', async () => {
    const { json } = await exchange(unused('legacy_tokens'))
    const { sub } = decodeJwt(String((await refresh(json.token)).json.access_token))
    assert.deepEqual(JSON.parse(String(json.context)), {
      userid: sub,
      cid: sampleOf(here).client_id,
      ptype: 'user',
      userURI: `${base}/profile-service/v1/users/${sub}`,
      scope: scopes.join(' '),
    })

    const exchanged = await exchange(unused('wsadmin_tokens'), '?returnType=companyToken')
    const company = decodeJwt(String((await refresh(exchanged.json.token)).json.access_token)).sub
    assert.deepEqual(JSON.parse(String(exchanged.json.context)), {
      userid: company,
      cid: sampleOf(here).client_id,
      ptype: 'company',
      userURI: `${base}/profile/v1/principals/${company}`,
      scope: scopes.join(' '),
    })
  })

  test('the geolocation is the company’s region, where that is an address', async () => {
    const exchanged = await exchange(unused('wsadmin_tokens'), '?returnType=companyToken')
    const first = await refresh(exchanged.json.token)
    assert.equal(first.json.geolocation, base)
    const { store } = here.deployment
    const id = String(decodeJwt(String(first.json.access_token)).sub)
    const organization = await store.findOrganization(id)
    assert.ok(organization)
    const region = 'https://us2.api.example'
    await store.commit([{ write: 'put_organization', organization: { ...organization, region } }])
    assert.equal((await refresh(first.json.refresh_token)).json.geolocation, region)
  })

  test('59: a disabled client hears that before anything of its parameters; it exchanges nothing', async () => {
    const legacyToken = unused('legacy_tokens')
    await whileApp({ status: 'disabled' }, async () => {
      const said = { code: 59, error: 'access_denied', error_description: 'client disabled' }
      for (const form of [{ grant_type: 'client_credentials' }, { grant_type: 'refresh_token' }]) {
        const answer = await ask(form)
        assert.deepEqual([answer.status, answer.json], [403, said])
      }
      const refused = await exchange(legacyToken)
      assert.deepEqual(
        [refused.status, refused.json],
        [400, { code: 'INVALIDAPP', message: 'Application is invalid' }],
      )
    })
    assert.equal((await exchange(legacyToken)).status, 200)
  })

  test('123: a user who was disabled refreshes no more', async () => {
    const { json } = await refresh((await exchange(unused('legacy_tokens'))).json.token)
    const id = String(decodeJwt(String(json.access_token)).sub)
    await here.deployment.store.commit([{ write: 'set_status', record: 'users', id, status: 'disabled' }])
    const answer = await refresh(json.refresh_token)
    const said = { code: 123, error: 'invalid_request', error_description: 'principal is disabled' }
    assert.deepEqual([answer.status, answer.json], [400, said])
  })

  test('INVALIDSCOPES: an old token that may do more than the app is refused, and stays exchangeable', async () => {
    const legacyToken = unused('legacy_tokens')
    await whileApp({ scopes: ['LIST'] }, async () => {
      const answer = await exchange(legacyToken)
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.json, {
        code: 'INVALIDSCOPES',
        message: 'One or more scopes requested are not a subset of the allowed scopes.',
      })
    })
    assert.equal((await exchange(legacyToken)).status, 200)
  })

  test('another app cannot exchange an old token by its own credentials', async () => {
    const legacyToken = unused('legacy_tokens')
    const { client_secret } = sampleOf(here)
    const answer = await here.request('/concur', {
      path: '/v0/legacyApps/OldKeyOfAnotherApp0000/exchangeRefreshToken/me',
      headers: { authorization: `Bearer ${applicationToken.slice(0, -2)}AA` },
      body: JSON.stringify({ token: legacyToken, secret: client_secret }),
    })
    assert.deepEqual(answer.json, { code: 'UNAUTHORIZED', message: 'Invalid credentials' })
    assert.equal((await exchange(legacyToken)).status, 200)
  })

  test('twenty workers refresh a shared token before every call: they hear the same, and the grant is alive', async () => {
    let shared = (await exchange(unused('legacy_tokens'))).json.token
    for (let second = 0; second <= 80; second += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(shared)))
      const [next, ...others] = new Set(answers.map(({ json }) => json.refresh_token))
      assert.ok(answers.every(({ status }) => status === 200))
      assert.equal(others.length, 0)
      // Changed by the first call, and again a minute later.
      assert.equal(next !== shared, second === 0 || second === 60)
      shared = next
      here.clock.advance(20_000)
    }
  })

  test('every answer carries a correlation id of its own', async () => {
    const answers = [await ask({}), await ask({}), await exchange('unheard-of')]
    const ids = new Set(answers.map(({ headers }) => headers['concur-correlationid']))
    assert.equal(ids.size, answers.length)
    assert.ok(!ids.has(undefined))
  })

  test('the header names the key, so that a verifier need not try them all', () => {
    assert.ok(decodeProtectedHeader(applicationToken).kid)
  })
})

test('dialect concur: the operator sets the status of a code, and trouble stays 503', async () => {
  const here = await testDeployment({ mounts: ['concur'], policy: { statuses: { '61': 400, '503': 400 } } })
  const request = () =>
    here.request('/concur', {
      path: '/oauth2/v0/token',
      body: { client_id: 'nobody', client_secret: 'wrong', grant_type: 'client_credentials' },
    })
  const refused = await request()
  assert.deepEqual([refused.status, refused.json.code], [400, 61])
  const { client_id, client_secret } = Object(here.sections.concur)
  const seen = (await here.deployment.store.findClient(client_id)) ?? assert.fail()
  const client = { ...seen, policy: { statuses: { '54': 409 } } }
  await here.deployment.store.commit([{ write: 'change_client', client, seen }])
  const body = { client_id, client_secret, grant_type: 'client_credentials', scope: 'EXTRCT' }
  const own = await here.request('/concur', { path: '/oauth2/v0/token', body })
  assert.deepEqual([own.status, own.json.code], [409, 54])
  await here.deployment.database.close()
  const troubled = await request()
  assert.deepEqual([troubled.status, troubled.json.code], [503, 503])
  assert.equal(troubled.json.error, 'temporarily_unavailable')
  await here.app.close()
  here.deployment.keyRing.close()
})
