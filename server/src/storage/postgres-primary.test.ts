/** What a node does when its primary falls silent, is replaced, or cannot reach its standby. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { StoreUnavailable } from '../kernel/store.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, processesOf, startPostgres } from '../testing/postgres.ts'
import { freePort } from '../testing/server-process.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { sqlStore } from './sql-store.ts'

const waitMillisecondsMax = 1_500

/** Asks again until it holds: another process has no clock of ours. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20)
}

async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  let answer: Answer | undefined
  await until(async () => {
    answer = await ask().catch((error: unknown) => {
      assert.ok(error instanceof StoreUnavailable, String(error))
      return undefined
    })
    return answer !== undefined
  })
  return answer as Answer // It was waited for.
}

test('postgres: numbers that were leased at a primary that is gone are not taken for swept ones', {
  timeout: 120_000,
}, async () => {
  const primary = await startPostgres({ port: await freePort() })
  const standby = await startPostgres({ port: await freePort(), standbyOf: primary })
  const database = await openPostgres({
    url: `postgres://tokenferry@${primary.address},${standby.address}/postgres`,
    waitMillisecondsMax,
  })
  await migrate(database)
  const store = sqlStore(database)
  const block = await store.leaseNumbers(10)
  const [row] = await database.query('select pg_current_wal_lsn()::text as place', [])
  await until(async () => {
    const caughtUp = `select pg_last_wal_replay_lsn() >= '${row?.place}' as is_there`
    return (await administer(standby.url(), caughtUp)).rows[0]?.is_there === true
  })
  await primary.stop()
  await administer(standby.url(), 'select pg_promote()')
  // The new one knows of the lease, and perhaps not of all that was granted of it.
  assert.equal(await untilAnswered(() => store.isLeased(block)), false)
  await store.closeNumbers({ ...block, first: block.first + 9, count: 1 })
  assert.equal((await store.findNumbering(block.first)).accountedFor, false)
  assert.equal(await store.isLeased(await store.leaseNumbers(10)), true)
  await database.close()
  await standby.stop()
})

suite('postgres: of several hosts, the primary', { timeout: 120_000 }, () => {
  let primary: PostgresServer
  let standby: PostgresServer
  let frozen: readonly number[] = []
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of frozen) process.kill(pid, name)
  }
  before(async () => {
    primary = await startPostgres({ port: await freePort() })
    standby = await startPostgres({ port: await freePort(), standbyOf: primary })
  })
  after(async () => {
    signal('SIGCONT')
    await standby.stop()
    await primary.stop()
  })

  const portOf = async (database: Database): Promise<number> => {
    const [row] = await database.query('select inet_server_port() as port', [])
    return Number(row?.port)
  }
  const at = (server: PostgresServer): number => Number(server.address?.split(':')[1])
  const open = (...servers: PostgresServer[]): Promise<Database> =>
    openPostgres({
      url: `postgres://tokenferry@${servers.map(({ address }) => address).join(',')}/postgres`,
      waitMillisecondsMax,
    })

  test('a standby alone is trouble of ours, and says so', async () => {
    await assert.rejects(
      open(standby),
      (error) => error instanceof StoreUnavailable && /standby/.test(error.message),
    )
  })

  test('a silent primary is trouble, not a wait without end; once another is promoted, no connection stays with it', async () => {
    const database = await open(standby, primary)
    assert.equal(await portOf(database), at(primary))
    // One connection of the pool lies idle at the old primary, as those of requests do.
    await database.scan('select 1 as one', [])
    frozen = await processesOf(primary)
    signal('SIGSTOP')
    const stuck = database.scan('select pg_sleep(0)', [])
    await assert.rejects(portOf(database), StoreUnavailable)
    await assert.rejects(
      stuck,
      StoreUnavailable,
      'what may last long ends, too, once the server is known to be silent',
    )
    await administer(standby.url(), 'select pg_promote()')
    assert.equal(await untilAnswered(() => portOf(database)), at(standby))
    signal('SIGCONT')
    frozen = []
    // It is a primary again, of an earlier time: whoever saw the later one has nothing to do with it.
    for (let time = 0; time < 20; time += 1) {
      assert.equal(await portOf(database), at(standby))
      const [row] = await database.scan('select inet_server_port() as port', [])
      assert.equal(row?.port, at(standby))
    }
    await until(async () => {
      const { rows } = await administer(
        primary.url(),
        `select 1 from pg_stat_activity where application_name = 'tokenferry'`,
      )
      return rows.length === 0
    })
    await database.close()
  })

  test('two that call themselves primary: the later one is it, and the other is not taken where that is gone', async () => {
    const database = await open(primary, standby)
    await until(async () => (await untilAnswered(() => portOf(database))) === at(standby))
    await standby.stop()
    await until(() =>
      portOf(database).then(
        () => false,
        () => true,
      ),
    )
    for (let time = 0; time < 5; time += 1) {
      await assert.rejects(portOf(database), StoreUnavailable)
      await pause(50)
    }
    await database.close()
  })
})
