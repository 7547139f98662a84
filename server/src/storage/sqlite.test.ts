import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Fresh } from './contract.ts'
import { keepsTheContract, openTwice } from './contract.ts'
import { openSqlite } from './sqlite.ts'
import { damageIn } from './sqlite-errors.ts'

function fresh(): Fresh {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-sqlite-'))
  return {
    connect: () => openSqlite(join(folder, 'test.db'), { busyMillisecondsMax: 200 }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

keepsTheContract('sqlite', fresh)

const revoke = (jti: string): Write => ({ write: 'revoke_access_token', jti, expires: 1 })

suite('sqlite: the log', () => {
  test('is moved into the file in small steps while commits come one by one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenferry-log-'))
    const path = join(folder, 'test.db')
    const database = await openSqlite(path)
    await database.script('create table notes (note text)')
    for (let at = 0; at < 400; at += 1) {
      const sql = 'insert into notes (note) values ($1) returning 1'
      await database.commit([{ sql, values: ['a'.repeat(2000)] }])
    }
    // All of it would be more than 400 pages of 4 KiB.
    const { size } = statSync(`${path}-wal`)
    assert.ok(size > 0 && size < 200 * 4096, `${size} bytes`)
    await database.close()
    rmSync(folder, { recursive: true })
  })
})

suite('sqlite: a database that another process holds', () => {
  test('a commit waits until it is let go, and blocks nobody meanwhile', async () => {
    const engine = fresh()
    const { store, close } = await openTwice(engine)
    const holder = await engine.connect()
    await holder.query('begin immediate', [])
    const committed = store.commit([revoke('waited')])
    // The event loop goes on: readers are answered while the writer waits.
    assert.equal(await store.isAccessTokenRevoked('waited'), false)
    await holder.query('commit', [])
    assert.equal(await committed, 'committed')
    await holder.close()
    await close()
  })

  test('after the longest wait it is trouble of ours, and nothing was written', async () => {
    const engine = fresh()
    const { store, close } = await openTwice(engine)
    const holder = await engine.connect()
    await holder.query('begin immediate', [])
    await assert.rejects(store.commit([revoke('late')]), StoreUnavailable)
    await assert.rejects(store.noteLookupKind({ version: 1, kind: 'raw' }), StoreUnavailable)
    await holder.query('commit', [])
    assert.equal(await store.isAccessTokenRevoked('late'), false)
    assert.equal(await store.commit([revoke('late')]), 'committed')
    await holder.close()
    await close()
  })

  test('a damaged page is trouble of ours too, whoever comes upon it', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tokenferry-damage-')), 'test.db')
    const before = await openSqlite(path)
    await before.script('create table notes (note text)')
    for (const note of ['a', 'b', 'c']) {
      const sql = 'insert into notes (note) values ($1) returning 1'
      await before.commit([{ sql, values: [note.repeat(3000)] }])
    }
    await before.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 4096, 4096 * 3)
    writeFileSync(path, bytes)
    const database = await openSqlite(path)
    for (const ask of [
      () => database.query('select note from notes', []),
      () => database.commit([{ sql: 'delete from notes returning 1', values: [] }]),
    ]) {
      await assert.rejects(ask, (error) => {
        assert.ok(error instanceof StoreUnavailable)
        return damageIn(error) === 'database disk image is malformed'
      })
    }
    await database.close()
    rmSync(dirname(path), { recursive: true })
  })

  test('a path where no database can be is trouble of ours, not a crash', async () => {
    await assert.rejects(openSqlite('/nonexistent-folder/x.db'), StoreUnavailable)
  })

  test('a closed database takes nothing more, and says so', async () => {
    const { store, close } = await openTwice(fresh())
    const last = store.commit([revoke('last')])
    await close()
    assert.equal(await last, 'committed')
    await assert.rejects(store.commit([revoke('later')]), StoreUnavailable)
    await assert.rejects(store.isAccessTokenRevoked('later'), StoreUnavailable)
  })
})

suite('sqlite: rows of many columns', () => {
  test('a column that another process adds in between leaves each value under its own name', async () => {
    const engine = fresh()
    const [one, other] = [await engine.connect(), await engine.connect()]
    await one.script(`create table apps (id text, note text, mark blob);
      insert into apps values ('a', null, x'00ff');`)
    const read = () => one.read('select apps.*, 7 as seven, id as seven_too from apps where id = $1', ['a'])
    const told = async () => {
      const [row] = await read()
      return [row?.id, row?.note, row?.mark, row?.seven, row?.seven_too, row?.nothing]
    }
    const said = ['a', null, new Uint8Array([0, 255]), 7, 'a', undefined]
    assert.deepEqual(await told(), said)
    await other.script('alter table apps add column since integer')
    assert.deepEqual(await told(), said)
    assert.deepEqual(await one.read('select id, note from apps where id = $1', ['b']), [])
    await one.close()
    await other.close()
    engine.remove()
  })
})
