/** A server that asks for a password gets the one that the configuration names, whatever is in it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { StoreUnavailable } from '../kernel/store.ts'
import { openPostgres } from '../storage/postgres.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, startPostgres } from '../testing/postgres.ts'
import { adviceOn } from './database-advice.ts'

suite('postgres: passwords', () => {
  const password = `a p%sswörd/@:?#&'"`
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
    const quoted = password.replaceAll("'", "''")
    await administer(server.url(), `create role limited login password '${quoted}'`)
    await administer(server.url(), `alter role tokenferry password '${quoted}'`)
    writeFileSync(join(server.folder, 'data/pg_hba.conf'), 'local all all scram-sha-256\n')
    await administer(server.url(), 'select pg_reload_conf()')
  })
  after(() => server.stop())

  const failureOf = async (...how: Parameters<typeof openPostgres>): Promise<StoreUnavailable> => {
    const error = await openPostgres(...how).then(
      (database) => database.close(),
      (thrown: unknown) => thrown,
    )
    return error instanceof StoreUnavailable ? error : assert.fail(String(error))
  }

  test('the configured one is used', async () => {
    const database = await openPostgres({ url: server.url(), password })
    assert.deepEqual(await database.query('select 1 as one', []), [{ one: 1 }])
    await database.close()
  })

  test('it comes before one that stands in the address', async () => {
    const url = server.url().replace('tokenferry@', 'tokenferry:wrong@')
    await (await openPostgres({ url, password })).close()
    assert.match(adviceOn(await failureOf({ url })), /password is another one/)
  })

  test('none, a wrong one, and what a role may not do: each says what to do', async () => {
    assert.match(adviceOn(await failureOf({ url: server.url() })), /postgres\.password/)
    assert.match(
      adviceOn(await failureOf({ url: server.url(), password: 'wrong' })),
      /password is another one/,
    )
    assert.match(adviceOn(await failureOf({ url: server.url('nowhere'), password })), /createdb/)
    const database = await openPostgres({ url: server.url().replace('tokenferry', 'limited'), password })
    const error = await database.script('create table things ()').catch((thrown: unknown) => thrown)
    assert.ok(error instanceof StoreUnavailable)
    assert.match(adviceOn(error), /alter schema public owner/)
    await database.close()
  })
})
