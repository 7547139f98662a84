import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from 'jose'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { perform } from '../kernel/kernel.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import { allow } from '../testing/allowing.ts'
import type { TestAnswer, TestDeployment, TestOptions } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { asks, countOf, dump, exchange, introspect, proof, refresh, revoke, standardApp } from './asks.ts'

const actor = { actor: 'operator', address: undefined, requestId: undefined }

/** A user signs in and allows the sample app of standard. */
async function signedIn(
  here: TestDeployment,
  scope = 'openid profile email',
  more = '',
): Promise<TestAnswer> {
  const app = standardApp(here)
  const redirectUri = String(here.sections.standard?.redirect_uri)
  const asked = { client_id: app.id, redirect_uri: redirectUri, response_type: 'code', scope }
  const told = await allow(here, 'standard', `${new URLSearchParams(asked)}${more}`)
  const code = told.get('code') ?? assert.fail(`${told}`)
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...proof(app) }
  return asks(here)('/oauth2/token', form)
}

/** The same at concur, by the user's password. */
function signedInAtConcur(here: TestDeployment, scope = 'openid profile email'): Promise<TestAnswer> {
  const text = (name: string): string => String(here.sections.concur?.[name])
  const body = {
    client_id: text('trusted_client_id'),
    client_secret: text('trusted_client_secret'),
    grant_type: 'password',
    username: text('username'),
    password: text('password'),
    scope,
  }
  return here.request('/concur', { path: '/oauth2/v0/token', body })
}

const userInfo = (here: TestDeployment, token: unknown, at: 'standard' | 'concur' = 'standard') =>
  here.request(at === 'standard' ? '' : '/concur', {
    method: 'GET',
    path: at === 'standard' ? '/oauth2/userinfo' : '/oauth2/v0/userinfo',
    headers: { authorization: `Bearer ${token}` },
  })

async function verified(
  here: TestDeployment,
  token: unknown,
  options: JWTVerifyOptions,
  jwks = '/.well-known/jwks.json',
): Promise<JWTPayload> {
  const { json } = await here.request('', { method: 'GET', path: jwks })
  // What was fetched is a key set, or jose says what is wrong with it.
  const keys = createLocalJWKSet(json as unknown as JSONWebKeySet)
  return (await jwtVerify(String(token), keys, { currentDate: new Date(here.clock.now), ...options })).payload
}

const leftHalf = (hash: 'sha256' | 'sha512', text: unknown): string => {
  const digest = createHash(hash).update(String(text)).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

/** For one test alone. */
async function within(options: TestOptions, then: (here: TestDeployment) => Promise<void>): Promise<void> {
  const here = await testDeployment(options)
  try {
    await then(here)
  } finally {
    await here.close()
  }
}

suite('promises: what an id_token says', () => {
  for (const [signature, hash] of [
    ['ES256', 'sha256'],
    ['RS256', 'sha256'],
    ['EdDSA', 'sha512'],
  ] as const) {
    test(`signed by ${signature}, it names the user, the app and the access token beside it`, async () => {
      await within({ mounts: ['standard'], policy: { signature } }, async (here) => {
        const { json } = await signedIn(here, 'openid', '&nonce=the%20nonce')
        const app = standardApp(here)
        const issuer = here.config.public_url
        const options = { issuer, audience: app.id, typ: 'JWT', algorithms: [signature] }
        const { sub, ...claims } = await verified(here, json.id_token, options)
        const now = here.clock.now / 1000
        assert.deepEqual(claims, {
          iss: issuer,
          aud: app.id,
          iat: now,
          exp: now + 3600,
          auth_time: now,
          nonce: 'the nonce',
          at_hash: leftHalf(hash, json.access_token),
        })
        assert.equal((await userInfo(here, json.access_token)).json.sub, sub)
      })
    })
  }

  test('concur’s has its own claims beside, but not the scopes, by which an API knows an access token', async () => {
    await within({ mounts: ['concur'] }, async (here) => {
      const { json } = await signedInAtConcur(here)
      const issuer = `${here.config.public_url}/concur`
      const options = {
        issuer,
        audience: String(here.sections.concur?.trusted_client_id),
        algorithms: ['RS256'],
      }
      const { sub, ...claims } = await verified(here, json.id_token, options, '/concur/oauth2/v0/jwks')
      const concurs = Object.entries(claims).filter(([name]) => name.startsWith('concur.'))
      assert.deepEqual(Object.fromEntries(concurs), {
        'concur.profile': `${issuer}/profile/v1/principals/${sub}`,
        'concur.version': 2,
        'concur.type': 'user',
        'concur.app': `${issuer}/profile/v1/apps/${options.audience}`,
      })
      assert.equal(claims.nbf, claims.iat)
      assert.equal(claims.at_hash, leftHalf('sha256', json.access_token))
    })
  })

  test('a nonce that is somebody’s data is refused at the app’s address', async () => {
    await within({ mounts: ['standard'] }, async (here) => {
      const redirectUri = String(here.sections.standard?.redirect_uri)
      const asked = { client_id: standardApp(here).id, redirect_uri: redirectUri, response_type: 'code' }
      const told = await allow(
        here,
        'standard',
        `${new URLSearchParams({ ...asked, nonce: 'n'.repeat(501) })}`,
      )
      assert.equal(told.get('error'), 'invalid_request')
    })
  })
})

suite('promises: an id_token opens nothing, and an access token is no id_token', () => {
  let here: TestDeployment
  let standard: TestAnswer['json']
  let concur: TestAnswer['json']
  before(async () => {
    here = await testDeployment({ mounts: ['standard', 'concur'] })
    standard = (await signedIn(here)).json
    concur = (await signedInAtConcur(here)).json
    assert.ok(standard.id_token && concur.id_token)
  })
  after(() => here.close())

  const both = () => [String(standard.id_token), String(concur.id_token)]
  const concurApp = () => ({
    id: String(here.sections.concur?.client_id),
    secret: String(here.sections.concur?.client_secret),
  })

  test('introspection calls it not active, for the app as for an API', async () => {
    const { resource_server_id, resource_server_secret } =
      here.sections.standard ?? assert.fail('standard is not mounted')
    const api = { id: String(resource_server_id), secret: String(resource_server_secret) }
    for (const idToken of both())
      for (const who of [standardApp(here), api])
        assert.deepEqual((await introspect(asks(here), who, idToken)).json, { active: false })
  })

  test('userinfo refuses it', async () => {
    for (const idToken of both())
      for (const at of ['standard', 'concur'] as const)
        assert.equal((await userInfo(here, idToken, at)).status, 401)
  })

  test('no exchange takes it, as a legacy token or as the app’s own', async () => {
    const { old_consumer_key, legacy_tokens } = here.sections.concur ?? assert.fail('concur is not mounted')
    assert.ok(Array.isArray(legacy_tokens))
    for (const idToken of both()) {
      assert.equal((await exchange(asks(here), standardApp(here), idToken)).status, 400)
      const answer = await here.request('/concur', {
        path: `/appmgmt/v0/legacyApps/${old_consumer_key}/exchangeRefreshToken/me`,
        headers: { authorization: `Bearer ${idToken}` },
        body: JSON.stringify({ token: legacy_tokens[0], secret: concurApp().secret }),
      })
      assert.equal(answer.json.code, 'UNAUTHORIZED')
    }
  })

  test('it refreshes nothing, revokes nothing and ends no connection', async () => {
    const rows = await dump(here)
    for (const idToken of both()) {
      assert.equal((await refresh(asks(here), standardApp(here), idToken)).json.error, 'invalid_grant')
      assert.equal((await revoke(asks(here), standardApp(here), idToken)).status, 200)
      const headers = { authorization: `Bearer ${idToken}` }
      const ended = await here.request('/concur', {
        method: 'DELETE',
        path: '/app-mgmt/v0/connections',
        headers,
      })
      assert.equal(ended.status, 401)
    }
    assert.equal(await dump(here), rows)
    assert.equal((await userInfo(here, standard.access_token)).status, 200)
    assert.equal((await userInfo(here, concur.access_token, 'concur')).status, 200)
  })

  test('an access token has another type or audience than an id_token of its app', async () => {
    const options = { issuer: here.config.public_url, audience: standardApp(here).id }
    await assert.rejects(verified(here, standard.access_token, options), /"aud"/)
    await assert.rejects(verified(here, standard.access_token, { typ: 'JWT' }), /"typ"/)
    const audience = String(here.sections.concur?.trusted_client_id)
    await assert.rejects(verified(here, concur.access_token, { audience }), /"aud"/)
    assert.equal(decodeJwt(String(concur.access_token)).aud, '*')
  })

  test('a token of one mount tells nothing of its user at another', async () => {
    assert.equal((await userInfo(here, standard.access_token, 'concur')).status, 401)
    assert.equal((await userInfo(here, concur.access_token)).status, 401)
  })

  test('only the header carries a token: not the address, and not a body', async () => {
    const path = `/oauth2/userinfo?access_token=${standard.access_token}`
    assert.equal((await here.request('', { method: 'GET', path })).status, 401)
    const body = { access_token: String(standard.access_token) }
    assert.equal((await here.request('', { path: '/oauth2/userinfo', body })).status, 401)
  })
})

suite('promises: userinfo tells of nobody by a token that is dead', () => {
  const dead: Readonly<Record<string, (here: TestDeployment, json: TestAnswer['json']) => Promise<unknown>>> =
    {
      'the access token was revoked': (here, json) =>
        revoke(asks(here), standardApp(here), String(json.access_token)),
      'its refresh token was revoked': (here, json) =>
        revoke(asks(here), standardApp(here), String(json.refresh_token)),
      'the app was taken out': async (here) =>
        perform(
          revokeConnection,
          { connection: await countOf(here, 'select max(number) from connections'), actor },
          here.deployment.world,
        ),
      'its user was disabled': (here, json) =>
        perform(
          setStatus,
          { record: 'users', id: decodeJwt(String(json.id_token)).sub ?? '', status: 'disabled', actor },
          here.deployment.world,
        ),
      'it has expired': async (here) => here.clock.advance(3_600_000),
    }
  for (const accessFormat of ['jwt', 'opaque']) {
    for (const [why, die] of Object.entries(dead)) {
      test(`${accessFormat}: ${why}`, async () => {
        await within({ mounts: ['standard'], policy: { access_format: accessFormat } }, async (here) => {
          const { json } = await signedIn(here)
          assert.equal(String(json.access_token).startsWith('tfa_'), accessFormat === 'opaque')
          assert.equal((await userInfo(here, json.access_token)).status, 200)
          await die(here, json)
          const answer = await userInfo(here, json.access_token)
          assert.equal(answer.status, 401)
          assert.match(String(answer.headers['www-authenticate']), /^Bearer .*error="invalid_token"/)
        })
      })
    }
  }

  test('while its connection waits for the user, and no id_token is said of them either', async () => {
    await within({ mounts: ['standard'], policy: { confirmation: 'required' } }, async (here) => {
      await here.deployment.database.query(`update legacy_tokens set scopes = 'openid' returning 1`, [])
      const app = standardApp(here)
      const pair = await exchange(asks(here), app, app.legacyTokens[0] ?? '')
      assert.equal((await userInfo(here, pair.json.access_token)).status, 401)
      const next = await refresh(asks(here), app, String(pair.json.refresh_token))
      assert.equal(next.json.scope, 'openid')
      assert.equal(next.json.id_token, undefined)
    })
  })
})
