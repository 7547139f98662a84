/**
 * `npm run bench -- scale`: how cost grows from ten thousand legacy tokens to ten million, half of them
 * exchanged, on both databases. Nothing but the size of the tables should change.
 */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { optionsOf } from '../scripts/options.ts'
import { parseConfig } from '../server/src/config.ts'
import type { PostgresServer } from '../server/src/testing/postgres.ts'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { medianOf } from './aims.ts'
import { runCommand } from './command.ts'
import { dataset } from './dataset.ts'
import type { Cell, Pace } from './measure.ts'
import { measureSetup } from './measure.ts'
import { openPlace, postgresSettings } from './place.ts'
import { memoryOf } from './processor.ts'
import { round, table } from './report.ts'
import { bytesPerRow, importIntoFilled, openNew, sweepAll } from './scale-steps.ts'
import { build, coresOf, pinTree } from './subjects.ts'
import { writeTokensFile } from './tokens-file.ts'

const options = optionsOf({
  quick: { type: 'boolean', default: false },
  sizes: { type: 'string' },
  backends: { type: 'string', default: 'sqlite,postgres' },
  connections: { type: 'string', default: '32' },
  seconds: { type: 'string' },
  output: { type: 'string' },
})
const { quick } = options
const sizes = (options.sizes ?? (quick ? '10000,40000' : '10000,1000000,10000000')).split(',').map(Number)
const pace: Pace = {
  seconds: Number(options.seconds ?? (quick ? 0.4 : 4)),
  rounds: 1,
  warmUpSeconds: quick ? 0.1 : 0.5,
  warmUpRequests: quick ? 300 : 4000,
}
const tell = (line: string): void => console.error(line)
const mebibyte = 2 ** 20

const lines: string[][] = []
for (const backend of options.backends.split(',')) {
  for (const size of sizes) lines.push([backend, round(size), ...(await measure(backend, size))])
}
const text = `\nGrowth, ES256, one core, ${options.connections} connections:\n\n${table(
  [
    'database',
    'tokens',
    'exchange/s',
    'p50 ms',
    'refresh/s',
    'p50 ms',
    'started in s',
    'MiB',
    'peak MiB',
    'import of CSV, rows/s',
    'peak MiB',
    'bytes a token',
    'with grants',
    'import by the store, rows/s',
    'swept/s',
  ],
  lines,
)}`
console.log(text)
if (options.output !== undefined) {
  mkdirSync(dirname(options.output), { recursive: true })
  writeFileSync(options.output, text)
}

async function measure(backend: string, size: number): Promise<string[]> {
  const name = backend === 'postgres' ? 'ours-postgres' : 'ours-sqlite'
  tell(`${backend}, ${round(size)} tokens`)
  const imported = await importFile(backend, size)
  const data = await dataset(size, tell, { files: backend === 'postgres' ? [] : ['ours'] })
  const place = await openPlace(data, [name], tell)
  let memory = { now: 0, peak: 0 }
  let startMilliseconds = 0
  try {
    const bytes = await place.bytesOf(name)
    const cells = await measureSetup(
      {
        signature: 'ES256',
        cores: 1,
        connections: options.connections.split(',').map(Number).slice(0, 1),
        operations: ['exchange', 'refresh'],
        subjects: [name],
        atHalf: false,
      },
      place,
      pace,
      {
        tell,
        onMeasured([subject]) {
          memory = memoryOf(subject?.pids[0] ?? 0)
          startMilliseconds = subject?.startMilliseconds ?? 0
        },
      },
    )
    const config = parseConfig(place.configText(name, 'ES256'), 'bench')
    const byStore = await importIntoFilled(config, size)
    const swept = await sweepAll(config, pace.seconds)
    return [
      ...told(cells, 'exchange'),
      ...told(cells, 'refresh'),
      (startMilliseconds / 1000).toFixed(2),
      round(memory.now / mebibyte),
      round(memory.peak / mebibyte),
      ...imported,
      round(bytes / size),
      round(byStore),
      round(swept),
    ]
  } finally {
    await place.stop()
  }
}

function told(cells: readonly Cell[], operation: string): [string, string] {
  const runs = cells.find((cell) => cell.operation === operation)?.runs ?? []
  return [round(medianOf(runs, 'requestsPerSecond')), medianOf(runs, 'p50Milliseconds').toFixed(1)]
}

/** The whole way of an operator's file, into a database of its own: rows a second, memory, bytes on disk. */
async function importFile(backend: string, size: number): Promise<string[]> {
  const data = await dataset(2000, tell)
  const folder = join(data.folder, 'scale')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const built = await build(data.folder)
  const file = join(folder, 'tokens.csv')
  writeTokensFile(file, 0, size, false)
  let server: PostgresServer | undefined
  try {
    if (backend === 'postgres') server = await startPostgres({ durable: true, settings: postgresSettings })
    const path = join(folder, 'imported.db')
    const config = join(folder, 'tokenferry.yaml')
    const configured = data.configText(server?.url() ?? `sqlite:${path}`, {})
    writeFileSync(config, configured)
    await openNew(parseConfig(configured, 'bench'))
    const cores = coresOf(1).subject
    if (server) pinTree(server.pid, cores)
    const ran = await runCommand(built, ['import', file, '--config', config], { cores })
    const bytes = server ? await bytesPerRow(server.url(), size) : statSync(path).size / size
    return [round(size / ran.seconds), round(ran.peakBytes / mebibyte), round(bytes)]
  } finally {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
