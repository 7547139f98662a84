/** What is noted once a second holds up nobody: the lock of commits is held for a few round trips. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestDatabase } from '../testing/postgres.ts'
import { testDatabase } from '../testing/postgres.ts'
import type { Database, Statement } from './database.ts'
import { openPostgres } from './postgres.ts'

suite('postgres: many statements at once', () => {
  let place: TestDatabase
  let database: Database
  before(async () => {
    place = await testDatabase()
    database = await openPostgres({ url: place.url })
    await database.script(`create table things (id bigint primary key, count bigint not null, statement text);
      insert into things (id, count) select n, 0 from generate_series(1, 1000) n`)
  })
  after(async () => {
    await database.close()
    await place.remove()
  })

  const adding = (id: number, besideOthers: boolean): Statement => ({
    sql: `update things set count = count + $2, statement = statement_timestamp()::text where id = $1`,
    values: [id, 1],
    ...(besideOthers && { besideOthers }),
  })
  const thousand = (besideOthers: boolean): Statement[] =>
    Array.from({ length: 1001 }, (_, at) => adding(at + 1, besideOthers))

  test('of one text, each for one row, are one statement; how many rows they changed is counted', async () => {
    assert.equal(await database.bulk(thousand(true)), 1000)
    const [row] = await database.scan(
      'select sum(count)::bigint as sum, count(distinct statement) as asked from things',
      [],
    )
    assert.deepEqual(row, { sum: 1000, asked: 1 })
  })

  test('others go one by one, in their order', async () => {
    const clear: Statement = { sql: 'update things set count = 0', values: [] }
    assert.equal(
      await database.bulk([...thousand(false).slice(0, 9), clear, ...thousand(true).slice(0, 5)]),
      1014,
    )
    const [row] = await database.scan('select sum(count)::bigint as sum from things', [])
    assert.equal(row?.sum, 5)
  })
})
