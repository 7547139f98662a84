import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { authenticateClient } from '../kernel/operations/authenticate-client.ts'
import type { Caller } from '../kernel/operations/issue.ts'
import { refreshTokenPair } from '../kernel/operations/refresh-token-pair.ts'
import { defaultPolicy } from '../kernel/policy.ts'
import { testDeployment } from '../testing/deployment.ts'
import { shortOrLong } from '../testing/length.ts'
import { asks, countOf, exchange, refreshTokenOf, standardApp } from './asks.ts'

suite('promises: rows grow with grants, not with requests', () => {
  test('many thousand refreshes of one grant leave the database as long as it was', async () => {
    const here = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
    after(() => here.close())
    const { world, database } = here.deployment
    const app = standardApp(here)
    let refreshToken = refreshTokenOf(await exchange(asks(here), app, app.legacyTokens[0] ?? ''))
    const authenticated = await perform(
      authenticateClient,
      { clientId: app.id, secret: app.secret, dialect: 'standard', proof: 'required' },
      world,
    )
    assert.ok('granted' in authenticated)
    const actor = { actor: 'test', address: undefined, requestId: undefined }
    const caller: Caller = { ...authenticated.granted, policy: defaultPolicy, actor }

    const size = async (): Promise<number> => {
      if (database.backend === 'postgres') return countOf(here, `select pg_relation_size('grants')`)
      await database.query('pragma wal_checkpoint(truncate)', [])
      return statSync(here.path ?? '').size
    }
    const before = await size()
    const rows = (): Promise<number> =>
      countOf(
        here,
        'select (select count(*) from grants) + (select count(*) from events) + (select count(*) from connections)',
      )
    const rowsBefore = await rows()
    // On PostgreSQL each waits for two round trips.
    const refreshes = shortOrLong(database.backend === 'postgres' ? 5_000 : 20_000, 100_000)
    for (let count = 0; count < refreshes; count += 1) {
      const answer = await perform(refreshTokenPair, { caller, refreshToken }, world)
      assert.ok('granted' in answer && answer.granted.refreshToken)
      refreshToken = answer.granted.refreshToken
    }
    assert.equal(await countOf(here, 'select generation from grants'), refreshes)
    assert.equal(await rows(), rowsBefore)
    // A page or two that a longer number may take; on PostgreSQL some more, where a snapshot of somebody else
    // has kept old rows for a moment. Without their places being used again it would be two hundred.
    const pagesMax = database.backend === 'postgres' ? 20 : 1
    assert.ok((await size()) <= before + pagesMax * 8192, `from ${before} to ${await size()} bytes`)
  })
})
