import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { addKeys } from '../keys/key-ring.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { sealingOf } from '../keys/sealing.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

suite('promises: keys change, and what was said stays said', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
  })
  after(() => here.close())
  const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''

  /** What `key rotate` does, at the clock of the test. */
  async function rotateKeys(): Promise<void> {
    const { store, keyRing } = here.deployment
    const sealing = await sealingOf(store, readRootSecret(`env:${rootSecretName}`))
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    await addKeys(store, sealing, { at: here.clock.now, ahead: 10_000, actor })
    await keyRing.reread()
    here.clock.advance(10_000)
  }

  test('an exchange before a rotation and its repeat after it: the same refresh token, one grant', async () => {
    const app = standardApp(here)
    const said = refreshTokenOf(await exchange(asks(here), app, token(0)))
    await rotateKeys()
    assert.equal(refreshTokenOf(await exchange(asks(here), app, token(0))), said)
    assert.equal(await countOf(here, 'select count(*) from grants'), 1)
  })

  test('a refresh before a rotation and its repeat after it: the same successor', async () => {
    const app = standardApp(here)
    const first = refreshTokenOf(await exchange(asks(here), app, token(1)))
    const second = refreshTokenOf(await refresh(asks(here), app, first))
    await rotateKeys()
    assert.equal(refreshTokenOf(await refresh(asks(here), app, first)), second)
  })

  test('tokens, clients and unexchanged legacy tokens work after two rotations', async () => {
    const app = standardApp(here)
    const pair = await exchange(asks(here), app, token(2))
    await rotateKeys()
    await rotateKeys()
    assert.equal((await introspect(asks(here), app, accessTokenOf(pair))).json.active, true)
    const next = refreshTokenOf(await refresh(asks(here), app, refreshTokenOf(pair)))
    refreshTokenOf(await refresh(asks(here), app, next))
    refreshTokenOf(await exchange(asks(here), app, token(3)))
    assert.ok((await countOf(here, 'select count(distinct key_version) from grants')) > 1)
  })

  test('a public signing key is published before it signs, and stays after it was replaced', async () => {
    const app = standardApp(here)
    const kidOf = (jwt: string): string =>
      JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid
    const published = async (): Promise<string[]> => {
      const { json } = await here.request('', { method: 'GET', path: '/.well-known/jwks.json' })
      assert.ok(Array.isArray(json.keys))
      return json.keys.map(({ kid }) => kid)
    }
    const old = kidOf(accessTokenOf(await exchange(asks(here), app, token(4))))
    const { store, keyRing } = here.deployment
    const sealing = await sealingOf(store, readRootSecret(`env:${rootSecretName}`))
    await addKeys(store, sealing, {
      at: here.clock.now,
      ahead: 10_000,
      actor: { actor: 'operator', address: undefined, requestId: undefined },
    })
    await keyRing.reread()
    const ahead = await published()
    assert.equal(kidOf(accessTokenOf(await exchange(asks(here), app, token(4)))), old, 'not yet')
    here.clock.advance(10_000)
    const fresh = kidOf(accessTokenOf(await exchange(asks(here), app, token(4))))
    assert.notEqual(fresh, old)
    assert.ok(ahead.includes(fresh) && (await published()).includes(old))
  })
})
