import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { credentialsOf, testDeployment } from '../testing/deployment.ts'

const told = (host: TestDeployment, name: string): string => String(host.sections.standard?.[name])

const refresh = (host: TestDeployment, token: string, secret?: string): Promise<TestAnswer> =>
  host.request('', {
    path: '/oauth2/token',
    body: {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: told(host, 'client_id'),
      client_secret: secret ?? told(host, 'client_secret'),
    },
  })

const issue = (host: TestDeployment, headers: Readonly<Record<string, string>> = {}): Promise<TestAnswer> =>
  host.request('', {
    path: '/oauth2/token',
    headers,
    body: {
      grant_type: 'client_credentials',
      client_id: told(host, 'client_id'),
      client_secret: told(host, 'client_secret'),
    },
  })

const reasonIn = (host: TestDeployment): unknown => JSON.parse(host.logs.at(-1) ?? '{}').reason

suite('http: failed attempts', () => {
  let host: TestDeployment
  before(async () => {
    host = await testDeployment({ mounts: ['standard'], config: { limits: { failures_per_minute: 3 } } })
  })
  after(() => host.close())

  test('an address that has guessed too often hears too_many_attempts, and is let in after a minute', async () => {
    for (let guess = 0; guess < 3; guess += 1) assert.equal((await refresh(host, 'x', 'wrong')).status, 401)
    const answer = await issue(host)
    assert.equal(answer.status, 429)
    assert.ok(Number(answer.headers['retry-after']) >= 1)
    assert.equal(reasonIn(host), 'too_many_attempts')
    host.clock.advance(60_000)
    assert.equal((await issue(host)).status, 200)
  })

  test('unknown tokens at revocation and introspection are guesses, too', async () => {
    for (const endpoint of ['revoke', 'introspect']) {
      const ask = (token: string) =>
        host.request('', {
          path: `/oauth2/${endpoint}`,
          body: { token, client_id: told(host, 'client_id'), client_secret: told(host, 'client_secret') },
        })
      for (let guess = 0; guess < 3; guess += 1) assert.equal((await ask(`guess-${guess}`)).status, 200)
      assert.equal((await ask('guess-3')).status, 429)
      host.clock.advance(60_000)
    }
  })
})

suite('http: trouble and mistakes of ours', () => {
  let host: TestDeployment
  before(async () => {
    host = await testDeployment({ mounts: ['standard'] })
  })
  after(() => host.close())

  test('a forged Host and forged forwarding headers change nothing: no issuer, no link, no address', async () => {
    const forged = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'gopher',
      forwarded: 'for=203.0.113.7;host=evil.example',
    }
    const path = '/.well-known/oauth-authorization-server'
    const [plain, changed] = [
      await host.request('', { method: 'GET', path }),
      await host.request('', { method: 'GET', path, headers: forged }),
    ]
    assert.equal(changed.text, plain.text)
    assert.equal((await issue(host, forged)).status, 200)
    assert.doesNotMatch(host.logs.join(''), /evil|203\.0\.113/)
  })

  test('a mistake of ours is internal: 500 without a detail for the caller, and an error in the log without a credential', async () => {
    const legacy = host.sections.standard?.legacy_tokens
    const [token = ''] = Array.isArray(legacy) ? legacy.map(String) : []
    await host.deployment.database.script('alter table legacy_tokens rename to elsewhere')
    const answer = await host.request('', {
      path: '/oauth2/token',
      body: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: token,
        subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
        client_id: told(host, 'client_id'),
        client_secret: told(host, 'client_secret'),
      },
    })
    await host.deployment.database.script('alter table elsewhere rename to legacy_tokens')
    assert.equal(answer.status, 500)
    assert.deepEqual(Object.keys(answer.json), ['error', 'error_description'])
    assert.doesNotMatch(answer.text, /legacy_tokens|SQL|at .*:\d+/i)
    assert.equal(reasonIn(host), 'internal')
    const log = host.logs.join('')
    assert.match(log, /no such table/)
    assert.equal(credentialsOf(host.sections).filter((credential) => log.includes(credential)).length, 0)
  })

  test('a database that is gone is unavailable: 503, to be tried again, and never a verdict on the caller', async () => {
    const gone = await testDeployment({ mounts: ['standard'] })
    await gone.deployment.database.close()
    const answer = await issue(gone)
    assert.equal(answer.status, 503)
    assert.equal(answer.json.error, 'temporarily_unavailable')
    assert.ok(answer.headers['retry-after'])
    assert.equal(reasonIn(gone), 'unavailable')
    await gone.app.close()
  })

  test('no answer may be kept by a cache, but for the keys', async () => {
    assert.equal((await issue(host)).headers['cache-control'], 'no-store')
    assert.equal((await refresh(host, 'x')).headers['cache-control'], 'no-store')
    const keys = await host.request('', { method: 'GET', path: '/.well-known/jwks.json' })
    assert.match(String(keys.headers['cache-control']), /^public/)
  })
})
