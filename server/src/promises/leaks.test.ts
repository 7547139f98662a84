/**
 * The answers to a leak (docs/security/leaks.md), each tried on a database that holds something; on both
 * backends. `recovery.test.ts` has the third, `client recover`.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { readRootSecret } from '../keys/root-secret.ts'
import { compromiseKeys, retireSigningKeys, rewrapKeys, rotateKeys } from '../keys/rotate.ts'
import { openDeployment } from '../main.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testConfig, testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  exchange,
  introspect,
  publicApp,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

const newSecretName = 'TOKENFERRY_TEST_NEW_ROOT_SECRET'
process.env[newSecretName] = randomBytes(32).toString('hex')
const actor = { actor: 'operator ada', address: undefined, requestId: undefined }

for (const backend of ['sqlite', 'postgres'] as const) {
  suite(`promises: a leak is answered (${backend})`, () => {
    let here: TestDeployment
    before(async () => {
      here = await testDeployment({
        backend,
        file: true,
        mounts: ['standard'],
        policy: { rotate: 'always' },
      })
    })
    after(() => here.close())
    const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''
    const work = (secret = rootSecretName) => ({
      store: here.deployment.store,
      rootSecret: readRootSecret(`env:${secret}`),
      now: here.clock.now,
      actor,
    })

    test('key rotate --compromised: old tokens are good once more, from whoever proves itself, and nothing old signs', async () => {
      const [app, open, ask] = [standardApp(here), publicApp(here), asks(here)]
      const proven = await exchange(ask, app, token(0))
      const repeated = refreshTokenOf(await exchange(ask, app, token(1)))
      const unproven = refreshTokenOf(await exchange(ask, open, token(2)))
      const rotation = await rotateKeys(work())
      await retireSigningKeys(work(), rotation, 3600)
      here.clock.advance(12_000)
      assert.ok((await compromiseKeys(work(), rotation.version)) > 0)
      await here.deployment.keyRing.reread()

      assert.equal((await introspect(ask, app, accessTokenOf(proven))).json.active, false)
      const published = await here.request('', { method: 'GET', path: '/.well-known/jwks.json' })
      assert.ok(Array.isArray(published.json.keys) && published.json.keys.length === 3)
      const next = await refresh(ask, app, refreshTokenOf(proven))
      assert.equal((await introspect(ask, app, accessTokenOf(next))).json.active, true)
      refreshTokenOf(await refresh(ask, app, refreshTokenOf(next)))
      assert.equal((await refresh(ask, open, unproven)).status, 400)
      // A lost answer is asked for again, and comes under the new version.
      const renewed = refreshTokenOf(await refresh(ask, app, repeated))
      assert.equal(refreshTokenOf(await refresh(ask, app, repeated)), renewed)
      refreshTokenOf(await exchange(ask, app, token(3)))
      assert.equal(await countOf(here, 'select count(*) from grants where key_version = 2'), 3)
    })

    test('key rewrap: the ring opens with the new root secret alone, and nobody who holds a token notices', async () => {
      const [app, ask] = [standardApp(here), asks(here)]
      const said = refreshTokenOf(await exchange(ask, app, token(4)))
      const keys = await rewrapKeys(work(), readRootSecret(`env:${newSecretName}`))
      assert.equal(keys, await countOf(here, 'select count(*) from keys'))
      // The node that runs goes on with what it has open.
      await here.deployment.keyRing.reread()
      const next = refreshTokenOf(await refresh(ask, app, said))

      const place = { database: here.config.database }
      const old = testConfig({ mounts: ['standard'], config: place }, '')
      await assert.rejects(openDeployment(old), /root secret does not open/)
      const other = await testDeployment({
        mounts: ['standard'],
        policy: { rotate: 'always' },
        seed: false,
        now: here.clock.now,
        config: { ...place, root_secret: `env:${newSecretName}` },
      })
      assert.equal(refreshTokenOf(await refresh(asks(other), app, said)), next)
      refreshTokenOf(await refresh(asks(other), app, next))
      refreshTokenOf(await exchange(asks(other), app, token(5)))
      await other.close()
    })
  })
}
