/** Writes `storage/schema.sql`: what the migrations make, to be reviewed. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../server/src/storage/migrate.ts'
import { schemaOf } from '../server/src/storage/schema.ts'
import { openSqlite } from '../server/src/storage/sqlite.ts'
import { root } from './files.ts'

const path = join(root, 'server/src/storage/schema.sql')
const database = await openSqlite(':memory:')
await migrate(database)
const schema = await schemaOf(database)
await database.close()

if (!process.argv.includes('--check')) writeFileSync(path, schema)
else if (readFileSync(path, 'utf8') !== schema) {
  console.error(
    'server/src/storage/schema.sql is not what the migrations make. Run: node scripts/run.js scripts/schema.ts',
  )
  process.exitCode = 1
}
