import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { secretHmac } from '../kernel/operations/authenticate-client.ts'
import { currentVersion } from '../kernel/ring.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient } from '../testing/records.ts'

const lifetime = 94_608_000

function sampleOf({ sections }: TestDeployment) {
  assert.ok(sections.dch)
  return sections.dch
}

suite('dialect dch', () => {
  let here: TestDeployment
  before(async () => {
    // Another dialect that reads its own claims stands before it.
    here = await testDeployment({ mounts: ['concur', 'dch', 'standard'] })
    await addClient('standard', 'resource-server', true)
    await addClient('dch', 'demo.telephone', false)
  })
  after(() => here.close())

  const secretOf = (id: string): string => `secret of ${id}, which is long enough for a test`

  async function addClient(dialect: string, id: string, mayIntrospect: boolean): Promise<void> {
    const { store, world } = here.deployment
    const { now, ring } = world.moment()
    const version = currentVersion(ring, now)
    const hmac = secretHmac(version, secretOf(id))
    await store.commit([
      { write: 'add_client', client: aClient({ id, dialect, mayIntrospect }), at: now },
      {
        write: 'add_client_secret',
        clientId: id,
        secret: { hmac, keyVersion: version.version, expires: undefined },
        sealed: undefined,
        created: now,
        othersExpire: undefined,
      },
    ])
  }

  const tokenAt = (at: number): string => {
    const { legacy_tokens } = sampleOf(here)
    assert.ok(Array.isArray(legacy_tokens))
    return String(legacy_tokens[at])
  }

  function exchange(token: string, app?: string): Promise<TestAnswer> {
    const { app_id, app_version, client_secret } = sampleOf(here)
    const body = {
      grant_type: 'exchange_token',
      app_id: app ?? String(app_id),
      app_version: String(app_version),
      client_secret: app === undefined ? String(client_secret) : secretOf(app),
      token,
    }
    return here.request('/dch', { path: '/oauth2/token', body })
  }

  test('an access token has exactly the header and the claims of the example', async () => {
    const answer = await exchange(tokenAt(0))
    const token = String(answer.json.access_token)
    const claims = decodeJwt(token)
    assert.match(String(claims.jti), /^[0-9a-f]{80}$/)
    assert.match(String(claims.sub), /^[0-9a-f-]{36}$/)
    const now = here.clock.now / 1000
    assert.deepEqual(decodeProtectedHeader(token), { typ: 'JWT', alg: 'RS256', jti: claims.jti })
    assert.deepEqual(claims, {
      aud: sampleOf(here).app_id,
      jti: claims.jti,
      iat: now,
      nbf: now,
      exp: now + lifetime,
      sub: claims.sub,
      scopes: [],
    })
  })

  test('a refresh token has no more than 80 characters', async () => {
    const { refresh_token } = (await exchange(tokenAt(0))).json
    assert.ok(String(refresh_token).length <= 80)
  })

  test('a token that two apps hold is the first one’s, and its grant lives on', async () => {
    const first = await exchange(tokenAt(1))
    assert.equal(first.status, 200)
    const second = await exchange(tokenAt(1), 'demo.telephone')
    assert.equal(second.status, 400)
    assert.equal(second.json.message, 'Invalid or missing APIv1 token')
    const again = await exchange(tokenAt(1))
    assert.equal(again.json.refresh_token, first.json.refresh_token)
  })

  test('a token of this dialect is known where it is introspected, though it names no issuer', async () => {
    const { access_token } = (await exchange(tokenAt(2))).json
    const client_secret = secretOf('resource-server')
    const body = { token: String(access_token), client_id: 'resource-server', client_secret }
    const { json } = await here.request('', { path: '/oauth2/introspect', body })
    const claims = decodeJwt(String(access_token))
    assert.equal(json.active, true)
    assert.equal(json.client_id, claims.aud)
    assert.equal(json.sub, claims.sub)
    assert.equal(json.iss, 'http://127.0.0.1:4000/dch')
  })

  test('a user who was disabled refreshes no more, and hears nothing of an old token', async () => {
    const { access_token, refresh_token } = (await exchange(tokenAt(3))).json
    const { app_id, client_secret } = sampleOf(here)
    const id = String(decodeJwt(String(access_token)).sub)
    await here.deployment.store.commit([{ write: 'set_status', record: 'users', id, status: 'disabled' }])
    const body = {
      grant_type: 'refresh_token',
      app_id: String(app_id),
      client_secret: String(client_secret),
      refresh_token: String(refresh_token),
    }
    const answer = await here.request('/dch', { path: '/oauth2/token', body })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.message, 'Invalid or expired refresh token')
  })

  test('trouble of ours is 503, in its shape', async () => {
    const gone = await testDeployment({ mounts: ['dch'] })
    await gone.deployment.database.close()
    const { app_id, client_secret } = sampleOf(gone)
    const answer = await gone.request('/dch', {
      path: '/oauth2/token',
      body: {
        grant_type: 'exchange_token',
        app_id: String(app_id),
        app_version: '1',
        client_secret: String(client_secret),
        token: 'any',
      },
    })
    gone.deployment.keyRing.close()
    assert.equal(answer.status, 503)
    assert.ok(answer.headers['retry-after'])
    assert.deepEqual(answer.json, {
      error: 'temporarily_unavailable',
      message: 'The server cannot answer just now. Send the same request again.',
      hint: 'Send the same request again',
    })
    await gone.app.close()
  })
})
