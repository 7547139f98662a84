/** The token endpoint, beside others: see `README.md`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { optionsOf } from '../scripts/options.ts'
import { administer, startPostgres } from '../server/src/testing/postgres.ts'
import { dataset } from './dataset.ts'
import { parts, setupsOf } from './matrix.ts'
import type { Cell, Pace } from './measure.ts'
import { measureSetup } from './measure.ts'
import { picture } from './picture.ts'
import { openPlace } from './place.ts'
import { nameOf, report } from './report.ts'
import { signaturesPerSecond } from './signing.ts'
import { canPin } from './subjects.ts'
import { operations, signatures, subjectNames } from './who.ts'

const options = optionsOf({
  quick: { type: 'boolean', default: false },
  rows: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  parts: { type: 'string' },
  connections: { type: 'string' },
  operations: { type: 'string' },
  subjects: { type: 'string' },
  signatures: { type: 'string' },
  /** This server on SQLite without the others, for who is at work on it. */
  alone: { type: 'boolean', default: false },
  /** The same under V8's profiler: where the time goes. */
  profile: { type: 'boolean', default: false },
  /** Where the report goes, without its ending; absent: into `results/`, and nowhere after `--quick`. */
  output: { type: 'string' },
})
const begun = performance.now()
const { quick, profile } = options
const alone = profile || options.alone
const rows = Number(options.rows ?? (quick ? 20_000 : 1_000_000))
const pace: Pace = {
  seconds: Number(options.seconds ?? (quick ? 0.4 : 1.5)),
  rounds: Number(options.rounds ?? (quick ? 1 : 2)),
  warmUpSeconds: quick ? 0.1 : 0.3,
  warmUpRequests: quick ? 500 : 6000,
}

function among<Word extends string>(asked: string | undefined, known: readonly Word[]) {
  const words = asked?.split(',')
  const wrong = words?.find((one) => !(known as readonly string[]).includes(one))
  if (wrong !== undefined) throw new Error(`${wrong} is none of ${known.join(', ')}.`)
  return words === undefined ? undefined : known.filter((one) => words.includes(one))
}

const asked = {
  parts: among(options.parts, parts) ?? (alone ? (['main'] as const) : parts),
  connections: options.connections?.split(',').map(Number) ?? (quick ? [32] : undefined),
  operations: among(options.operations, operations),
  subjects: among(options.subjects, subjectNames) ?? (alone ? (['ours-sqlite'] as const) : undefined),
  signatures: among(options.signatures, signatures),
}
const tell = (line: string): void => console.error(line)
if (!canPin) {
  tell('Without taskset and two cores, subjects and load share what there is: the ratios are worth less.')
}
const setups = setupsOf(asked)
const speed = signaturesPerSecond()
const names = [...new Set(setups.flatMap(({ subjects }) => subjects))]
const place = await openPlace(await dataset(rows, tell), names, tell)
const cells: Cell[] = []
try {
  for (const setup of setups) cells.push(...(await measureSetup(setup, place, pace, { tell, profile })))
} finally {
  await place.stop()
}

const name = nameOf(new Date().toISOString().slice(0, 10))
const text = report(
  cells,
  {
    rows,
    ...pace,
    pinned: canPin,
    postgresVersion: await postgresVersion(),
    versions: versionsOf(['oidc-provider', '@jmondi/oauth2-server', 'better-auth']),
    signatures: speed,
    minutes: (performance.now() - begun) / 60_000,
  },
  name,
)
console.log(text)
if (options.output !== undefined || !(quick || alone)) {
  const folder = new URL('./results/', import.meta.url).pathname
  const target = options.output ?? folder + name
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${target}.md`, text)
  writeFileSync(`${target}.svg`, picture(cells))
}

async function postgresVersion(): Promise<string> {
  const server = await startPostgres()
  try {
    const { rows: found } = await administer(server.url(), 'show server_version')
    return String(found[0]?.server_version).split(' ')[0] ?? ''
  } finally {
    await server.stop()
  }
}

function versionsOf(packages: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    packages.map((one) => {
      const path = new URL(`../node_modules/${one}/package.json`, import.meta.url)
      return [one, String((JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version)]
    }),
  )
}
