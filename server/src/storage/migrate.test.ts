import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { administer, nameIn, testDatabase } from '../testing/postgres.ts'
import { aClient, aLegacyToken, noon } from '../testing/records.ts'
import { tablesOf } from './copy-tables.ts'
import { newestEventId } from './event-ids.ts'
import { migrate, migrationsOf } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { dropFunctions } from './postgres-functions.ts'
import { columnsOf, schemaOf } from './schema.ts'
import { sqlStore } from './sql-store.ts'
import { openSqlite } from './sqlite.ts'

suite('migrations', () => {
  test('they are numbered from one, without a gap', () => {
    const ids = migrationsOf('sqlite').map(({ id }) => id)
    assert.deepEqual(
      ids,
      Array.from(ids, (_, at) => at + 1),
    )
    assert.ok(ids.length > 0)
  })

  test('both backends have the same, by number and name', () => {
    const names = (['sqlite', 'postgres'] as const).map((backend) =>
      migrationsOf(backend).map(({ name }) => name),
    )
    assert.deepEqual(names[0], names[1])
  })

  test('both backends have the same tables and columns', async () => {
    const made = await testDatabase()
    const columns: (readonly string[])[] = []
    for (const database of [await openSqlite(':memory:'), await openPostgres({ url: made.url })]) {
      await migrate(database)
      columns.push(await columnsOf(database))
      await database.close()
    }
    await made.remove()
    assert.ok(columns[0]?.includes('grants.generation'))
    assert.deepEqual(columns[0], columns[1])
  })

  test('the tables that grow are in as many parts as are asked for, and work as one', async () => {
    const made = await testDatabase()
    const database = await openPostgres({ url: made.url })
    await migrate(database, { partitions: 4 })
    const tables = await database.tables()
    for (const name of ['grants_0', 'grants_3', 'legacy_tokens_3']) assert.ok(tables.has(name), name)
    assert.ok(!tables.has('grants_4'))
    const store = sqlStore(database)
    const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => ({
      ...aLegacyToken({ lookup: Uint8Array.from({ length: 32 }, () => at) }),
      alsoAs: [],
    }))
    assert.equal(await store.importLegacyTokens(rows), 8)
    assert.equal(await store.importLegacyTokens(rows), 0)
    await database.close()
    await made.remove()
  })

  test('a database that could not keep every name is refused before anything is made in it', async () => {
    const made = await testDatabase()
    const url = new URL(made.url)
    url.pathname += '_ascii'
    const name = url.pathname.slice(1)
    await administer(made.url, `create database ${name} template template0 encoding 'SQL_ASCII'`)
    const database = await openPostgres({ url: url.href })
    await assert.rejects(migrate(database), /the encoding SQL_ASCII, .* encoding 'UTF8' template template0$/)
    assert.equal((await database.tables()).size, 0)
    await database.close()
    await administer(made.url, `drop database ${name}`)
    await made.remove()
  })

  test('a schema may have any name, and what is in it is the same', async () => {
    const made = await testDatabase()
    const name = `"It's an ""App"`
    await administer(made.url, `create schema ${name}`)
    await administer(made.url, `alter database ${nameIn(made.url)} set search_path to ${name}`)
    const database = await openPostgres({ url: made.url, functionAfter: 1 })
    await migrate(database)
    const reviewed = readFileSync(new URL('./schema-postgres.sql', import.meta.url), 'utf8')
    assert.equal(await schemaOf(database), reviewed)
    assert.equal((await tablesOf(database)).length + 3, (await database.tables()).size)
    const add: Write = { write: 'add_client', client: aClient(), at: noon }
    assert.equal(await sqlStore(database).commit([add]), 'committed')
    await database.script(dropFunctions)
    const functions = `select count(*) as count from pg_proc where proname like 'tokenferry%'`
    assert.equal((await database.scan(functions, []))[0]?.count, 0)
    assert.equal(await newestEventId(database), 0)
    await database.close()
    await made.remove()
  })

  test('where none waits, a role that may make nothing starts, and nobody is waited for', async () => {
    const made = await testDatabase()
    const owner = await openPostgres({ url: made.url })
    await migrate(owner)
    const role = `${nameIn(made.url)}_weak`
    await administer(made.url, `create role ${role} login; grant select on migrations to ${role}`)
    const weak = await openPostgres({ url: made.url.replace(/\w+@/, `${role}@`) })
    await assert.rejects(weak.script('create table not_allowed (one text)'), StoreUnavailable)
    assert.deepEqual(await migrate(weak), { applied: [] })
    await weak.close()
    await owner.close()
    await made.remove()
    await administer(made.url.replace(/\/\w+\?/, '/postgres?'), `drop role ${role}`)
  })

  test('schema.sql, which was reviewed, is what they make', async () => {
    const database = await openSqlite(':memory:')
    await migrate(database)
    const schema = await schemaOf(database)
    await database.close()
    const reviewed = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8')
    assert.equal(schema, reviewed, 'Run: node scripts/run.js scripts/schema.ts')
  })
})
