/**
 * `npm test`: every `*.test.ts` through Node's own runner, and after that the promises once more, kept by the
 * other backend. `npm test -- storage` runs those with "storage" in their path, `--backend postgres` on that
 * one alone; by `npm run test:long` those that can go on for longer do. The runner's summary is the last that
 * is printed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { globbed, root } from './files.ts'
import { packaged, writePackage } from './javascript.ts'

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

/** Several times what the slowest file takes on two cores. */
const fileMilliseconds = 600_000

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
// The server's tests run from its package, the others where they stand: these read the sources.
const home = mkdtempSync(join(tmpdir(), 'tokenferry-test-'))
await writePackage(home)
const isPackaged = (path: string): boolean => packaged(path) !== undefined
// Node 20 runs no TypeScript by itself.
const loader = Reflect.get(process.features, 'typescript') ? [] : ['--import', 'tsx']
for (const { tests, backend } of passes) {
  const name = backend === 'postgres' ? ', on PostgreSQL' : ''
  await run(
    tests.filter((path) => !isPackaged(path)),
    loader,
    `of the sources${name}`,
    backend,
  )
  const paths = tests.flatMap((path) => packaged(path) ?? []).map((path) => join(home, path))
  await run(paths, ['--enable-source-maps'], `of the server${name}`, backend)
}
await postgres.stop()
rmSync(home, { recursive: true })

async function run(
  tests: readonly string[],
  nodeOptions: readonly string[],
  of: string,
  backend: string,
): Promise<void> {
  if (tests.length === 0) return
  console.log(`── ${tests.length} files of tests ${of}`)
  // A test that fails before it has closed what it opened must not wait for ever.
  const options = ['--test', '--test-force-exit', '--test-concurrency=2', '--test-reporter=spec']
  // Nor one that hangs in native code, where nothing in its own process could end it.
  if (!values.long) options.push(`--test-timeout=${fileMilliseconds}`)
  // Not waited for in one go: the server's log must be read meanwhile, or it stops where its pipe is full.
  const child = spawn(process.execPath, [...nodeOptions, ...options, ...tests], {
    cwd: root,
    env: {
      ...process.env,
      TOKENFERRY_TEST_POSTGRES_URL: postgres.url(),
      TOKENFERRY_TEST_BACKEND: backend,
      TOKENFERRY_TEST_PACKAGE: home,
      ...(values.long && { TOKENFERRY_TEST_LONG: '1' }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status]: (number | null)[] = await once(child, 'exit')
  if (status !== 0) process.exitCode = status ?? 1
}
