import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { findDialect } from './index.ts'

const get = (here: TestDeployment, path: string, headers = {}): Promise<TestAnswer> =>
  here.request('', { method: 'GET', path, headers })

/** What a document says of one name. */
const listIn = ({ json }: TestAnswer, name: string): readonly unknown[] => {
  const value = json[name]
  assert.ok(Array.isArray(value), `${name} is no list`)
  return value
}

suite('openid: the discovery documents', () => {
  let here: TestDeployment
  before(async () => {
    const mounts = [
      { dialect: 'standard', prefix: '/auth', policy: { signature: 'EdDSA' } },
      { dialect: 'concur', prefix: '/' },
    ]
    here = await testDeployment({ config: { mounts } })
  })
  after(() => here.close())

  const pathOf = {
    standard: '/auth/.well-known/openid-configuration',
    concur: '/.well-known/openid-configuration',
  }

  test('standard’s is the same as that of RFC 8414, each at its own place', async () => {
    const ours = await get(here, pathOf.standard)
    assert.equal(ours.status, 200)
    assert.equal(ours.json.issuer, `${here.config.public_url}/auth`)
    const { json } = await get(here, '/.well-known/oauth-authorization-server/auth')
    assert.deepEqual(json, ours.json)
  })

  for (const [name, path] of Object.entries(pathOf)) {
    test(`every address in ${name}’s leads to what it names`, async () => {
      const { json } = await get(here, path)
      const dialect = findDialect(name)
      const issuer = String(json.issuer)
      const routes = new Set(dialect?.endpoints.map(({ route }) => route))
      const named = Object.entries(json).filter(([member]) => member.endsWith('_endpoint'))
      assert.ok(named.length >= 3)
      for (const [member, address] of named) {
        const below = String(address).slice(issuer.length)
        const isThere =
          member === 'authorization_endpoint'
            ? dialect?.authorize?.path === below
            : routes.has(`${member === 'userinfo_endpoint' ? 'GET' : 'POST'} ${below}` as never)
        assert.ok(isThere, `${member}: ${address}`)
      }
      const jwks = await get(here, String(json.jwks_uri).slice(here.config.public_url.length))
      const known = here.deployment.keyRing.verifyingKeys(here.clock.now).map(({ publicJwk }) => publicJwk)
      assert.deepEqual(jwks.json, { keys: known })
    })

    test(`${name}’s says what it must of id_tokens, and may be read by any origin`, async () => {
      const answer = await get(here, path, { origin: 'https://app.example' })
      assert.equal(answer.headers['access-control-allow-origin'], '*')
      assert.match(String(answer.headers['cache-control']), /max-age/)
      assert.deepEqual(listIn(answer, 'subject_types_supported'), ['public'])
      const [first, ...others] = listIn(answer, 'id_token_signing_alg_values_supported')
      assert.equal(first, name === 'standard' ? 'EdDSA' : 'RS256')
      // OpenID Connect Discovery 1.0 §3: it must be among them.
      assert.ok([first, ...others].includes('RS256'))
      assert.deepEqual(
        listIn(answer, 'response_types_supported'),
        findDialect(name)?.authorize?.responseTypes ?? ['code'],
      )
      assert.equal(answer.json.request_uri_parameter_supported, false)
    })
  }
})

suite('openid: userinfo and browser apps', () => {
  let here: TestDeployment
  const origin = 'https://app.example'
  before(async () => {
    here = await testDeployment({ mounts: ['concur'] })
    const { store } = here.deployment
    const client = await store.findClient(String(here.sections.concur?.trusted_client_id))
    assert.ok(client)
    const changed = { ...client, origins: [origin] }
    await store.commit([{ write: 'change_client', client: changed, seen: client }])
  })
  after(() => here.close())

  test('a preflight allows both of its methods, and the answer may be read', async () => {
    const asked = { method: 'OPTIONS', path: '/oauth2/v0/userinfo', headers: { origin } }
    const preflight = await here.request('/concur', asked)
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-methods'], 'GET, POST')
    assert.match(String(preflight.headers['access-control-allow-headers']), /authorization/)
    const { trusted_client_id, trusted_client_secret, username, password } = here.sections.concur ?? {
      prefix: '',
    }
    const form = { client_id: trusted_client_id, client_secret: trusted_client_secret, username, password }
    const texts = Object.entries(form).map(([name, value]) => [name, String(value)])
    const body = { ...Object.fromEntries(texts), grant_type: 'password', scope: 'openid' }
    const { json } = await here.request('/concur', { path: '/oauth2/v0/token', body })
    const headers = { origin, authorization: `Bearer ${json.access_token}` }
    const answer = await here.request('/concur', { method: 'GET', path: '/oauth2/v0/userinfo', headers })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['access-control-allow-origin'], origin)
  })
})
