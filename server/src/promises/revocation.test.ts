import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { event } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import type { Client } from '../kernel/records.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  dump,
  exchange,
  introspect,
  proof,
  publicApp,
  refresh,
  refreshTokenOf,
  standardApp,
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
