/**
 * `npm test`: every `*.test.ts` through Node's own runner. `npm test -- storage` runs those with "storage"
 * in their path; by `npm run test:long` those that can go on for longer do. The runner's summary is the last
 * that is printed.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { globbed, root } from './files.ts'

const { values, positionals: filters } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const tests = globbed(['server/src', 'scripts', 'bench'], '.test.ts').filter(
  (path) => filters.length === 0 || filters.some((filter) => path.includes(filter)),
)
if (tests.length === 0) {
  console.error(`No test file has ${filters.join(' or ')} in its path.`)
  process.exit(1)
}
// One PostgreSQL for all of them, each with databases of its own in it.
const postgres = await startPostgres({ settings: { max_connections: '400' } })
// Node 20 runs no TypeScript by itself.
const loader = Reflect.get(process.features, 'typescript') ? [] : ['--import', 'tsx']
const options = ['--test', '--test-concurrency=2', '--test-reporter=spec']
const { status } = spawnSync(process.execPath, [...loader, ...options, ...tests], {
  cwd: root,
  env: {
    ...process.env,
    TOKENFERRY_TEST_POSTGRES_URL: postgres.url(),
    ...(values.long && { TOKENFERRY_TEST_LONG: '1' }),
  },
  stdio: ['ignore', 'inherit', 'inherit'],
})
await postgres.stop()
process.exitCode = status ?? 1
