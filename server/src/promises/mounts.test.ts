import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { asks, dump, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

suite('promises: a mount serves only its own clients, and only the configured address is believed', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ config: { limits: { failures_per_minute: 100_000 } } })
  })
  after(() => here.close())

  test("a standard client's tokens at every other mount: refused, unchanged", async () => {
    const app = standardApp(here)
    const [legacyToken = '', spare = ''] = app.legacyTokens
    const refreshToken = refreshTokenOf(await exchange(asks(here), app, legacyToken))
    const before = await dump(here)
    const basic = Buffer.from(`${app.id}:${app.secret}`).toString('base64')
    // Every name under which some dialect takes a client, a secret or a token.
    const values: Record<string, string> = {}
    for (const name of ['client_id', 'app_id', 'app_uuid']) values[name] = app.id
    for (const name of ['client_secret', 'secret']) values[name] = app.secret ?? ''
    for (const name of ['refresh_token', 'recovery_token']) values[name] = refreshToken
    for (const name of ['token', 'api_token', 'auth_token', 'subject_token', 'code']) values[name] = spare
    Object.assign(values, {
      app_version: '1',
      merchant_uuid: 'm',
      redirect_uri: 'http://127.0.0.1:4000/callback',
    })
    let tried = 0
    for (const dialect of dialects.filter(({ name }) => name !== 'standard')) {
      for (const { route, when } of dialect.endpoints) {
        const [method = '', pattern = ''] = route.split(' ')
        const path = pattern.replace(':key', app.id)
        const form = { ...values, ...when }
        for (const [type, body] of [
          ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()],
          ['application/json', JSON.stringify(form)],
        ] as const) {
          for (const proof of [{}, { authorization: `Basic ${basic}` }]) {
            const headers = { 'content-type': type, ...proof }
            const answer = await here.request(`/${dialect.name}`, { method, path, headers, body })
            assert.ok(answer.status >= 400 && answer.status < 500, `${dialect.name} ${route}: ${answer.text}`)
            assert.ok(!answer.text.includes('access_token"'), answer.text)
            tried += 1
          }
        }
      }
    }
    assert.ok(tried > 20)
    assert.equal(await dump(here), before)
    refreshTokenOf(await refresh(asks(here), app, refreshToken))
    refreshTokenOf(await exchange(asks(here), app, spare))
  })

  test('a forged Host or X-Forwarded-* changes no link, issuer or limit', async () => {
    const app = standardApp(here)
    const forged = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-port': '1',
      forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
    }
    const metadata = await here.request('', {
      method: 'GET',
      path: '/.well-known/oauth-authorization-server',
      headers: forged,
    })
    assert.equal(metadata.json.issuer, 'http://127.0.0.1:4000')
    assert.ok(!metadata.text.includes('evil.example'))
    const body = { grant_type: 'client_credentials', client_id: app.id, client_secret: app.secret ?? '' }
    const token = await here.request('', { method: 'POST', path: '/oauth2/token', headers: forged, body })
    const claims = JSON.parse(
      Buffer.from(String(token.json.access_token).split('.')[1] ?? '', 'base64url').toString(),
    )
    assert.equal(claims.iss, 'http://127.0.0.1:4000')
    const query = new URLSearchParams({
      client_id: app.id,
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:4000/callback',
    })
    for (const path of [`/oauth2/authorize?${query}`, '/oauth2/authorize?client_id=nobody']) {
      const page = await here.request('', { method: 'GET', path, headers: forged })
      assert.ok(!`${page.text} ${JSON.stringify(page.headers)}`.includes('evil.example'), page.text)
    }
    assert.ok(
      !here.logs.some((line) => line.includes('203.0.113.9')),
      'the address is that of the connection',
    )
  })
})
