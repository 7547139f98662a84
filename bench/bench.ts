/**
 * `npm run bench`: requests per second of this server beside oidc-provider and beside the floor, in one
 * run, each on the same core with the same key type and keep-alive. Only ratios are worth comparing with
 * another machine's.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { readConfig } from '../server/src/config.ts'
import type { Dataset } from './dataset.ts'
import { chainsOf, dataset } from './dataset.ts'
import type { Measured, Turn } from './load.ts'
import { load, textIn } from './load.ts'
import { topOf } from './profile.ts'
import type { Row } from './report.ts'
import { report } from './report.ts'
import { clientId, clientSecret, legacyTokenOf } from './rows.ts'
import type { Subject } from './subjects.ts'
import { build, canPin, pinLoad, start } from './subjects.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    connections: { type: 'string' },
    operations: { type: 'string', default: 'exchange,refresh,client_credentials' },
    /** This server without the others, for who is at work on it. */
    alone: { type: 'boolean', default: false },
    /** The same under V8's profiler: where the time goes. */
    profile: { type: 'boolean', default: false },
  },
})
const quick = options.quick
const rows = Number(options.rows ?? (quick ? 20_000 : 2_000_000))
const seconds = Number(options.seconds ?? (quick ? 0.5 : 5))
const warmUpSeconds = quick ? 0.1 : 0.5
/** Until a compiler has seen all of it: counted in requests, because a slow minute warms nothing up. */
const warmUpRequests = quick ? 1500 : 15_000
const rounds = Number(options.rounds ?? (quick ? 1 : 3))
const connectionCounts = (options.connections ?? (quick ? '32' : '32,128')).split(',').map(Number)
const chainsCount = quick ? 1024 : 8192

type SubjectName = 'ours' | 'floor' | 'oidc-provider'
const all: readonly SubjectName[] = ['ours', 'floor', 'oidc-provider']
const alone = options.profile || options.alone
const subjectNames = alone ? (['ours'] as const) : all
const paths = { ours: '/oauth2/token', floor: '/', 'oidc-provider': '/token' } as const

const tell = (line: string): void => console.error(line)
pinLoad()
tell(
  canPin
    ? 'The subjects run on core 0, the load on core 1.'
    : 'Without taskset and two cores, subjects and load share what there is: the ratios are worth less.',
)
const data = await dataset(rows, tell)
const built = build(data.folder)
const { configPath, floorPath } = data.copy()

const proof = `client_id=${clientId}&client_secret=${clientSecret}`
const legacyType = encodeURIComponent('urn:tokenferry:params:oauth:token-type:legacy')
const exchangeType = encodeURIComponent('urn:ietf:params:oauth:grant-type:token-exchange')
const exchangeForm = (token: string): string =>
  `grant_type=${exchangeType}&subject_token_type=${legacyType}&${proof}&subject_token=${token}`
const refreshForm = (token: string): string => `grant_type=refresh_token&${proof}&refresh_token=${token}`

/**
 * What each connection asks next. Made once for each subject of a block, so that chains go on from round
 * to round.
 */
type Asking = (connection: number) => Turn | undefined

/** Legacy tokens that a subject has not exchanged yet: each is used once in the whole run. */
const unused: Record<SubjectName, number> = { ours: rows / 2, floor: rows / 2, 'oidc-provider': rows / 2 }

function askExchange(name: SubjectName): Asking {
  return () => {
    if (unused[name] >= rows) return undefined
    unused[name] += 1
    return { form: exchangeForm(legacyTokenOf(unused[name] - 1)) }
  }
}

/** Each connection owns some chains, and presents the newest token of each in turn. */
function askRefresh(chains: string[], connections: number): Asking {
  const mine = Math.floor(chains.length / connections)
  const turns = new Array<number>(connections).fill(0)
  return (connection) => {
    const turn = turns[connection] ?? 0
    turns[connection] = turn + 1
    const chain = connection * mine + (turn % mine)
    return {
      form: refreshForm(chains[chain] ?? ''),
      heard: (body) => {
        chains[chain] = textIn(body, 'refresh_token')
      },
    }
  }
}

const askClientToken: Asking = () => ({
  form: `grant_type=client_credentials&${proof}&scope=${encodeURIComponent('read write')}`,
})

async function askingOf(
  operation: string,
  name: SubjectName,
  subject: Subject,
  block: number,
  connections: number,
): Promise<Asking> {
  if (operation === 'exchange') return askExchange(name)
  if (operation === 'client_credentials') return askClientToken
  return askRefresh(await chainsAt(name, subject, block), connections)
}

async function chainsAt(
  name: SubjectName,
  { port, processorSeconds }: Subject,
  block: number,
): Promise<string[]> {
  if (name === 'ours') return ourChains[block] ?? []
  if (name === 'floor') {
    const step = rows / 2 / chainsCount
    return Array.from(
      { length: chainsCount },
      (_, at) => `tfr_${String(Math.floor(at * step) + 1).padStart(16, '0')}`,
    )
  }
  const chains: string[] = []
  const ask = askExchange(name)
  const next = (): Turn | undefined => {
    const turn = chains.length < chainsCount ? ask(0) : undefined
    return turn && { ...turn, heard: (body) => chains.push(textIn(body, 'refresh_token')) }
  }
  await load({
    port,
    path: paths[name],
    connections: 1,
    warmUpSeconds: 0,
    seconds: 60,
    next,
    processorSeconds,
  })
  return chains
}

function startSubject(name: SubjectName, profileFolder?: string): Promise<Subject> {
  const profiling = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : []
  if (name === 'ours') return start(built, 'ours', [configPath], profiling)
  if (name === 'floor') return start(built, 'floor', [floorPath])
  return start(built, 'peer-oidc-provider', [String(unused[name]), String(rows)])
}

async function warmUp(
  name: SubjectName,
  { port, processorSeconds }: Subject,
  ask: Asking,
  connections: number,
): Promise<void> {
  let left = warmUpRequests
  const next: Asking = (connection) => {
    left -= 1
    return left < 0 ? undefined : ask(connection)
  }
  await load({
    port,
    path: paths[name],
    connections,
    warmUpSeconds: 0,
    seconds: 600,
    next,
    processorSeconds,
  })
}

type Runs = Record<SubjectName, Measured[]>

/**
 * One operation at one number of connections: the subjects take turns, so that a slow minute hits all of
 * them.
 */
async function measure(operation: string, connections: number, block: number): Promise<Runs> {
  const runs: Runs = { ours: [], floor: [], 'oidc-provider': [] }
  const profileFolder = options.profile ? `${data.folder}/profile-${operation}-${connections}` : undefined
  const subjects = []
  for (const name of subjectNames) {
    const subject = await startSubject(name, profileFolder)
    subjects.push({ name, subject, ask: await askingOf(operation, name, subject, block, connections) })
  }
  for (const { name, subject, ask } of subjects) await warmUp(name, subject, ask, connections)
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, subject, ask } of subjects) {
      const measured = await load({
        port: subject.port,
        processorSeconds: subject.processorSeconds,
        path: paths[name],
        connections,
        warmUpSeconds,
        seconds,
        next: ask,
      })
      tell(`${operation}, ${connections} connections, ${name}: ${told(measured)}`)
      runs[name].push(measured)
    }
  }
  for (const { subject } of subjects) await subject.stop()
  if (profileFolder) console.log(topOf(profileFolder, built))
  return runs
}

const told = ({ requestsPerSecond, processorMicroseconds }: Measured): string =>
  `${Math.round(requestsPerSecond)}/s, ${Math.round(processorMicroseconds)} µs of the processor each`

const operations = options.operations.split(',')
const blocks = operations.flatMap((operation) =>
  connectionCounts.map((connections) => ({ operation, connections })),
)
const ourChains = await ourChainsOf(data, blocks.length)
const table: Row[] = []
for (const [block, { operation, connections }] of blocks.entries()) {
  table.push({ operation, connections, runs: await measure(operation, connections, block) })
}
if (!alone) {
  const { name, text } = report(table, {
    rows,
    seconds,
    rounds,
    pinned: canPin,
    cpu: cpus()[0]?.model ?? 'unknown',
  })
  console.log(text)
  if (!quick) {
    const folder = new URL('./results/', import.meta.url)
    mkdirSync(folder, { recursive: true })
    writeFileSync(new URL(name, folder), text)
  }
}

async function ourChainsOf(from: Dataset, shares: number): Promise<string[][]> {
  const config = readConfig(configPath)
  const chains: string[][] = []
  for (let share = 0; share < shares; share += 1) {
    chains.push(await chainsOf(config, from.rows, { count: chainsCount, share, shares }))
  }
  return chains
}
