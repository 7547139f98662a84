import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Connection } from '../kernel/records.ts'
import { sha256 } from '../kernel/ring.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aCode, aConnection, anOrganization } from '../testing/records.ts'

type Form = Readonly<Record<string, string>>
type App = 'client' | 'second_client'

suite('dialect pipedrive', () => {
  let host: TestDeployment
  let taken = 0
  before(async () => {
    host = await testDeployment({ mounts: ['pipedrive'] })
  })
  after(() => host.close())

  const told = (name: string): string => String(host.sections.pipedrive?.[name])
  /** An API token that no other test has touched. */
  const freshToken = (): string => {
    const tokens = host.sections.pipedrive?.legacy_tokens
    assert.ok(Array.isArray(tokens))
    taken += 1
    return String(tokens[taken - 1])
  }
  const post = (path: string, app: App, body: Form): Promise<TestAnswer> => {
    const credentials = `${told(`${app}_id`)}:${told(`${app}_secret`)}`
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    return host.request('/pipedrive', { path, headers: { authorization }, body })
  }
  const exchange = (app: App, token: string): Promise<TestAnswer> =>
    post('/oauth/token', app, { grant_type: 'exchange_api_token', api_token: token })
  const refresh = (app: App, token: unknown): Promise<TestAnswer> =>
    post('/oauth/token', app, { grant_type: 'refresh_token', refresh_token: String(token) })
  const revoke = (app: App, token: unknown): Promise<TestAnswer> =>
    post('/oauth/revoke', app, { token: String(token) })

  const subjectOf = ({ json }: TestAnswer): string => String(decodeJwt(String(json.access_token)).sub)
  const connectionsOf = (userId: string): Promise<readonly Connection[]> =>
    host.deployment.store.listConnections({ userId }, { after: undefined, limit: 100 })

  test('two apps that exchange one shared token at once get one grant each', async () => {
    const token = freshToken()
    const apps = Array.from({ length: 20 }, (_, at): App => (at % 2 === 0 ? 'client' : 'second_client'))
    const answers = await Promise.all(apps.map((app) => exchange(app, token)))
    assert.ok(answers.every(({ status }) => status === 200))
    const said = (app: App) =>
      new Set(answers.filter((_, at) => apps[at] === app).map(({ json }) => json.refresh_token))
    assert.deepEqual([said('client').size, said('second_client').size], [1, 1])
    assert.notDeepEqual(said('client'), said('second_client'))
    const [first] = answers
    assert.ok(first)
    const connections = await connectionsOf(subjectOf(first))
    assert.deepEqual(
      connections.map(({ liveGrants }) => liveGrants.length),
      [1, 1],
    )
  })

  test('an app that was uninstalled exchanges its token no more, and the other app is unharmed', async () => {
    const token = freshToken()
    const mine = await exchange('client', token)
    const other = await exchange('second_client', token)
    assert.deepEqual([(await revoke('client', mine.json.refresh_token)).status, other.status], [200, 200])
    const states = (await connectionsOf(subjectOf(mine))).map(({ clientId, status }) => [clientId, status])
    assert.deepEqual(
      new Map(states.map(([id, status]) => [id, status])),
      new Map([
        [told('client_id'), 'revoked'],
        [told('second_client_id'), 'live'],
      ]),
    )
    const again = await exchange('client', token)
    assert.deepEqual(
      [again.status, again.json.error_description],
      [400, 'Invalid grant: `api_token` is invalid'],
    )
    assert.equal((await refresh('client', mine.json.refresh_token)).status, 400)
    assert.equal((await refresh('second_client', other.json.refresh_token)).status, 200)
    const events = await host.deployment.store.listEvents(0, 10_000)
    assert.equal(
      events.filter(({ kind, userId }) => kind === 'connection_revoked' && userId === subjectOf(mine)).length,
      1,
    )
  })

  test('an uninstallation before the other app has exchanged does not take the token from it', async () => {
    const token = freshToken()
    const mine = await exchange('client', token)
    await revoke('client', mine.json.refresh_token)
    assert.equal((await exchange('second_client', token)).status, 200)
  })

  test('an access token that is revoked goes alone', async () => {
    const { json } = await exchange('client', freshToken())
    const { jti } = decodeJwt(String(json.access_token))
    assert.ok(jti)
    assert.equal((await revoke('client', json.access_token)).status, 200)
    assert.equal(await host.deployment.store.isAccessTokenRevoked(jti), true)
    assert.equal((await refresh('client', json.refresh_token)).status, 200)
  })

  test("another app's access token is not revoked", async () => {
    const { json } = await exchange('client', freshToken())
    assert.equal((await revoke('second_client', json.access_token)).status, 400)
    const { jti } = decodeJwt(String(json.access_token))
    assert.equal(await host.deployment.store.isAccessTokenRevoked(String(jti)), false)
  })

  test('the API domain is that of the company whose user the token was', async () => {
    const answer = await exchange('client', freshToken())
    const { organization } = decodeJwt(String(answer.json.access_token))
    const company = await host.deployment.store.findOrganization(String(organization))
    assert.ok(company?.apiDomain)
    assert.equal(answer.json.api_domain, company.apiDomain)
  })

  suite('a code of the authorize page', () => {
    let coded = 0

    async function consented(): Promise<string> {
      const { store, world } = host.deployment
      const { now, number } = world.moment()
      coded += 1
      const code = `ordinary-code-${coded}`
      const subject = { clientId: told('client_id'), userId: `user-${coded}`, organizationId: 'company' }
      const scopes = ['base']
      const organization = anOrganization({ id: subject.organizationId })
      const connection = aConnection({ ...subject, number: number(), scopes, origin: 'authorized' })
      const row = aCode({
        ...subject,
        hash: sha256(code),
        authorizedBy: subject.userId,
        scopes,
        redirectUri: told('redirect_uri'),
        created: now,
        expires: now + 300_000,
      })
      await store.commit([
        { write: 'put_organization', organization },
        { write: 'allow_connection', connection, seen: undefined },
        { write: 'add_code', code: row, openMax: undefined },
      ])
      return code
    }
    const redeem = (code: string, redirectUri = told('redirect_uri')): Promise<TestAnswer> =>
      post('/oauth/token', 'client', {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
      })

    test('becomes a pair; a company without an API address of its own has that of the server', async () => {
      const { status, json } = await redeem(await consented())
      assert.equal(status, 200)
      assert.equal(json.scope, 'base')
      assert.equal(json.api_domain, 'http://127.0.0.1:4000/pipedrive')
    })

    test('has expired after five minutes', async () => {
      const code = await consented()
      host.clock.advance(300_000)
      const { status, json } = await redeem(code)
      assert.equal(status, 400)
      assert.equal(json.error_description, 'Invalid grant: `authorization_code` has expired')
    })

    test('needs the redirect address that it went to', async () => {
      const code = await consented()
      const { status, json } = await redeem(code, 'https://else.example/')
      assert.equal(status, 400)
      assert.equal(json.error_description, 'Invalid request: `redirect_uri` is invalid')
      assert.equal((await redeem(code)).status, 200)
    })

    test('that comes twice is refused, and its grant ends', async () => {
      const code = await consented()
      const { json } = await redeem(code)
      const again = await redeem(code)
      assert.equal(again.json.error_description, 'Invalid grant: `authorization_code` is invalid')
      assert.equal((await refresh('client', json.refresh_token)).status, 400)
    })
  })
})
