import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { makeRootSecret } from '../keys/root-secret.ts'
import { migrate } from '../storage/migrate.ts'
import { openPostgres } from '../storage/postgres.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, startPostgres } from '../testing/postgres.ts'
import { freePort } from '../testing/serving.ts'
import { examine } from './doctor-checks.ts'
import { versionFinding } from './doctor-postgres.ts'

suite('doctor: PostgreSQL', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-doctor-'))
  let server: PostgresServer

  before(async () => {
    makeRootSecret(join(folder, 'root-secret'))
    server = await startPostgres({
      port: await freePort(),
      durable: true,
      settings: { max_connections: '30' },
    })
    for (const name of ['sound', 'divided', 'empty']) {
      await administer(server.url(), `create database ${name}`)
    }
    for (const [name, partitions] of Object.entries({ sound: 1, divided: 4 })) {
      const database = await openPostgres({ url: server.url(name) })
      await migrate(database, { partitions })
      await database.close()
    }
  })
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  function configured(database: string, postgres: Readonly<Record<string, unknown>> = {}): string {
    const path = join(folder, 'tokenferry.yaml')
    const settings = {
      public_url: 'http://127.0.0.1:4000',
      database,
      postgres,
      root_secret: `file:${join(folder, 'root-secret')}`,
      mounts: [{ dialect: 'standard', prefix: '/' }],
    }
    writeFileSync(path, JSON.stringify(settings))
    return path
  }

  type Look = { readonly database?: string; readonly ahead?: number; readonly postgres?: object }

  /** What is said about it, one line for each finding. */
  async function said(
    about: string,
    { database = 'sound', ahead = 0, postgres = {} }: Look = {},
  ): Promise<string> {
    const url = database.includes('://') ? database : server.url(database)
    const findings = await examine(configured(url, { ...postgres }), Date.now() + ahead)
    return findings
      .filter((one) => one.about === about)
      .map(({ result, says }) => `${result}: ${says}`)
      .join('\n')
  }

  /** With something changed, and then back again. */
  async function changed(change: string, back: string, look: () => Promise<void>): Promise<void> {
    const settle = 'select pg_reload_conf()'
    await administer(server.url('sound'), change)
    await administer(server.url(), settle)
    try {
      await look()
    } finally {
      await administer(server.url('sound'), back)
      await administer(server.url(), settle)
    }
  }

  test('a sound one without a standby is fine, but for that', async () => {
    const findings = await examine(configured(server.url('sound')), Date.now())
    const others = findings.filter(
      ({ about }) => !['public_url', 'root_secret', 'keys', 'mount', 'mail'].includes(about),
    )
    assert.deepEqual(
      others.filter(({ result }) => result !== 'ok').map(({ about }) => about),
      ['standby'],
    )
    assert.match(await said('database'), /^ok: PostgreSQL 1[5-9]\.\d+$/)
    assert.match(await said('standby'), /^warn: there is none/)
    assert.match(await said('background'), /^ok: no server does it/)
  })

  test('a version before 15 is refused', () => {
    assert.equal(versionFinding(140_012).result, 'fail')
    assert.deepEqual(versionFinding(150_004), { result: 'ok', about: 'database', says: 'PostgreSQL 15.4' })
  })

  test('one that is not there is told of, without its password', async () => {
    const database = 'postgres://ferry:hidden-word@127.0.0.1:1/none'
    const says = await said('database', { database })
    assert.match(says, /^fail: postgres:\/\/ferry:…@127\.0\.0\.1:1\/none cannot be used .* Does it run/)
    assert.ok(!says.includes('hidden-word'))
  })

  const durability: readonly (readonly [setting: string, value: string, says: RegExp])[] = [
    ['fsync', 'off', /^fail: fsync is off: what was acknowledged can be lost/],
    ['full_page_writes', 'off', /^fail: full_page_writes is off/],
    ['synchronous_commit', 'off', /^fail: synchronous_commit is off: .*alter role current_user set/],
    ['synchronous_commit', 'local', /^warn: synchronous_commit is local/],
  ]
  for (const [setting, value, says] of durability) {
    test(`${setting} = ${value} is found`, () =>
      changed(`alter system set ${setting} = ${value}`, `alter system reset ${setting}`, async () => {
        assert.match(await said('durability'), says)
      }))
  }

  test('another isolation of transactions is found where a pooler keeps it from being set', () =>
    changed(
      `alter database sound set default_transaction_isolation = 'serializable'`,
      'alter database sound reset all',
      async () => {
        assert.equal(await said('isolation'), 'ok: read committed')
        const beyond = { postgres: { pooler: true } }
        assert.match(await said('isolation', beyond), /^fail: is serializable: .*alter role current_user set/)
        assert.match(await said('pooler', beyond), /^warn: lock_timeout is not set/)
      },
    ))

  test('a synchronous standby that is not connected is found before commits wait for it', async () => {
    // Not by `changed`: while it is so, no commit would end but of a session that says otherwise.
    await administer(server.url(), `alter system set synchronous_standby_names = 'far'`)
    await administer(server.url(), 'select pg_reload_conf()')
    try {
      assert.match(await said('standby'), /^fail: synchronous_standby_names is far, and none is connected/)
    } finally {
      await administer(server.url(), 'alter system reset synchronous_standby_names')
      await administer(server.url(), 'select pg_reload_conf()')
    }
  })

  test('clocks that are apart are found: a warning over two seconds, a failure over thirty', async () => {
    assert.match(await said('clocks'), /^ok: /)
    assert.match(await said('clocks', { ahead: 12_000 }), /^warn: .*1[12]\.\d s apart/)
    assert.match(await said('clocks', { ahead: -40_000 }), /^fail: .*(39|40)\.\d s apart/)
  })

  test('a role that may make no functions is found', async () => {
    await administer(server.url('sound'), 'create role plain login')
    const plain = server.url('sound').replace('tokenferry@', 'plain@')
    await administer(server.url('sound'), 'grant select on all tables in schema public to plain')
    assert.match(await said('role', { database: plain }), /^warn: plain may not create functions in public/)
    assert.match(await said('role'), /^ok: tokenferry may/)
    const waiting = await said('role', { database: server.url('empty').replace('tokenferry@', 'plain@') })
    assert.match(waiting, /^fail: plain may not make tables in public, and \d+ migrations wait\. /)
    assert.match(waiting, /alter schema public owner to plain \(docs\/operating\/postgres\.md\)$/)
  })

  test('tables that are another role’s are found, and what else is said of the server stays', async () => {
    await administer(server.url('sound'), 'create role stranger login')
    const stranger = server.url('sound').replace('tokenferry@', 'stranger@')
    const says = await said('role', { database: stranger })
    assert.match(
      says,
      /^fail: permission denied for table migrations: it is another role's\. .* alter schema/m,
    )
    assert.match(await said('encoding', { database: stranger }), /^ok: /)
  })

  test('migrations that wait, and a schema that is newer, are found', async () => {
    assert.match(await said('schema', { database: 'empty' }), /^warn: \d+ migrations wait/)
    await changed(
      `insert into migrations (id, name, at) values (9999, 'future', 0)`,
      'delete from migrations where id = 9999',
      async () => assert.match(await said('database'), /^fail: The database is at migration 9999/m),
    )
  })

  test('many dead rows, and a vacuum that is off, are found', async () => {
    await changed(
      `alter table events set (autovacuum_enabled = off);
       insert into events (at, kind, actor) select 1, 'bloat', 'test' from generate_series(1, 12000);
       delete from events where kind = 'bloat'; select pg_stat_force_next_flush()`,
      'vacuum events',
      async () => {
        const vacuum =
          /^warn: events has 12000 dead rows beside 0, last vacuumed never: .* vacuum \(analyze\) events$/
        assert.match(await said('vacuum'), vacuum)
      },
    )
    await changed('alter system set autovacuum = off', 'alter system reset autovacuum', async () =>
      assert.match(await said('vacuum'), /^warn: autovacuum is off/),
    )
  })

  test('connections that run out, and parts that were asked for too late, are found', async () => {
    assert.match(await said('connections'), /^ok: \d+ of 27 are used$/)
    const many = { postgres: { connections: 40, partitions: 4 } }
    assert.match(
      await said('connections', many),
      /^warn: \d+ of 27 are used, and one more process takes up to 43/,
    )
    assert.equal(await said('partitions'), 'ok: grants has one part')
    assert.match(await said('partitions', many), /^warn: grants has one part, and postgres\.partitions is 4/)
  })

  test('a table that is divided has as many parts as it was given', async () => {
    const four = { database: 'divided', postgres: { partitions: 4 } }
    assert.equal(await said('partitions', four), 'ok: grants has 4 parts')
    assert.match(await said('partitions', { database: 'divided' }), /^warn: grants has 4 parts, and .* is 1:/)
  })

  test('changes of grants that find no room on their page are found, and those that do are fine', async () => {
    const grants = (count: number) => `insert into grants
      (number, locator_hash, connection, client, user_id, organization_id, acts_as, authorized_by, scopes,
        resource, epoch, generation, rotated_at, key_version, created, access_until, status, replays)
      select n, '\\x00', 1, 'app', 'ada', '', 'user', 'legacy_token', '', '', 0, 0, 0, 1, 0, 0, 'live', 0
      from generate_series(1, ${count}) n`
    const forget = "select pg_stat_reset_single_table_counters(to_regclass('grants'))"
    const says = async (count: number, turns: number, end: string): Promise<string> => {
      for (const sql of ['truncate grants', grants(count), forget]) await administer(server.url('sound'), sql)
      const turn = `update grants set generation = generation + 1; ${end};`
      const quick = `perform set_config('synchronous_commit', 'off', false)`
      const change = `do $$ begin ${quick}; for turn in 1..${turns} loop ${turn} end loop; end $$`
      await administer(server.url('sound'), change)
      await administer(server.url('sound'), 'select pg_stat_force_next_flush()')
      return said('refreshes')
    }
    try {
      assert.equal(await says(1, 100, 'commit'), '', 'too few to say anything')
      assert.match(await says(1, 10_001, 'commit'), /^ok: 100 % of the changes of grants touched no index$/)
      assert.match(
        await says(4_000, 4, 'null'),
        /^warn: \d+ % of the changes .*: pages are full\. alter table/,
      )
    } finally {
      await administer(server.url('sound'), 'truncate grants')
    }
  })

  test('a standby is told of, and one that is far behind', async () => {
    const standby = await startPostgres({ port: await freePort(), standbyOf: server })
    /** It connects, and tells how far it is, when it comes to it. */
    const until = async (expected: RegExp): Promise<void> => {
      while (!expected.test(await said('standby'))) await pause(50)
    }
    try {
      await until(/^ok: standby: streaming, async, \d+ KiB behind\nwarn: none is waited for/)
      await administer(standby.url(), 'select pg_wal_replay_pause()')
      // A segment of 16 MiB each.
      for (let segment = 0; segment < 5; segment += 1) {
        await administer(server.url(), `select pg_logical_emit_message(false, 'test', '')`)
        await administer(server.url(), 'select pg_switch_wal()')
      }
      await until(/^warn: standby: streaming, async, \d{5} KiB behind: a switch to it waits for that/)
    } finally {
      await standby.stop()
    }
  })
})
