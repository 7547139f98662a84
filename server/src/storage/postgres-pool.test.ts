import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type pg from 'pg'
import { administer, testDatabase } from '../testing/postgres.ts'
import { connectionPool } from './postgres-pool.ts'
import { connectionsTo } from './postgres-primary.ts'

suite('postgres: connections that are lent', () => {
  test('one that ended while it was lent is not lent again, whatever its user says', async () => {
    const made = await testDatabase()
    const pool = connectionPool(connectionsTo({ url: made.url }), 1, 2_000)
    const end = async (client: pg.Client): Promise<void> => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      // Not by `once` of node:events, which fails at the error before it.
      const ended = new Promise((resolve) => client.once('end', resolve))
      await administer(made.url, `select pg_terminate_backend(${rows[0]?.pid})`)
      await ended
    }
    const works = () => pool.use(async (client) => (await client.query('select 1 as one')).rows[0]?.one)
    await pool.use(end)
    assert.equal(await works(), 1)
    const ofAStatement = Object.assign(new Error('a key is taken'), { severity: 'ERROR', code: '23505' })
    const failing = pool.use(async (client) => {
      await end(client)
      throw ofAStatement
    })
    await assert.rejects(failing, ofAStatement)
    assert.equal(await works(), 1)
    await pool.close()
    await made.remove()
  })
})
