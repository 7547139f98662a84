/** `npm run bench -- import`: rows a second of `tokenferry import`, whole and in parts, beside its floor. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsOf } from '../scripts/options.ts'
import { parseConfig } from '../server/src/config.ts'
import { openDeployment } from '../server/src/main.ts'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { addClient } from './client.ts'
import type { Ran } from './command.ts'
import { runCommand, runProgram } from './command.ts'
import { dataset } from './dataset.ts'
import { postgresSettings } from './place.ts'
import { topOf } from './profile.ts'
import { round, table } from './report.ts'
import { build, coresOf, pinTree } from './subjects.ts'
import { writeTokensFile } from './tokens-file.ts'

const options = optionsOf({
  quick: { type: 'boolean', default: false },
  rows: { type: 'string' },
  backends: { type: 'string', default: 'sqlite,postgres' },
  cores: { type: 'string', default: '1,2' },
  organizations: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
})
const rows = Number(options.rows ?? (options.quick ? 100_000 : 2_000_000))
const tell = (line: string): void => console.error(line)
const data = await dataset(2000, tell)
const built = await build(data.folder)
const folder = join(data.folder, 'import')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
const file = join(folder, 'tokens.csv')
writeTokensFile(file, 0, rows, options.organizations)

const lines: string[][] = []
for (const cores of options.cores.split(',').map(Number)) {
  lines.push(await measureFloor(cores, true), await measureFloor(cores, false))
}
for (const backend of options.backends.split(',')) {
  for (const cores of options.cores.split(',').map(Number)) {
    lines.push(await measure(backend, cores, true), await measure(backend, cores, false))
  }
}
console.log(`\nImport of ${round(rows)} rows of CSV by \`tokenferry import\`:\n`)
console.log(table(['subject', 'cores', 'what', 'rows/s', 'processor µs/row', 'peak MiB'], lines))
rmSync(folder, { recursive: true, force: true })

async function measureFloor(cores: number, dryRun: boolean): Promise<string[]> {
  const words = dryRun ? [file] : [file, join(folder, `floor-${cores}.db`)]
  const script = join(built, 'bench/import-floor.js')
  return lineOf('floor', cores, dryRun, await runProgram(script, words, { cores: coresOf(cores).subject }))
}

async function measure(backend: string, cores: number, dryRun: boolean): Promise<string[]> {
  const server =
    backend === 'postgres' ? await startPostgres({ durable: true, settings: postgresSettings }) : undefined
  try {
    const path = join(folder, `import-${cores}-${dryRun}.db`)
    const config = join(folder, 'tokenferry.yaml')
    const text = data.configText(server?.url() ?? `sqlite:${path}`, {})
    writeFileSync(config, text)
    const deployment = await openDeployment(parseConfig(text, 'bench'))
    await addClient(deployment, Date.now())
    await deployment.close()
    const list = coresOf(cores).subject
    if (server) pinTree(server.pid, list)
    const profiles = join(folder, `profile-${backend}-${dryRun}`)
    const nodeOptions = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : []
    const words = ['import', file, '--config', config, ...(dryRun ? ['--dry-run'] : [])]
    const ran = await runCommand(built, words, { cores: list, nodeOptions })
    tell(`${backend}, ${cores} cores${dryRun ? ', dry run' : ''}: ${ran.output}`)
    if (options.profile) console.log(topOf(profiles, built))
    return lineOf(backend, cores, dryRun, ran)
  } finally {
    await server?.stop()
  }
}

function lineOf(subject: string, cores: number, dryRun: boolean, ran: Ran): string[] {
  return [
    subject,
    String(cores),
    dryRun ? 'without writing' : 'all',
    round(rows / ran.seconds),
    ((ran.processorSeconds / rows) * 1_000_000).toFixed(2),
    round(ran.peakBytes / 2 ** 20),
  ]
}
