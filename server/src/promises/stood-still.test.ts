/** A node that stood still, or was cut off, judges nothing by keys that it knew before. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { addKeys } from '../keys/key-ring.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { sealingOf } from '../keys/sealing.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { startServer } from '../testing/server-process.ts'
import { accessTokenOf, exchange, introspect, revoke, standardApp } from './asks.ts'
import { over } from './holders.ts'

const tester = { actor: 'test', address: undefined, requestId: undefined }
const secret = `env:${rootSecretName}`

/** What says by which key it was made: a JWT's header, an opaque token's first byte. */
const keyOf = (token: string): string =>
  token.startsWith('tfa_') ? String(Buffer.from(token.slice(4), 'base64url')[0]) : (token.split('.')[0] ?? '')

suite('promises: a node that stood still', { timeout: 120_000, concurrency: true }, () => {
  // Where reading the keys is no round trip, they are read before a request is.
  const backend = 'postgres'
  for (const format of ['jwt', 'opaque']) {
    test(`it reads the keys before it says that a token is none of ours (${format})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tokenferry-still-'))
      const here = await testDeployment({ backend, mounts: ['standard'], file: true, background: false })
      const config = {
        public_url: 'http://127.0.0.1:4000',
        database: here.config.database,
        root_secret: secret,
        mounts: [{ dialect: 'standard', prefix: '/', policy: { access_format: format } }],
      }
      const [awake, still] = [await startServer({ folder, config }), await startServer({ folder, config })]
      const app = standardApp(here)
      const ask = over(awake.base)
      const tokens = async (): Promise<string[]> =>
        Promise.all(
          app.legacyTokens.slice(0, 3).map(async (one) => accessTokenOf(await exchange(ask, app, one))),
        )

      process.kill(still.pid, 'SIGSTOP')
      const { store } = here.deployment
      const keysBefore = new Set((await tokens()).map(keyOf))
      await addKeys(store, await sealingOf(store, readRootSecret(secret)), {
        at: Date.now() - 60_000,
        ahead: 0,
        actor: tester,
      })
      // Longer than keys may be old, and until the other one uses the new key.
      await pause(5_500)
      const [first = '', second = '', taken = ''] = await tokens()
      assert.ok(!keysBefore.has(keyOf(first)))
      const asked = [
        introspect(over(still.base), app, first),
        revoke(over(still.base), app, taken),
        introspect(over(still.base), app, second),
      ]
      await pause(100)
      process.kill(still.pid, 'SIGCONT')
      const [one, revoked, two] = await Promise.all(asked)
      assert.equal(one?.json.active, true, one?.text)
      assert.equal(two?.json.active, true, two?.text)
      assert.equal(revoked?.status, 200)
      assert.equal((await introspect(ask, app, taken)).json.active, false)

      await Promise.all([awake.kill(), still.kill()])
      await here.close()
      rmSync(folder, { recursive: true })
    })
  }
})
