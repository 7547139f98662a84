import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestDatabase } from '../testing/postgres.ts'
import { testDatabase } from '../testing/postgres.ts'
import type { Database } from './database.ts'
import { openPostgres } from './postgres.ts'
import { readTogether } from './postgres-reads.ts'

suite('reads of one turn of the event loop', () => {
  let place: TestDatabase
  let database: Database
  let asked: string[]
  let read: Database['read']
  before(async () => {
    place = await testDatabase()
    database = await openPostgres({ url: place.url })
    await database.script(`create table things (name text, number bigint, bytes bytea);
      insert into things values ('a', 1, '\\x00ff'), ('a', 2, null), ('ü"\\,{', 3, '\\x')`)
    read = readTogether((sql, values) => {
      asked.push(sql)
      return database.query(sql, values)
    })
    asked = []
  })
  after(async () => {
    await database.close()
    await place.remove()
  })

  test('are one statement, and each gets its own rows, in their order', async () => {
    const byName =
      'select name, number, bytes from things where name = $1 and number < $2 order by number desc'
    const found = await Promise.all([
      read(byName, ['a', 9]),
      read(byName, ['nobody', 9]),
      read(byName, ['ü"\\,{', 9]),
      read(byName, ['a', 2]),
    ])
    assert.equal(asked.splice(0).length, 1)
    assert.deepEqual(
      found.map((rows) => rows.map(({ number }) => number)),
      [[2, 1], [], [3], [1]],
    )
    assert.deepEqual(found[0]?.[1]?.bytes, Buffer.from([0, 255]))
    assert.equal(found[0]?.[0]?.bytes, null)
  })

  test('of several statements are one each; alone, a statement is asked as it is', async () => {
    const byBytes = 'select name from things where bytes = $1'
    const [one, other, last] = await Promise.all([
      read(byBytes, [Buffer.from([0, 255])]),
      read(byBytes, [Buffer.alloc(0)]),
      read('select count(*) as count from things', []),
    ])
    assert.deepEqual([one?.[0]?.name, other?.[0]?.name, last?.[0]?.count], ['a', 'ü"\\,{', 3])
    assert.equal(asked.splice(0).length, 2)
    await read(byBytes, [Buffer.alloc(0)])
    assert.deepEqual(asked.splice(0), [byBytes])
  })

  test('where one asks for what cannot be, it alone hears of it', async () => {
    const byNumber = 'select name from things where number = $1'
    const [good, bad] = await Promise.allSettled([read(byNumber, [3]), read(byNumber, [1.5])])
    assert.equal(good.status === 'fulfilled' && good.value[0]?.name, 'ü"\\,{')
    assert.equal(bad.status, 'rejected')
    assert.equal(asked.splice(0).length, 3)
  })
})
