import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { recoverClient } from '../cli/client-recover.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aCode } from '../testing/records.ts'
import { asks, countOf, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

for (const backend of ['sqlite', 'postgres'] as const) {
  suite(`promises: a client whose secret and legacy tokens leaked is recovered (${backend})`, () => {
    let here: TestDeployment
    before(async () => {
      here = await testDeployment({ backend, mounts: ['standard'], policy: { rotate: 'always' } })
    })
    after(() => here.close())
    const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''
    const exchanged = (at: number) => exchange(asks(here), standardApp(here), token(at))
    const recover = (since?: number) => recoverClient(here.deployment, standardApp(here).id, since)

    test('what is exchanged while the recovery goes on is alive after it', async () => {
      const app = standardApp(here)
      const stolen = await Promise.all([0, 1, 2, 3].map(exchanged))
      here.clock.advance(1000)
      const load = Array.from({ length: 30 }, async (_, at) => {
        for (let turn = 0; turn < at; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        return refreshTokenOf(await exchanged(at + 4))
      })
      const [recovered, ...said] = await Promise.all([recover(), ...load])
      assert.deepEqual(recovered, { legacyTokensReset: 4, otherGrantsEnded: 0 })
      for (const refreshToken of said) refreshTokenOf(await refresh(asks(here), app, refreshToken))
      for (const answer of stolen)
        assert.equal((await refresh(asks(here), app, refreshTokenOf(answer))).status, 400)
      for (const at of [0, 1, 2, 3]) refreshTokenOf(await exchanged(at))
    })

    test('a legacy token whose connection the user took back stays dead, though the app was allowed again', async () => {
      const { store } = here.deployment
      const from = here.clock.now
      refreshTokenOf(await exchanged(40))
      const grant = await store.findGrant(await countOf(here, 'select max(number) from grants'))
      const connection = grant?.connection ?? assert.fail()
      await store.commit([{ write: 'revoke_connection', connection }])
      const seen = { ...connection, status: 'revoked', epoch: connection.epoch + 1 } as const
      assert.equal(await store.commit([{ write: 'allow_connection', connection, seen }]), 'committed')
      for (const since of [from, undefined]) {
        here.clock.advance(1000)
        await recover(since)
        assert.equal((await exchanged(40)).status, 400)
      }
    })

    test('no code from before it is redeemed after it', async () => {
      const { store } = here.deployment
      const { id } = standardApp(here)
      const code = aCode({ clientId: id, created: here.clock.now, expires: here.clock.now + 60_000 })
      for (const since of [here.clock.now, undefined]) {
        assert.equal(await store.commit([{ write: 'add_code', code, openMax: undefined }]), 'committed')
        here.clock.advance(1000)
        await recover(since)
        assert.equal(await store.findCode(code.hash), undefined)
      }
    })
  })
}
