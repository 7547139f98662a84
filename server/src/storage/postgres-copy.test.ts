import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { administer, testDatabase } from '../testing/postgres.ts'
import { aLegacyToken } from '../testing/records.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { lockImport } from './postgres-functions.ts'
import { sqlStore } from './sql-store.ts'

suite('postgres: imports of tokens', () => {
  test('of two at once, one asks what is there when the other has written', async () => {
    const made = await testDatabase()
    const database = await openPostgres({ url: made.url })
    await migrate(database)
    const store = sqlStore(database)
    const [raw, digest] = [1, 2].map((at) => aLegacyToken({ lookup: Buffer.alloc(32, at) }))
    assert.ok(raw && digest)
    await store.importLegacyTokens([{ ...digest, alsoAs: [] }])

    const other = new pg.Client(made.url)
    await other.connect()
    await other.query(`create table kept as select * from legacy_tokens; delete from legacy_tokens`)
    await other.query(`begin; select ${lockImport}; insert into legacy_tokens select * from kept`)
    let done = false
    const importing = store.importLegacyTokens([{ ...raw, alsoAs: [digest.lookup] }]).finally(() => {
      done = true
    })
    const waits = async (): Promise<boolean> => {
      const sql = `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`
      return (await administer(made.url, sql)).rows.length > 0
    }
    while (!done && !(await waits())) await pause(10)
    await other.query('commit')
    await other.end()
    assert.equal(await importing, 0)
    await database.close()
    await made.remove()
  })
})
