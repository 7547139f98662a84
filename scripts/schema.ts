/**
 * Writes `storage/schema*.sql`: what the migrations make of either backend, to be reviewed. `--check` only
 * compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../server/src/storage/database.ts'
import { migrate } from '../server/src/storage/migrate.ts'
import { openPostgres } from '../server/src/storage/postgres.ts'
import { schemaFiles, schemaOf } from '../server/src/storage/schema.ts'
import { openSqlite } from '../server/src/storage/sqlite.ts'
import { testDatabase } from '../server/src/testing/postgres.ts'
import { root } from './files.ts'

async function compare(database: Database): Promise<void> {
  await migrate(database)
  const name = `server/src/storage/${schemaFiles[database.backend]}`
  const path = join(root, name)
  const schema = await schemaOf(database)
  await database.close()
  if (!process.argv.includes('--check')) writeFileSync(path, schema)
  else if (readFileSync(path, 'utf8') !== schema) {
    console.error(`${name} is not what the migrations make. Run: node scripts/run.js scripts/schema.ts`)
    process.exitCode = 1
  }
}

const made = await testDatabase()
await compare(await openSqlite(':memory:'))
await compare(await openPostgres({ url: made.url }))
await made.remove()
