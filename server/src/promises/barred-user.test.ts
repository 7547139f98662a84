import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { barUserForOperator, unbarUserForOperator } from '../kernel/operations/bar-user-for-operator.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { visitor } from '../testing/visitor.ts'
import type { App } from './asks.ts'
import {
  accessTokenOf,
  asks,
  dump,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

const operator = { actor: 'operator', address: undefined, requestId: undefined }
const callback = 'http://127.0.0.1:4000/callback'

suite('promises: a user who is barred from an app', () => {
  let here: TestDeployment
  let app: App & { readonly legacyTokens: readonly string[] }
  before(async () => {
    here = await testDeployment({ mounts: ['standard'] })
    app = standardApp(here)
  })
  after(() => here.close())

  // The first token of the list is hers.
  const alice = 'alice.standard'
  const bar = () => change(barUserForOperator)
  const unbar = () => change(unbarUserForOperator)
  const change = async (operation: typeof barUserForOperator) => {
    const input = { userId: alice, clientId: app.id, actor: operator }
    assert.ok('granted' in (await perform(operation, input, here.deployment.world)))
  }
  const isActive = async (token: string) => (await introspect(asks(here), app, token)).json.active

  test('loses every token of it at once, and gets no other by any way, until the bar is lifted', async () => {
    const ask = asks(here)
    const [hers = '', another = ''] = app.legacyTokens
    const pair = await exchange(ask, app, hers)
    const others = await exchange(ask, app, another)
    assert.deepEqual([await isActive(accessTokenOf(pair)), await isActive(hers)], [true, true])

    await bar()
    for (const token of [accessTokenOf(pair), refreshTokenOf(pair), hers])
      assert.equal(await isActive(token), false)
    const before = await dump(here)
    const refused = [await refresh(ask, app, refreshTokenOf(pair)), await exchange(ask, app, hers)]
    assert.deepEqual(
      refused.map(({ status, json }) => [status, json.error]),
      [
        [400, 'invalid_grant'],
        // As RFC 8693 §2.2.2 has it for a token that cannot be exchanged.
        [400, 'invalid_request'],
      ],
    )
    assert.equal(await dump(here), before)
    // Nobody else notices.
    assert.equal(await isActive(accessTokenOf(others)), true)
    assert.equal((await refresh(ask, app, refreshTokenOf(others))).status, 200)

    await unbar()
    assert.equal(await isActive(accessTokenOf(pair)), false)
    assert.equal((await refresh(ask, app, refreshTokenOf(pair))).status, 400)
  })

  test('an old token that was never exchanged is not active meanwhile, and is good again afterwards', async () => {
    const here = await testDeployment({ mounts: ['standard', 'concur'] })
    const { standard, concur } = here.sections
    const api = { id: String(standard?.resource_server_id), secret: String(standard?.resource_server_secret) }
    const [hers = ''] = [concur?.legacy_tokens].flat().map(String)
    const input = { userId: 'alice.concur', clientId: String(concur?.client_id), actor: operator }
    const isActive = async () => (await introspect(asks(here), api, hers)).json.active
    assert.equal(await isActive(), true)
    await perform(barUserForOperator, input, here.deployment.world)
    assert.equal(await isActive(), false)
    await perform(unbarUserForOperator, input, here.deployment.world)
    assert.equal(await isActive(), true)
    await here.close()
  })

  test('sees the app no more among theirs, and is offered nothing to allow', async () => {
    await bar()
    const person = here.people.get('standard')
    assert.ok(person)
    const user = visitor(here.app)
    await user.fill(await user.get('/account/apps'), /sign-in/, {
      username: person.username,
      password: person.password,
    })
    const { text } = await user.get('/account/apps')
    assert.match(text, /Alice Sample/)
    assert.doesNotMatch(text, /account\/apps\/\d/)
    const client = await here.deployment.store.findClient(app.id)
    const query = new URLSearchParams({
      client_id: app.id,
      response_type: 'code',
      redirect_uri: client?.redirectUris[0] ?? callback,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    const asked = await user.get(`/oauth2/authorize?${query}`)
    assert.ok(!asked.text.includes('value="allow"'), `${asked.status} ${asked.location} ${asked.text}`)
    await unbar()
    assert.match((await user.get(`/oauth2/authorize?${query}`)).text, /value="allow"/)
  })
})
