import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { openPostgres } from '../storage/postgres.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, startPostgres, testDatabase } from '../testing/postgres.ts'
import type { FaultyApp } from './apps.ts'
import { appsOf, assertTrouble, dialectsInTrouble } from './apps.ts'
import { goThrough } from './trouble.ts'

const asked = { mounts: dialectsInTrouble, policy: { rotate: 'always' }, backend: 'sqlite' } as const
/** By which the nodes take turns. */
const lockKey = 0x746f6b656e
const options = { timeout: 60_000 }
const ours = `from pg_stat_activity where application_name = 'tokenferry'`

suite('faults: PostgreSQL has nothing left to give', () => {
  let postgres: PostgresServer
  let here: TestDeployment
  let apps: readonly FaultyApp[]
  before(async () => {
    postgres = await startPostgres({ settings: { max_connections: '12' } })
    here = await testDeployment({
      ...asked,
      config: { database: postgres.url(), postgres: { connections: 1 } },
    })
    apps = await appsOf(here)
  })
  after(async () => {
    await here.close()
    await postgres.stop()
  })

  async function session(...statements: readonly string[]): Promise<pg.Client> {
    const client = new pg.Client(postgres.url())
    client.on('error', () => undefined)
    await client.connect()
    for (const sql of statements) await client.query(sql)
    return client
  }

  test('all of its connections are others’: 503, and the server comes back by itself', options, async () => {
    const others: pg.Client[] = []
    const takeAll = async (): Promise<void> => {
      try {
        for (;;) others.push(await session())
      } catch (error) {
        assert.match(String(error), /too many clients|reserved for/)
      }
    }
    await goThrough(here, apps, {
      async begin() {
        for (let left = 1; left > 0; ) {
          await takeAll()
          left = (await others[0]?.query(`select pg_terminate_backend(pid, 1000) ${ours}`))?.rowCount ?? 0
        }
      },
      end: () => Promise.all(others.map((client) => client.end())),
    })
  })

  test(
    'its one connection for longer work is at a long query: what needs it waits no longer than it may',
    options,
    async (context) => {
      const made = await testDatabase()
      const database = { database: made.url, postgres: { connections: 1 } }
      const other = await testDeployment({ ...asked, config: database })
      context.after(async () => {
        await other.close()
        await made.remove()
      })
      let slept: Promise<unknown> = Promise.resolve()
      // Of what has come this rarely there are no functions, which would go another way.
      await goThrough(other, await appsOf(other), {
        begin() {
          slept = other.deployment.database.scan('select pg_sleep(600)', []).catch(() => undefined)
        },
        async end() {
          await administer(
            made.url,
            `select pg_cancel_backend(pid) ${ours} and query like '%pg_sleep%'
          and pid <> pg_backend_pid()`,
          )
          await slept
        },
      })
    },
  )

  test(
    'a session that holds its lock and stands still: all who wait hear of it, however many they are',
    options,
    async () => {
      const standing = await session('begin', `select pg_advisory_xact_lock(${lockKey})`)
      const tokens = apps.map((app) => Array.from({ length: 12 }, () => app.nextLegacyToken()))
      const asked = apps.flatMap((app, at) => (tokens[at] ?? []).map((token) => ({ app, token })))
      const answers = await Promise.all(asked.map(({ app, token }) => app.exchange(token)))
      for (const [at, { app }] of asked.entries()) assertTrouble(answers[at] ?? assert.fail(), app)
      await standing.query('rollback')
      await standing.end()
      for (const { app, token } of asked) app.tokenIn(await app.exchange(token))
    },
  )

  test(
    'commits that wait behind others that wait in vain hear of it in their own time',
    options,
    async (context) => {
      const made = await testDatabase()
      const database = await openPostgres({
        url: made.url,
        functionAfter: Number.POSITIVE_INFINITY,
        waitMillisecondsMax: 1_000,
      })
      context.after(async () => {
        await database.close()
        await made.remove()
      })
      await database.script('create table kept (value bigint primary key)')
      const put = (value: number): Promise<boolean> =>
        database.commit([{ sql: 'insert into kept values ($1) returning 1', values: [value] }])
      const standing = new pg.Client(made.url)
      await standing.connect()
      await standing.query('begin')
      await standing.query(`select pg_advisory_xact_lock(${lockKey})`)
      const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => put(at)))
      const said = settled.map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))
      // The first waits for the lock; by then the time of all behind it is over.
      const [first = '', ...others] = said
      assert.match(first, /lock timeout/)
      for (const one of others.slice(2)) assert.match(one, /did not get to this commit in time/)
      await standing.end()
      assert.equal(await put(20), true)
    },
  )
})
