import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { secretHmac } from '../kernel/operations/authenticate-client.ts'
import type { Connection } from '../kernel/records.ts'
import { currentVersion, sha256 } from '../kernel/ring.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient, aCode, aConnection } from '../testing/records.ts'

type Body = Readonly<Record<string, string | boolean | undefined>>

suite('dialect clover', () => {
  let host: TestDeployment
  let taken = 0
  before(async () => {
    host = await testDeployment({ mounts: ['clover', 'standard'] })
  })
  after(() => host.close())

  const told = (name: string): string => String(host.sections.clover?.[name])
  /** A legacy token that no other test has touched. */
  const freshToken = (): string => {
    const tokens = host.sections.clover?.legacy_tokens
    assert.ok(Array.isArray(tokens))
    taken += 1
    return String(tokens[taken - 1])
  }
  const post = (path: string, body: Body): Promise<TestAnswer> =>
    host.request('/clover', {
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const migrate = (token: string): Promise<TestAnswer> =>
    post('/oauth/token/migrate_v2', {
      merchant_uuid: told('merchant_uuid'),
      app_uuid: told('app_uuid'),
      auth_token: token,
    })
  const codeOf = async (token: string): Promise<string> => {
    const answer = await migrate(token)
    assert.equal(answer.status, 200, answer.text)
    return String(answer.json.authorization_code)
  }
  const redeem = (code: string, more: Body = {}): Promise<TestAnswer> =>
    post('/oauth/v2/token', {
      client_id: told('app_uuid'),
      client_secret: told('app_secret'),
      code,
      ...more,
    })
  const refresh = (token: unknown): Promise<TestAnswer> =>
    post('/oauth/v2/refresh', { client_id: told('app_uuid'), refresh_token: String(token) })

  /** The app's connections, with the numbers of their live grants. */
  const connections = (): Promise<readonly Connection[]> =>
    host.deployment.store.listConnections({ clientId: told('app_uuid') }, { after: undefined, limit: 1000 })
  const liveGrants = async (): Promise<readonly number[]> =>
    (await connections()).flatMap((connection) => connection.liveGrants)

  test('two codes of one token that are redeemed at once give one grant and one refresh token', async () => {
    const token = freshToken()
    const codes = [await codeOf(token), await codeOf(token)]
    const before = (await liveGrants()).length
    const answers = await Promise.all(codes.map((code) => redeem(code)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    )
    assert.equal(new Set(answers.map(({ json }) => json.refresh_token)).size, 1)
    assert.equal((await liveGrants()).length, before + 1)
  })

  test('one code that is redeemed at once by many opens for one of them', async () => {
    const code = await codeOf(freshToken())
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(code)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.equal(answers.filter(({ status }) => status === 401).length, 7)
  })

  test('a token has five open codes at most, and the oldest goes', async () => {
    const token = freshToken()
    const codes: string[] = []
    for (let at = 0; at < 7; at += 1) {
      host.clock.advance(1000)
      codes.push(await codeOf(token))
    }
    const answers: number[] = []
    for (const code of codes) answers.push((await redeem(code)).status)
    assert.deepEqual(answers, [401, 401, 200, 200, 200, 200, 200])
  })

  test('of codes that were said in one millisecond, the last is never the one that goes', async () => {
    const token = freshToken()
    for (let at = 0; at < 20; at += 1) {
      const code = await codeOf(token)
      assert.equal((await redeem(code, { no_refresh_token: true })).status, 200)
      await Promise.all(Array.from({ length: 3 }, () => codeOf(token)))
    }
  })

  test('a code that is asked for while another is redeemed leads to the same refresh token', async () => {
    const token = freshToken()
    const first = await codeOf(token)
    const [redeemed, second] = await Promise.all([redeem(first), codeOf(token)])
    const again = await redeem(second)
    assert.equal(again.json.refresh_token, redeemed.json.refresh_token)
    assert.ok(again.json.refresh_token)
  })

  test('a code that was never redeemed leaves the legacy token exchangeable, a year later', async () => {
    const token = freshToken()
    const lost = await codeOf(token)
    host.clock.advance(365 * 86_400_000)
    assert.equal((await redeem(lost)).status, 401)
    assert.equal((await redeem(await codeOf(token))).status, 200)
  })

  test('an access token alone leaves the legacy token active, and begins no grant', async () => {
    const token = freshToken()
    const before = await liveGrants()
    const short = await redeem(await codeOf(token), { no_refresh_token: true })
    assert.deepEqual(Object.keys(short.json), ['access_token', 'access_token_expiration'])
    assert.deepEqual(await liveGrants(), before)
    const whole = await redeem(await codeOf(token))
    assert.ok(whole.json.refresh_token)
    assert.equal((await refresh(whole.json.refresh_token)).status, 200)
  })

  test('an access token alone is over once its user takes back what the app may do', async () => {
    const introspect = await asResourceServer()
    const token = freshToken()
    const short = await redeem(await codeOf(token), { no_refresh_token: true })
    assert.equal(await introspect(short.json.access_token), true)
    const before = new Set((await connections()).map(({ number }) => number))
    host.clock.advance(1000)
    assert.equal((await redeem(await codeOf(token))).status, 200)
    assert.equal(await introspect(short.json.access_token), true)
    const connection = (await connections()).find(({ number }) => !before.has(number))
    assert.ok(connection)
    await host.deployment.store.commit([{ write: 'revoke_connection', connection }])
    assert.equal(await introspect(short.json.access_token), false)
  })

  test('a code of a legacy token that was revoked since gives not even an access token', async () => {
    const token = freshToken()
    const code = await codeOf(token)
    const row = await host.deployment.store.findCode(sha256(code))
    assert.ok(row?.legacy)
    await host.deployment.store.commit([{ write: 'revoke_legacy_token', token: row.legacy }])
    assert.equal((await redeem(code, { no_refresh_token: true })).status, 401)
    assert.equal((await redeem(code)).status, 401)
    assert.equal((await migrate(token)).status, 401)
  })

  test('a pair that was lost is said again by a new code for seven days', async () => {
    const token = freshToken()
    const { json } = await redeem(await codeOf(token))
    host.clock.advance(7 * 86_400_000 - 1000)
    const last = await codeOf(token)
    assert.equal((await redeem(last)).json.refresh_token, json.refresh_token)
    host.clock.advance(1000)
    assert.equal((await migrate(token)).status, 401)
  })

  test('a connection that was revoked takes no code, and its token gives no further one', async () => {
    const token = freshToken()
    const before = new Set((await connections()).map(({ number }) => number))
    assert.equal((await redeem(await codeOf(token))).status, 200)
    const open = await codeOf(token)
    const connection = (await connections()).find(({ number }) => !before.has(number))
    assert.ok(connection)
    await host.deployment.store.commit([{ write: 'revoke_connection', connection }])
    assert.equal((await redeem(open)).status, 401)
    assert.equal((await migrate(token)).status, 401)
  })

  /** Asks as the API would whether a token is alive. */
  async function asResourceServer(): Promise<(token: unknown) => Promise<unknown>> {
    const { store, world } = host.deployment
    const { now, ring } = world.moment()
    const version = currentVersion(ring, now)
    const secret = { hmac: secretHmac(version, 'a secret'), keyVersion: version.version, expires: undefined }
    const client = aClient({ id: 'api', mayIntrospect: true })
    await store.commit([
      { write: 'add_client', client, at: now },
      {
        write: 'add_client_secret',
        clientId: 'api',
        secret,
        sealed: undefined,
        created: now,
        othersExpire: undefined,
      },
    ])
    return async (token) => {
      const body = { client_id: 'api', client_secret: 'a secret', token: String(token) }
      const answer = await host.request('', { path: '/oauth2/introspect', body })
      assert.equal(answer.status, 200, answer.text)
      return answer.json.active
    }
  }

  suite('an ordinary code', () => {
    const verifier = 'v'.repeat(43)
    let coded = 0

    /** A code as the authorize page would have said it. */
    async function consented(redirectUri: string | undefined): Promise<string> {
      const { store, world } = host.deployment
      const { now, number } = world.moment()
      coded += 1
      const code = `ordinary-code-${coded}`
      const subject = {
        clientId: told('app_uuid'),
        userId: `employee-${coded}`,
        organizationId: told('merchant_uuid'),
      }
      const scopes = ['ORDERS_R']
      const connection = aConnection({ ...subject, number: number(), scopes, origin: 'authorized' })
      const row = aCode({
        ...subject,
        hash: sha256(code),
        authorizedBy: subject.userId,
        scopes,
        redirectUri,
        codeChallenge: sha256(verifier).toString('base64url'),
        created: now,
        expires: now + 600_000,
      })
      const made = await store.commit([
        { write: 'allow_connection', connection, seen: undefined },
        { write: 'add_code', code: row, openMax: undefined },
      ])
      assert.equal(made, 'committed')
      return code
    }

    test('is redeemed without its redirect address, and refused with a wrong one', async () => {
      const redirectUri = told('redirect_uri')
      const code = await consented(redirectUri)
      const wrong = await redeem(code, { code_verifier: verifier, redirect_uri: 'https://else.example/' })
      assert.deepEqual([wrong.status, wrong.json.message], [401, 'Failed to validate authentication code'])
      assert.equal((await redeem(code, { code_verifier: verifier })).status, 200)
    })

    test('that was used ends nothing with a wrong verifier, and its grant with the right one', async () => {
      const code = await consented(undefined)
      const { json } = await redeem(code, { code_verifier: verifier })
      assert.equal((await redeem(code, { code_verifier: 'w'.repeat(43) })).status, 401)
      assert.equal((await redeem(code)).status, 401)
      const next = await refresh(json.refresh_token)
      assert.equal(next.status, 200, next.text)
      assert.equal((await redeem(code, { code_verifier: verifier })).status, 401)
      assert.equal((await refresh(next.json.refresh_token)).status, 401)
    })
  })
})
