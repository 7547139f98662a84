import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { administer, testDatabase } from '../testing/postgres.ts'
import { aClient, aLegacyToken, noon } from '../testing/records.ts'
import { exchange, importing } from './contract.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { sqlStore } from './sql-store.ts'

suite('postgres: sweeping meets what is on its way', () => {
  test('a grant that is refreshed while its row is waited for stays, and its connection remembers it', async () => {
    const made = await testDatabase()
    const database = await openPostgres({ url: made.url })
    await migrate(database)
    const store = sqlStore(database)
    const block = await store.leaseNumbers(10)
    await store.closeNumbers({ ...block, first: block.first + 9, count: 1 })
    await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
    const token = aLegacyToken({})
    await importing(store, token)
    assert.equal(await store.commit(exchange(token, { number: 1 })), 'committed')
    await store.commit([{ write: 'revoke_access_token', jti: 'jti', expires: noon - 3_600_000 }])
    await administer(made.url, `update grants set access_until = ${noon - 1}, refresh_until = ${noon - 1}`)

    const other = new pg.Client(made.url)
    await other.connect()
    await other.query('begin')
    await other.query(`update grants set refresh_until = ${noon + 1}, access_until = ${noon + 1}`)
    await other.query(`update revoked_access_tokens set expires = ${noon + 1}`)
    const sweeping = store.sweep(noon, 100)
    const waits = async (): Promise<boolean> => {
      const sql = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return (await administer(made.url, sql)).rows.length > 0
    }
    while (!(await waits())) await pause(10)
    await other.query('commit')
    await other.end()
    await sweeping

    assert.equal((await store.findGrant(1))?.grant.status, 'live')
    assert.deepEqual((await store.findConnection('app', 'user', ''))?.liveGrants, [1])
    assert.equal(await store.isAccessTokenRevoked('jti'), true)
    await database.close()
    await made.remove()
  })
})
