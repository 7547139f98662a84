/** A deployment moves to another database, and nobody who holds a token of it notices. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openDeployment } from '../main.ts'
import type { Copied, CopyOptions } from '../storage/copy-database.ts'
import { copyDatabase } from '../storage/copy-database.ts'
import { tablesOf } from '../storage/copy-tables.ts'
import type { Database } from '../storage/database.ts'
import { openPostgres } from '../storage/postgres.ts'
import { dropMeta, metaOf, putMeta } from '../storage/set-aside.ts'
import type { SqliteDatabase } from '../storage/sqlite.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testConfig, testDeployment } from '../testing/deployment.ts'
import type { TestDatabase } from '../testing/postgres.ts'
import { testDatabase } from '../testing/postgres.ts'
import { aCode } from '../testing/records.ts'
import { accessTokenOf, asks, exchange, introspect, refresh, refreshTokenOf, standardApp } from './asks.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-moving-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const copy = (source: Database, target: Database, more: Partial<CopyOptions> = {}): Promise<Copied> =>
  copyDatabase({
    source,
    target,
    partitions: 1,
    targetShown: 'elsewhere',
    refuseInUse: async () => undefined,
    ...more,
  })

suite('promises: a deployment is copied into PostgreSQL, and back', () => {
  const mounts = ['standard', 'clover']
  const policy = { rotate: 'always' }
  let before_: TestDeployment
  let place: TestDatabase
  let here: TestDeployment
  let said: Readonly<Record<'first' | 'second' | 'newest' | 'access' | 'unused' | 'session', string>>

  before(async () => {
    before_ = await testDeployment({ mounts, policy, backend: 'sqlite' })
    const app = standardApp(before_)
    const ask = asks(before_)
    const [one = '', two = ''] = app.legacyTokens
    const first = refreshTokenOf(await exchange(ask, app, one))
    const second = refreshTokenOf(await refresh(ask, app, first))
    const newest = await refresh(ask, app, second)
    const unused = refreshTokenOf(await exchange(ask, app, two))
    const session = Buffer.alloc(32, 7)
    const { now } = before_.clock
    const userId = String((await before_.deployment.store.listUsers({ after: undefined, limit: 1 }))[0]?.id)
    await before_.deployment.store.commit([
      {
        write: 'add_session',
        session: {
          hash: session,
          userId,
          created: now,
          expires: now + 3_600_000,
          method: 'password',
          address: undefined,
          userAgent: 'A browser\twith a \\ and a\nline, ünïcode',
        },
      },
    ])
    const code = aCode({ clientId: app.id, created: now, expires: now + 60_000 })
    await before_.deployment.store.commit([{ write: 'add_code', code, openMax: undefined }])
    said = {
      first,
      second,
      newest: refreshTokenOf(newest),
      access: accessTokenOf(newest),
      unused,
      session: session.toString('hex'),
    }

    const path = join(folder, 'source.db')
    await (before_.deployment.database as SqliteDatabase).backup(path)
    place = await testDatabase()
    const source = await openSqlite(path)
    const target = await openPostgres({ url: place.url })
    await copy(source, target, { partitions: 4 })
    for (const database of [source, target]) await database.close()
    here = await testDeployment({
      mounts,
      policy,
      seed: false,
      now: now + 1000,
      config: { database: place.url },
      // It is copied again below, and who notes what was used meanwhile has another sum.
      background: false,
    })
  })
  after(async () => {
    await here?.close()
    await before_?.close()
    await place?.remove()
  })

  test('a repeat says the same again, a refresh goes on, an access token is still known', async () => {
    const app = standardApp(before_)
    const ask = asks(here)
    assert.equal(refreshTokenOf(await refresh(ask, app, said.second)), said.newest)
    assert.equal(refreshTokenOf(await exchange(ask, app, app.legacyTokens[1] ?? '')), said.unused)
    assert.equal((await introspect(ask, app, said.access)).json.active, true)
    refreshTokenOf(await refresh(ask, app, said.newest))
  })

  test('a legacy token that was not exchanged yet is exchanged there', async () => {
    const app = standardApp(before_)
    const pair = await exchange(asks(here), app, app.legacyTokens[2] ?? '')
    refreshTokenOf(await refresh(asks(here), app, refreshTokenOf(pair)))
  })

  test('sessions, open codes and events are there, and the next event comes behind the newest', async () => {
    const { store } = here.deployment
    const session = await store.findSession(Buffer.from(said.session, 'hex'))
    assert.equal(session?.session.userAgent, 'A browser\twith a \\ and a\nline, ünïcode')
    const code = await store.findCode(aCode({}).hash)
    assert.equal(code?.code.status, 'open')
    const old = await before_.deployment.store.listEvents(0, 10_000)
    const all = await store.listEvents(0, 10_000)
    assert.deepEqual(all.slice(0, old.length), old)
    assert.ok((all[old.length]?.id ?? 0) > (old.at(-1)?.id ?? 0))
  })

  test('a token that is reused ends its grant there, as it would have here', async () => {
    const app = standardApp(before_)
    assert.equal((await refresh(asks(here), app, said.first)).status, 400)
    assert.equal((await refresh(asks(here), app, said.newest)).status, 400)
  })

  test('back into a file: the same rows and sums, and the file serves', async () => {
    const path = join(folder, 'back.db')
    const [source, target] = [await openPostgres({ url: place.url }), await openSqlite(path)]
    const { tables } = await copy(source, target)
    assert.ok(tables.every(({ rows, sum }) => rows === 0 || !/^0+$/.test(sum)))
    for (const database of [source, target]) await database.close()
    const deployment = await openDeployment(testConfig({ mounts }, path))
    await deployment.close()
  })
})

suite('promises: a copy that is interrupted', () => {
  let path: string
  before(async () => {
    const filled = await testDeployment({ mounts: ['standard'], backend: 'sqlite' })
    path = join(folder, 'filled.db')
    await (filled.deployment.database as SqliteDatabase).backup(path)
    await filled.close()
  })

  /** A target that goes away at its `last` page: what came before is durable, and nothing else is. */
  const endingAt = (target: Database, last: number): Database => {
    let pages = 0
    return {
      ...target,
      async addRows(rows, then) {
        pages += 1
        if (pages === last) throw new Error('interrupted')
        await target.addRows?.(rows, then)
      },
    }
  }

  test('goes on where it was, at whichever page it ended, and never doubles a row', async () => {
    const source = await openSqlite(path)
    const place = await testDatabase()
    const target = await openPostgres({ url: place.url })
    let written = 0
    let runs = 0
    for (;;) {
      runs += 1
      const before = written
      try {
        // Each run gets two pages further than the one before it.
        await copy(source, endingAt(target, 3), { rowsPerPage: 9, onProgress: () => undefined })
        break
      } catch (error) {
        assert.match(String(error), /interrupted/)
        await assert.rejects(
          openDeployment(testConfig({ mounts: ['standard'], config: { database: place.url } }, '')),
          /half of a copy/,
        )
      }
      written = await rowsIn(target)
      assert.ok(written > before)
    }
    assert.ok(runs > 5)
    assert.equal(await rowsIn(target), await rowsIn(source))
    await assert.rejects(copy(source, target), /holds this deployment already/)
    await target.close()
    await source.close()
    await place.remove()
  })

  test('a source that has moved is not copied to a second place, before it is declared to be used again', async () => {
    const source = await openSqlite(path)
    const elsewhere = await openSqlite(join(folder, 'second.db'))
    await assert.rejects(copy(source, elsewhere), /was copied to elsewhere already.* db restored --to TIME$/)
    assert.equal((await elsewhere.tables()).size, 0)
    const declared = dropMeta('moved_to')
    await source.bulk([declared])
    // Begun before it moved to another place, and gone on with afterwards.
    await assert.rejects(copy(source, endingAt(elsewhere, 1)), /interrupted/)
    await source.bulk([putMeta('moved_to', 'a third place')])
    await assert.rejects(copy(source, elsewhere), /was copied to a third place already/)
    await source.bulk([declared])
    await copy(source, elsewhere)
    assert.equal((await metaOf(source)).get('moved_to'), 'elsewhere')
    await source.bulk([declared])
    for (const database of [source, elsewhere]) await database.close()
  })

  test('a copy that ended while it was handed over goes on to the same place', async () => {
    const source = await openSqlite(path)
    const target = await openSqlite(join(folder, 'handed-over.db'))
    const ending: Database = {
      ...target,
      async bulk(statements) {
        if (statements.some(({ values }) => values[0] === 'deployment_id')) throw new Error('interrupted')
        return target.bulk(statements)
      },
    }
    await assert.rejects(copy(source, ending), /interrupted/)
    assert.equal((await metaOf(source)).get('moved_to'), 'elsewhere')
    await copy(source, target)
    assert.ok(!(await metaOf(target)).has('copying'))
    await source.bulk([dropMeta('moved_to')])
    for (const database of [source, target]) await database.close()
  })

  test('is not taken over by another deployment, nor put over one', async () => {
    const other = await testDeployment({ mounts: ['standard'], backend: 'postgres' })
    const source = await openSqlite(path)
    await assert.rejects(copy(source, other.deployment.database), /holds another deployment/)
    await other.close()
    const place = await testDatabase()
    const target = await openPostgres({ url: place.url })
    await assert.rejects(copy(source, endingAt(target, 1)), /interrupted/)
    const stranger = await testDeployment({ mounts: ['standard'], backend: 'sqlite' })
    await assert.rejects(copy(stranger.deployment.database, target), /half of a copy of another deployment/)
    await stranger.close()
    await target.close()
    await source.close()
    await place.remove()
  })

  test('a source that changed under it is found out, and is not handed over', async () => {
    const source = await openSqlite(path)
    const place = await testDatabase()
    const target = await openPostgres({ url: place.url })
    await target.tables()
    const changing: Database = {
      ...target,
      script: async (sql) => {
        await target.script(sql)
        if (sql === 'analyze') await target.script(`update clients set name = 'changed'`)
      },
    }
    await assert.rejects(copy(source, changing), /The table clients differs/)
    assert.ok((await metaOf(target)).has('copying'))
    await target.close()
    await source.close()
    await place.remove()
  })

  test('the source is not served again by mistake, but by the word of a restore', async () => {
    const source = await openSqlite(path)
    const target = await openSqlite(join(folder, 'served.db'))
    await copy(source, target)
    assert.equal((await metaOf(source)).get('moved_to'), 'elsewhere')
    for (const database of [source, target]) await database.close()
    const config = testConfig({ mounts: ['standard'] }, path)
    await assert.rejects(openDeployment(config), /was copied to elsewhere/)
    const deployment = await openDeployment(config, { setAside: true })
    await deployment.close()
  })
})

suite('promises: a server that nobody has seen, and its database is copied', () => {
  const mounts = ['standard']
  let served: TestDeployment
  let source: Database
  before(async () => {
    served = await testDeployment({ mounts, backend: 'postgres' })
    source = await openPostgres({ url: served.config.database })
  })
  after(async () => {
    await source?.close()
    await served?.close()
  })

  const target = (name: string): Promise<Database> => openSqlite(join(folder, name))
  const token = (at: number): string => standardApp(served).legacyTokens[at] ?? ''
  const exchanged = async (at: number): Promise<number> => {
    await served.deployment.keyRing.reread()
    return (await exchange(asks(served), standardApp(served), token(at))).status
  }

  test('it says 503 to all as long as the copy goes on, and goes on itself where that fails', async () => {
    const to = await target('fails.db')
    const seen: number[] = []
    const failing: Database = {
      ...to,
      async bulk(statements) {
        if (statements.some(({ sql }) => /insert into users\b/.test(sql))) throw new Error('the disk is full')
        // What comes first only claims the target.
        if (statements.some(({ sql }) => !/ meta /.test(sql))) seen.push(await exchanged(0))
        return to.bulk(statements)
      },
    }
    await assert.rejects(copy(source, failing, { heardAfterMilliseconds: 0 }), /the disk is full/)
    await to.close()
    assert.ok(seen.length > 1)
    assert.deepEqual([...new Set(seen)], [503])
    assert.equal(await exchanged(0), 200)
  })

  test('it says 503 after the copy, on pages, too, and writes nothing', async () => {
    const to = await target('moved.db')
    await copy(source, to, { heardAfterMilliseconds: 0 })
    const rows = await rowsIn(source)
    assert.equal(await exchanged(1), 503)
    const page = { method: 'GET', path: '/sign-in', headers: { accept: 'text/html' } }
    assert.equal((await served.request('', page)).status, 503)
    assert.equal((await served.request('', { method: 'GET', path: '/readyz' })).status, 503)
    assert.equal(await rowsIn(source), rows)
    await to.close()
  })
})

async function rowsIn(database: Database): Promise<number> {
  let rows = 0
  for (const { name } of await tablesOf(database)) {
    const [row] = await database.scan(`select count(*) as count from ${name}`, [])
    rows += Number(row?.count)
  }
  return rows
}
