/**
 * `npm test`: every `*.test.ts` through Node's own runner, and after that the promises once more, kept by the
 * other backend. `npm test -- storage` runs those with "storage" in their path, `--backend postgres` on that
 * one alone; by `npm run test:long` those that can go on for longer do. The runner's summary is the last that
 * is printed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { globbed, root } from './files.ts'

const { values, positionals: filters } = parseArgs({
  options: { long: { type: 'boolean', default: false }, backend: { type: 'string' } },
  allowPositionals: true,
})

/** Tests of a whole deployment that say nothing of what it stands on. */
const ofEitherBackend = [
  'dialects/bad-input',
  'dialects/transcripts',
  ...[
    'barred-user',
    'barring',
    'confirmation',
    'end-connections',
    'growth',
    'guessing',
    'mails',
    'mounts',
    'one-grant',
    'one-time-codes',
    'processes',
    'recovery',
    'regions',
    'revocation',
    'rotation',
    'taken-back',
    'told',
    'uninstall',
    'workers',
  ].map((name) => `promises/${name}.test`),
]

const all = globbed(['server/src', 'scripts', 'bench'], '.test.ts').filter(
  (path) => filters.length === 0 || filters.some((filter) => path.includes(filter)),
)
const either = all.filter((path) => ofEitherBackend.some((name) => path.includes(name)))
const passes: readonly { readonly tests: readonly string[]; readonly backend: string }[] =
  values.backend === 'postgres'
    ? [{ tests: all, backend: 'postgres' }]
    : [
        { tests: all, backend: 'sqlite' },
        { tests: either, backend: 'postgres' },
      ]
if (all.length === 0) {
  console.error(`No test file has ${filters.join(' or ')} in its path.`)
  process.exit(1)
}

// One PostgreSQL for all of them, each with databases of its own in it.
const postgres = await startPostgres({ settings: { max_connections: '400' } })
// Node 20 runs no TypeScript by itself.
const loader = Reflect.get(process.features, 'typescript') ? [] : ['--import', 'tsx']
const options = ['--test', '--test-concurrency=2', '--test-reporter=spec']
for (const { tests, backend } of passes) {
  if (tests.length === 0) continue
  console.log(`── ${tests.length} files of tests${backend === 'postgres' ? ', on PostgreSQL' : ''}`)
  // Not waited for in one go: the server's log must be read meanwhile, or it stops where its pipe is full.
  const run = spawn(process.execPath, [...loader, ...options, ...tests], {
    cwd: root,
    env: {
      ...process.env,
      TOKENFERRY_TEST_POSTGRES_URL: postgres.url(),
      TOKENFERRY_TEST_BACKEND: backend,
      ...(values.long && { TOKENFERRY_TEST_LONG: '1' }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status]: (number | null)[] = await once(run, 'exit')
  if (status !== 0) process.exitCode = status ?? 1
}
await postgres.stop()
