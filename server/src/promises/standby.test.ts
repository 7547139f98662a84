/** A commit whose wait for the synchronous standby was cut short, as an app sees it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, nameStandby, startPostgres, untilWaiting } from '../testing/postgres.ts'
import { asks, countOf, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

suite('promises: what one machine alone has is not said', { timeout: 120_000 }, () => {
  let server: PostgresServer
  let here: TestDeployment
  before(async () => {
    server = await startPostgres({ settings: { synchronous_commit: 'on' } })
    here = await testDeployment({
      mounts: ['standard'],
      policy: { rotate: 'always' },
      config: { database: server.url() },
    })
  })
  after(async () => {
    await nameStandby(server, '')
    await here.close()
    await server.stop()
  })

  function isTrouble({ status, headers, json, text }: TestAnswer): void {
    assert.equal(status, 503, text)
    assert.ok(Number(headers['retry-after']) >= 1)
    assert.equal(json.error, 'temporarily_unavailable')
  }

  /** Cuts every wait short, until all are answered. */
  async function cutShort(asked: readonly Promise<TestAnswer>[]): Promise<readonly TestAnswer[]> {
    let answered = 0
    for (const one of asked) void one.then(() => (answered += 1))
    while (answered < asked.length) {
      for (const pid of await Promise.race([untilWaiting(server), Promise.all(asked).then(() => [])])) {
        await administer(server.url(), `select pg_cancel_backend(${pid})`)
      }
    }
    return Promise.all(asked)
  }

  /** As an app does: the same request until it is answered. */
  async function untilAnswered(ask: () => Promise<TestAnswer>): Promise<string> {
    for (;;) {
      const answer = await ask()
      if (answer.status === 200) return refreshTokenOf(answer)
      isTrouble(answer)
    }
  }

  test('exchanges and refreshes get 503, their repeats no earlier answer than the standby, then one and the same', async () => {
    const app = standardApp(here)
    const ask = asks(here)
    const tokens = app.legacyTokens.slice(0, 12)
    const kept = await Promise.all(
      tokens.slice(0, 6).map(async (token) => refreshTokenOf(await exchange(ask, app, token))),
    )
    const requests = [
      ...tokens.slice(6).map((token) => () => exchange(ask, app, token)),
      ...kept.map((token) => () => refresh(ask, app, token)),
    ]
    await nameStandby(server, 'nobody')
    for (const answer of await cutShort(requests.map((request) => request()))) isTrouble(answer)
    // Some of them were done, and could be read: whoever asks again hears nothing that might get lost.
    for (const answer of await cutShort(requests.map((request) => request()))) isTrouble(answer)

    await nameStandby(server, '')
    const said = await Promise.all(requests.map(untilAnswered))
    assert.deepEqual(await Promise.all(requests.map(untilAnswered)), said)
    assert.equal(new Set(said).size, requests.length)
    assert.equal(await countOf(here, 'select count(*) from grants'), tokens.length)
    assert.equal(await countOf(here, 'select max(generation) from grants'), 1)
  })
})
