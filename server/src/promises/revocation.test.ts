import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { event } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupOf, lookupsOf } from '../kernel/legacy-lookup.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import type { Client } from '../kernel/records.ts'
import { currentVersion } from '../kernel/ring.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient, aLegacyToken } from '../testing/records.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  dump,
  exchange,
  introspect,
  legacyTokenType,
  proof,
  publicApp,
  refresh,
  refreshTokenOf,
  revoke,
  standardApp,
  tokenExchange,
} from './asks.ts'

suite('promises: revocation, refusals and scopes', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
  })
  after(() => here.close())
  const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''

  /** What `connection revoke` commits. */
  async function revokeConnectionOf(legacyToken: number): Promise<void> {
    const { store, database, world } = here.deployment
    const [row] = await database.query('select connection from grants where number = $1', [legacyToken])
    const connection = await store.findConnectionByNumber(Number(row?.connection))
    assert.ok(connection)
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const writes = [
      { write: 'revoke_connection', connection } as const,
      event('connection_revoked', world.moment().now, actor, connection),
    ]
    assert.equal(await store.commit(writes), 'committed')
  }
  const lastGrant = (): Promise<number> => countOf(here, 'select max(number) from grants')

  /** An app whose scopes are of this length together, and the access token of its user's first exchange. */
  async function withScopes(length: number, resources: readonly string[] = []) {
    const { store, world } = here.deployment
    const scopes = Array.from({ length: Math.floor(length / 40) }, (_, at) => `scope-${at}-`.padEnd(37, 'x'))
    const client = { ...aClient({ scopes, policy: { signature: 'RS256' } }), id: `app-of-${length}` }
    const { secrets: _, ...asked } = client
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const added = await perform(registerClient, { client: asked, actor }, world)
    assert.ok('granted' in added)
    const { ring } = world.moment()
    const version = currentVersion(ring, here.clock.now)
    const legacyToken = `a token of ${client.id}`
    const row = {
      ...aLegacyToken({ clientId: client.id, scopes: undefined }),
      lookup: lookupOf(version, 'raw', Buffer.from(legacyToken)),
      lookupVersion: version.version,
      alsoAs: [],
    }
    assert.equal(await store.importLegacyTokens([row]), 1)
    const app = { id: client.id, secret: added.granted.secret }
    const form = new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: legacyToken,
      subject_token_type: legacyTokenType,
      ...proof(app),
    })
    return { app, answer: await askFor(form, resources) }
  }

  function askFor(form: URLSearchParams, resources: readonly string[]) {
    for (const resource of resources) form.append('resource', resource)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return here.request('', { path: '/oauth2/token', headers, body: form.toString() })
  }

  test('the longest access token is known here, is revoked, and has room in a header', async () => {
    const resources = Array.from({ length: 4 }, (_, at) => `https://api-${at}.example/`.padEnd(490, 'x'))
    const { app, answer } = await withScopes(6_000, resources)
    const longest = accessTokenOf(answer)
    assert.ok(longest.length > 10_000 && longest.length < 12_000, `${longest.length} characters`)
    assert.equal((await introspect(asks(here), app, longest)).json.active, true)
    assert.equal((await revoke(asks(here), app, longest)).status, 200)
    assert.equal((await introspect(asks(here), app, longest)).json.active, false)
    const form = { grant_type: 'refresh_token', refresh_token: refreshTokenOf(answer), ...proof(app) }
    const again = await askFor(new URLSearchParams(form), [...resources, ...resources])
    assert.ok(accessTokenOf(again).length <= longest.length, 'a resource that is named twice is said once')
    const more = await withScopes(400, [...resources, 'https://api.example/and-one-more'])
    assert.deepEqual([more.answer.status, more.answer.json.error], [400, 'invalid_target'])
  })

  test('so is that of an app which was given more scopes than there is room for', async () => {
    const { app, answer } = await withScopes(30_000)
    assert.equal((await introspect(asks(here), app, accessTokenOf(answer))).json.active, true)
    const next = accessTokenOf(await refresh(asks(here), app, refreshTokenOf(answer)))
    assert.equal((await revoke(asks(here), app, next)).status, 200)
    assert.equal((await introspect(asks(here), app, next)).json.active, false)
  })

  test('revoking a grant is one row, effective at the next introspection and refresh', async () => {
    const app = standardApp(here)
    const pair = await exchange(asks(here), app, token(0))
    assert.equal((await introspect(asks(here), app, accessTokenOf(pair))).json.active, true)
    assert.equal(
      (await asks(here)('/oauth2/revoke', { token: refreshTokenOf(pair), ...proof(app) })).status,
      200,
    )
    assert.equal((await introspect(asks(here), app, accessTokenOf(pair))).json.active, false)
    assert.equal((await introspect(asks(here), app, refreshTokenOf(pair))).json.active, false)
    assert.equal((await refresh(asks(here), app, refreshTokenOf(pair))).status, 400)
    assert.equal(
      (await exchange(asks(here), app, token(0))).status,
      400,
      'a repeat is never answered after a revocation',
    )
  })

  test('revoking a connection ends its grants and its legacy tokens, and a later consent revives none', async () => {
    const app = standardApp(here)
    const pair = await exchange(asks(here), app, token(1))
    await revokeConnectionOf(await lastGrant())
    assert.equal((await refresh(asks(here), app, refreshTokenOf(pair))).status, 400)
    assert.equal((await introspect(asks(here), app, accessTokenOf(pair))).json.active, false)
    await here.deployment.database.query(`update connections set status = 'live' returning 1`, [])
    assert.equal((await refresh(asks(here), app, refreshTokenOf(pair))).status, 400, 'the epoch has moved on')
    assert.equal((await exchange(asks(here), app, token(1))).status, 400)
  })

  test('a legacy token that is revoked while it is exchanged leaves no grant alive', async () => {
    const app = standardApp(here)
    const { world } = here.deployment
    const turns = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const races = Array.from({ length: 20 }, async (_, at) => {
      const legacyToken = token(at + 20)
      const lookups = lookupsOf(world.moment().ring, legacyToken)
      const exchanging = exchange(asks(here), app, legacyToken)
      await turns(at)
      const actor = { actor: 'operator', address: undefined, requestId: undefined }
      const revoked = await perform(revokeLegacyToken, { lookups, clientId: undefined, actor }, world)
      return 'granted' in revoked ? exchanging : undefined
    })
    for (const answer of await Promise.all(races)) {
      if (answer?.status !== 200) continue
      assert.equal((await refresh(asks(here), app, refreshTokenOf(answer))).status, 400)
    }
    const alive = `select count(*) from legacy_tokens l join grants g on g.number = l.grant_number
      where l.status = 'revoked' and g.status = 'live'`
    assert.equal(await countOf(here, alive), 0)
    assert.ok((await countOf(here, `select count(*) from legacy_tokens where status = 'revoked'`)) > 0)
  })

  test('a client that is disabled gets nothing, and its tokens sleep', async () => {
    const app = publicApp(here)
    const pair = await exchange(asks(here), app, token(2))
    const { store } = here.deployment
    const set = async (status: Client['status']) => {
      const seen = (await store.findClient(app.id)) ?? assert.fail('There is no such client.')
      await store.commit([{ write: 'change_client', client: { ...seen, status }, seen }])
    }
    await set('disabled')
    const before = await dump(here)
    assert.equal((await refresh(asks(here), app, refreshTokenOf(pair))).json.error, 'invalid_client')
    assert.equal((await exchange(asks(here), app, token(3))).json.error, 'invalid_client')
    assert.equal(await dump(here), before)
    await set('enabled')
    refreshTokenOf(await refresh(asks(here), app, refreshTokenOf(pair)))
  })

  test("another app's client with a token: refused, and the grant is unharmed", async () => {
    const app = standardApp(here)
    const first = refreshTokenOf(await exchange(asks(here), app, token(4)))
    const second = refreshTokenOf(await refresh(asks(here), app, first))
    refreshTokenOf(await refresh(asks(here), app, second))
    const before = await dump(here)
    // An old token, too: reuse by a stranger must not end the grant.
    for (const stolen of [first, second])
      assert.equal((await refresh(asks(here), publicApp(here), stolen)).status, 400)
    assert.equal(
      (await asks(here)('/oauth2/revoke', { token: second, ...proof(publicApp(here)) })).status,
      400,
    )
    assert.equal((await introspect(asks(here), publicApp(here), second)).status, 401)
    assert.equal(await dump(here), before)
  })

  test('a refusal changes nothing', async () => {
    const app = standardApp(here)
    const before = await dump(here)
    const refused = [
      exchange(asks(here), app, 'no such token'),
      exchange(asks(here), { ...app, secret: 'wrong' }, token(5)),
      exchange(asks(here), app, token(5), { scope: 'read admin' }),
      exchange(asks(here), app, token(5), { actor_token: 'x' }),
      refresh(asks(here), app, 'tfr_0000'),
    ]
    for (const answer of await Promise.all(refused))
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
    assert.equal(await dump(here), before)
    refreshTokenOf(await exchange(asks(here), app, token(5)))
  })

  test('a refresh never kills the access token before it, and scopes never widen', async () => {
    const app = standardApp(here)
    const pair = await exchange(asks(here), app, token(6), { scope: 'read' })
    const next = await refresh(asks(here), app, refreshTokenOf(pair), { scope: 'write' })
    assert.equal(next.json.scope, 'write')
    for (const access of [pair, next])
      assert.equal((await introspect(asks(here), app, accessTokenOf(access))).json.active, true)
    const wider = await refresh(asks(here), app, refreshTokenOf(next), { scope: 'read offline_access' })
    assert.equal(wider.json.error, 'invalid_scope')
  })

  test('one access token can be revoked alone', async () => {
    const app = standardApp(here)
    const one = await exchange(asks(here), app, token(7))
    const other = await exchange(asks(here), app, token(7))
    assert.equal(
      (await asks(here)('/oauth2/revoke', { token: accessTokenOf(one), ...proof(app) })).status,
      200,
    )
    assert.equal((await introspect(asks(here), app, accessTokenOf(one))).json.active, false)
    assert.equal((await introspect(asks(here), app, accessTokenOf(other))).json.active, true)
  })
})
