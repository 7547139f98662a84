import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { event } from '../kernel/decision.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import type { App } from './asks.ts'
import { countOf, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

/** Asks a real server, over a real connection. */
const over = (base: string) => async (path: string, form: Readonly<Record<string, string>>) => {
  const answer = await fetch(base + path, { method: 'POST', body: new URLSearchParams(form) })
  const text = await answer.text()
  const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
}

suite('promises, over several processes on one database', { timeout: 300_000 }, () => {
  let here: TestDeployment
  let servers: ServerProcess[] = []
  let app: App & { readonly legacyTokens: readonly string[] }
  const token = (at: number): string => app.legacyTokens[at] ?? ''

  const start = (): Promise<ServerProcess> =>
    startServer({
      folder: here.folder,
      config: {
        database: here.config.database,
        root_secret: `env:${rootSecretName}`,
        mounts: [{ dialect: 'standard', prefix: '/', policy: { rotate: 'always' } }],
      },
    })
  const ask = (at: number) => over(servers[at % servers.length]?.base ?? '')

  before(async () => {
    here = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
    app = standardApp(here)
    servers = await Promise.all([start(), start()])
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await here.close()
  })

  test('200 parallel exchanges of one legacy token, over two processes: one grant, one refresh token', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => exchange(ask(at), app, token(0))),
    )
    assert.equal(new Set(answers.map(refreshTokenOf)).size, 1)
    assert.equal(await countOf(here, 'select count(*) from grants'), 1)
    const [said = ''] = answers.map(refreshTokenOf)
    const refreshed = await Promise.all(Array.from({ length: 200 }, (_, at) => refresh(ask(at), app, said)))
    assert.equal(new Set(refreshed.map(refreshTokenOf)).size, 1)
    assert.equal(await countOf(here, 'select generation from grants'), 1)
  })

  test('acknowledged is durable: a server killed under load and restarted says the same, and the rest completes', async () => {
    const acknowledged = new Map<string, string>()
    const tokens = Array.from({ length: 20 }, (_, at) => token(at + 1))
    const [victim, other] = servers
    assert.ok(victim && other)
    let killed: Promise<unknown> | undefined
    const chain = async (legacyToken: string): Promise<void> => {
      const asked = over(victim.base)
      const first = await exchange(asked, app, legacyToken)
      acknowledged.set(legacyToken, refreshTokenOf(first))
      let current = refreshTokenOf(first)
      for (;;) {
        const next = refreshTokenOf(await refresh(asked, app, current))
        acknowledged.set(current, next)
        current = next
        if (acknowledged.size > 150) killed ??= victim.kill('SIGKILL')
      }
    }
    // Every chain ends as its server does: in the middle of a request, or before its next one.
    await Promise.allSettled(tokens.map(chain))
    assert.ok(killed)
    await killed
    servers = [await start(), other]

    const grants = await countOf(here, 'select count(*) from grants')
    const answered = await Promise.all(
      tokens.map(async (legacyToken, at) => {
        const said = acknowledged.get(legacyToken)
        let current = said ?? refreshTokenOf(await exchange(ask(at), app, legacyToken))
        for (let next = acknowledged.get(current); next !== undefined; next = acknowledged.get(current))
          current = next
        const successor = refreshTokenOf(await refresh(ask(at), app, current))
        assert.equal(
          refreshTokenOf(await refresh(ask(at + 1), app, current)),
          successor,
          'and again, by the other server',
        )
        return successor
      }),
    )
    assert.equal(new Set(answered).size, tokens.length)
    assert.equal(await countOf(here, 'select count(*) from grants'), Math.max(grants, tokens.length + 1))
    assert.equal(
      await countOf(here, `select count(*) from events where kind = 'legacy_token_exchanged'`),
      await countOf(here, 'select count(*) from grants'),
      'every exchange has its event, once',
    )
  })

  test('an uninstall wins against 50 exchanges in flight: no live grant afterwards', async () => {
    const first = await exchange(ask(0), app, token(30))
    assert.equal(first.status, 200)
    // The same user's other tokens, so that all of them hang under one connection.
    const others = Array.from({ length: 10 }, (_, at) => token(31 + at))
    const { database, store } = here.deployment
    const [row] = await database.query(
      'select connection, user_id from grants order by number desc limit 1',
      [],
    )
    await database.query(
      `update legacy_tokens set user_id = $1 where lookup in (select lookup from legacy_tokens where status = 'active'
        and client = '' limit 50) returning 1`,
      [String(row?.user_id)],
    )
    const connection = await store.findConnectionByNumber(Number(row?.connection))
    assert.ok(connection)
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const exchanging = Array.from({ length: 50 }, (_, at) => exchange(ask(at), app, others[at % 10] ?? ''))
    const revoked = store.commit([
      { write: 'revoke_connection', connection },
      event('connection_revoked', Date.now(), actor, connection),
    ])
    const answers = await Promise.all(exchanging)
    assert.equal(await revoked, 'committed')
    for (const { status } of answers) assert.ok([200, 400].includes(status))
    const live = `select count(*) from grants g join connections c on c.number = g.connection
      where g.connection = ${connection.number} and g.status = 'live' and c.status = 'live' and c.epoch = g.epoch`
    assert.equal(await countOf(here, live), 0)
    for (const answer of answers.filter(({ status }) => status === 200)) {
      assert.equal((await refresh(ask(0), app, refreshTokenOf(answer))).status, 400)
    }
    for (const legacyToken of others) assert.equal((await exchange(ask(1), app, legacyToken)).status, 400)
  })
})
