import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Pgbouncer } from '../testing/pgbouncer.ts'
import { startPgbouncer, withoutPgbouncer } from '../testing/pgbouncer.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, nameIn, startPostgres } from '../testing/postgres.ts'
import type { Fresh } from './contract.ts'
import { keepsTheContract } from './contract.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'

suite('postgres behind PgBouncer', { skip: withoutPgbouncer }, () => {
  let server: PostgresServer
  let pooler: Pgbouncer
  let databases = 0

  const connect = (name: string) =>
    openPostgres({
      url: pooler.url(server.url(name)),
      pooler: true,
      connections: 4,
      functionAfter: 1,
      waitMillisecondsMax: 2_000,
    })

  before(async () => {
    server = await startPostgres({ settings: { max_connections: '300' } })
    pooler = await startPgbouncer(server.url())
    await administer(server.url(), 'create database template')
    // Not by the pooler: a database that it stays connected to can be no template.
    const database = await openPostgres({ url: server.url('template') })
    await migrate(database)
    await database.close()
  })
  after(async () => {
    await pooler.stop()
    await server.stop()
  })

  const fresh = (): Fresh => {
    databases += 1
    const name = `pooled_${databases}`
    let made: Promise<unknown> | undefined
    return {
      async connect() {
        made ??= administer(server.url(), `create database ${name}`)
        await made
        return connect(name)
      },
      async prepare() {
        made = administer(server.url(), `create database ${name} template ${nameIn(server.url('template'))}`)
        await made
      },
      remove: async () =>
        void (await administer(server.url(), `drop database if exists ${name} with (force)`)),
    }
  }

  keepsTheContract('postgres behind PgBouncer', fresh)

  test('units become functions, and nothing is left behind in a session', async () => {
    const here = fresh()
    await here.prepare?.()
    const database = await here.connect()
    // Several at once: from now on the pooler has several connections, which take turns.
    await Promise.all(Array.from({ length: 4 }, () => database.scan('select pg_sleep(0.2)', [])))
    const note = (key: string) =>
      database.commit([
        {
          sql: 'insert into meta (key, value) values ($1, $2) on conflict do nothing returning 1',
          values: [key, 'x'],
        },
      ])
    for (let at = 0; at < 20; at += 1) assert.equal(await note(`key ${at}`), true)
    assert.equal(await note('key 0'), false)
    const [made] = await database.scan(
      `select count(*) as count from pg_proc where proname like 'tokenferry_unit_%'`,
      [],
    )
    assert.equal(made?.count, 1)
    for (let at = 0; at < 12; at += 1) {
      const [left] = await database.scan('select count(*) as count from pg_prepared_statements', [])
      assert.equal(left?.count, 0)
    }
    await database.close()
    await here.remove()
  })

  test('a lock that somebody holds is waited for no longer than behind no pooler', async () => {
    const here = fresh()
    await here.prepare?.()
    const [holder, database] = [await here.connect(), await here.connect()]
    // Held in a transaction that stays open until it is ended.
    const held = holder.script('lock table meta in access exclusive mode; select pg_sleep(20)')
    held.catch(() => undefined)
    const isHeld = `select count(*) as count from pg_locks where mode = 'AccessExclusiveLock' and granted
      and relation = 'meta'::regclass`
    while ((await database.scan(isHeld, []))[0]?.count === 0);
    await assert.rejects(
      database.bulk([{ sql: `delete from meta where key = 'none'`, values: [] }]),
      StoreUnavailable,
    )
    await database.scan(
      `select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock'
      and granted and relation = 'meta'::regclass`,
      [],
    )
    await assert.rejects(held)
    assert.equal(await database.bulk([{ sql: `delete from meta where key = 'none'`, values: [] }]), 0)
    await holder.close()
    await database.close()
    await here.remove()
  })
})
