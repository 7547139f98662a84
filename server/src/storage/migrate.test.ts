import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { migrate, migrationsOf } from './migrate.ts'
import { schemaOf } from './schema.ts'
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

  test('schema.sql, which was reviewed, is what they make', async () => {
    const database = await openSqlite(':memory:')
    await migrate(database)
    const schema = await schemaOf(database)
    await database.close()
    const reviewed = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8')
    assert.equal(schema, reviewed, 'Run: node scripts/run.js scripts/schema.ts')
  })
})
