/** Whole servers behind a pooler that keeps no sessions: what holds without one, holds. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Deployment } from '../main.ts'
import { composeServer, openDeployment } from '../main.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Pgbouncer } from '../testing/pgbouncer.ts'
import { startPgbouncer, withoutPgbouncer } from '../testing/pgbouncer.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { startPostgres } from '../testing/postgres.ts'
import { countOf, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

suite('promises: two nodes behind PgBouncer', { skip: withoutPgbouncer, timeout: 120_000 }, () => {
  let server: PostgresServer
  let pooler: Pgbouncer
  let here: TestDeployment
  let other: Deployment
  let otherApp: FastifyInstance

  before(async () => {
    server = await startPostgres()
    pooler = await startPgbouncer(server.url())
    const config = { database: pooler.url(server.url()), postgres: { pooler: true } }
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' }, config })
    other = await openDeployment(here.config, { now: () => here.clock.now, numbers: true })
    otherApp = composeServer(other, { write: () => undefined })
    await otherApp.ready()
  })
  after(async () => {
    await otherApp.close()
    await other.close()
    await here.close()
    await pooler.stop()
    await server.stop()
  })

  const asking = (app: FastifyInstance) => async (path: string, form: Readonly<Record<string, string>>) => {
    const answer = await app.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
    return { status: answer.statusCode, headers: {}, text: answer.payload, json: JSON.parse(answer.payload) }
  }

  test('100 parallel exchanges of one token, and as many refreshes: one grant, one successor', async () => {
    const app = standardApp(here)
    const nodes = [asking(here.app), asking(otherApp)] as const
    const node = (at: number) => nodes[at % 2 === 0 ? 0 : 1]
    const many = Array.from({ length: 100 }, (_, at) => at)
    const answers = await Promise.all(many.map((at) => exchange(node(at), app, app.legacyTokens[0] ?? '')))
    assert.equal(new Set(answers.map(refreshTokenOf)).size, 1)
    assert.equal(await countOf(here, 'select count(*) from grants'), 1)
    const said = refreshTokenOf(answers[0] ?? assert.fail('Nothing was answered.'))
    const refreshed = await Promise.all(many.map((at) => refresh(node(at), app, said)))
    assert.equal(new Set(refreshed.map(refreshTokenOf)).size, 1)
    assert.equal(await countOf(here, 'select generation from grants'), 1)
    const others = await Promise.all(
      app.legacyTokens.slice(1, 40).map((token, at) => exchange(node(at), app, token)),
    )
    assert.ok(others.every(({ status }) => status === 200))
    assert.equal(await countOf(here, 'select count(*) from grants'), 40)
  })
})
