/** Which tokens end connections, and which do not, through the whole server. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment, TestOptions } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

type Form = Readonly<Record<string, string>>

/** A deployment in which the sample app signs its user in. */
async function signingIn(options: TestOptions = {}) {
  const here = await testDeployment({ mounts: ['standard', 'concur'], ...options })
  const value = (name: string): string => String(Reflect.get(here.sections.concur ?? {}, name))
  const ask = (form: Form, as = 'trusted_client'): Promise<TestAnswer> =>
    here.request('/concur', {
      path: '/oauth2/v0/token',
      body: { client_id: value(`${as}_id`), client_secret: value(`${as}_secret`), ...form },
    })
  const signIn = async (scope = 'LIST'): Promise<TestAnswer['json']> => {
    const form = { grant_type: 'password', username: value('username'), password: value('password'), scope }
    const answer = await ask(form)
    assert.equal(answer.status, 200, answer.text)
    return answer.json
  }
  const end = (bearer: unknown): Promise<TestAnswer> =>
    here.request('/concur', {
      method: 'DELETE',
      path: '/app-mgmt/v0/connections',
      headers: { authorization: `Bearer ${bearer}` },
    })
  const refresh = (refreshToken: unknown): Promise<TestAnswer> =>
    ask({ grant_type: 'refresh_token', refresh_token: String(refreshToken) })
  return { here, value, ask, signIn, end, refresh }
}

const refused = ({ status, json }: TestAnswer): readonly unknown[] => [status, json.code, json.error]
const invalid = [401, 64, 'invalid_client']

suite('concur, the end of connections', () => {
  let here: TestDeployment
  let at: Awaited<ReturnType<typeof signingIn>>
  before(async () => {
    at = await signingIn()
    here = at.here
  })
  after(() => here.close())

  test('every grant of the user with that app ends, and the next sign-in begins anew', async () => {
    const [one, other] = [await at.signIn(), await at.signIn()]
    assert.deepEqual((await at.end(one.access_token)).json, {})
    for (const { refresh_token } of [one, other])
      assert.equal((await at.refresh(refresh_token)).json.code, 108)
    assert.deepEqual(refused(await at.end(other.access_token)), invalid, 'the other token is as dead')
    const again = await at.signIn()
    assert.equal((await at.refresh(again.refresh_token)).status, 200)
    assert.deepEqual(refused(await at.end(one.access_token)), invalid, 'nor does it wake by that')
  })

  test('the event is the one of an uninstall, by the app, and each connection has it', async () => {
    const before = (await here.deployment.store.listEvents(0, 10_000)).length
    const answer = await at.end((await at.signIn()).access_token)
    const events = (await here.deployment.store.listEvents(0, 10_000)).slice(before)
    const [event] = events.filter(({ kind }) => kind === 'connection_revoked')
    const clientId = at.value('trusted_client_id')
    assert.deepEqual([event?.actor, event?.clientId], [`client:${clientId}`, clientId])
    assert.equal(event?.requestId, answer.headers['concur-correlationid'])
    assert.ok(event?.userId)
  })

  test('no other kind of token ends anything', async () => {
    const pair = await at.signIn('openid LIST')
    const own = await at.ask({ grant_type: 'client_credentials' })
    const standard = await here.request('', {
      path: '/oauth2/token',
      body: {
        grant_type: 'client_credentials',
        client_id: String(Reflect.get(here.sections.standard ?? {}, 'client_id')),
        client_secret: String(Reflect.get(here.sections.standard ?? {}, 'client_secret')),
      },
    })
    const [legacy] = Reflect.get(here.sections.concur ?? {}, 'legacy_tokens') as string[]
    assert.ok(pair.id_token && own.json.access_token && standard.json.access_token && legacy)
    for (const [name, token] of Object.entries({
      'an id_token': pair.id_token,
      'a refresh token': pair.refresh_token,
      'an application token': own.json.access_token,
      'a token of another mount': standard.json.access_token,
      'an old token': legacy,
      nothing: '',
    })) {
      assert.deepEqual(refused(await at.end(token)), invalid, name)
    }
    assert.equal((await at.refresh(pair.refresh_token)).status, 200)
  })

  test('an expired token ends nothing', async () => {
    const pair = await at.signIn()
    here.clock.advance(3_600_000)
    assert.deepEqual(refused(await at.end(pair.access_token)), invalid)
    const fresh = await at.refresh(pair.refresh_token)
    assert.equal((await at.end(fresh.json.access_token)).status, 200)
  })

  test('a disabled app hears that it is disabled, and ends nothing', async () => {
    const pair = await at.signIn()
    const { store } = here.deployment
    const seen = await store.findClient(at.value('trusted_client_id'))
    assert.ok(seen)
    const disabled = { ...seen, status: 'disabled' } as const
    await store.commit([{ write: 'change_client', client: disabled, seen }])
    assert.deepEqual(refused(await at.end(pair.access_token)), [403, 59, 'access_denied'])
    await store.commit([{ write: 'change_client', client: seen, seen: disabled }])
    assert.equal((await at.refresh(pair.refresh_token)).status, 200)
  })
})

suite('concur, the end of connections, where tokens are otherwise', () => {
  test('an opaque access token does it as well', async () => {
    const at = await signingIn({ policy: { access_format: 'opaque' } })
    const pair = await at.signIn()
    assert.match(String(pair.access_token), /^tfa_/)
    assert.deepEqual(refused(await at.end(`${pair.access_token}x`)), invalid)
    assert.equal((await at.end(pair.access_token)).status, 200)
    assert.equal((await at.refresh(pair.refresh_token)).json.code, 108)
    await at.here.close()
  })

  test('a token that waits for its user does not: it opens nothing yet', async () => {
    const at = await signingIn({ policy: { confirmation: 'required' } })
    const client = { id: at.value('client_id'), secret: at.value('client_secret') }
    const own = await at.ask({ grant_type: 'client_credentials' }, 'client')
    const [token] = Reflect.get(at.here.sections.concur ?? {}, 'legacy_tokens') as string[]
    const exchanged = await at.here.request('/concur', {
      path: `/appmgmt/v0/legacyApps/${at.value('old_consumer_key')}/exchangeRefreshToken/me`,
      headers: { authorization: `Bearer ${own.json.access_token}` },
      body: JSON.stringify({ token, secret: client.secret }),
    })
    const form = { grant_type: 'refresh_token', refresh_token: String(exchanged.json.token) }
    const pair = await at.ask(form, 'client')
    assert.equal(pair.status, 200, pair.text)
    assert.deepEqual(refused(await at.end(pair.json.access_token)), invalid)
    await at.here.close()
  })
})
