/** One setup: its subjects run side by side, and take turns, so that a slow minute hits all of them. */
import type { Asking } from './asks.ts'
import { askings } from './asks.ts'
import type { Measured } from './load.ts'
import { load } from './load.ts'
import type { Place } from './place.ts'
import { topOf } from './profile.ts'
import type { Subject } from './subjects.ts'
import { coresOf, pin } from './subjects.ts'
import { supplyOf } from './supplies.ts'
import type { OperationName, Signature, SubjectName } from './who.ts'
import { subjectKinds } from './who.ts'

export type Setup = {
  readonly signature: Signature
  readonly cores: number
  readonly connections: readonly number[]
  readonly operations: readonly OperationName[]
  readonly subjects: readonly SubjectName[]
  /** Whether to ask at half of the best rate as well. */
  readonly atHalf: boolean
}

export type Pace = {
  readonly seconds: number
  readonly rounds: number
  readonly warmUpSeconds: number
  /** Until a compiler has seen all of it: counted in requests, because a slow minute warms nothing up. */
  readonly warmUpRequests: number
}

/** `connections: 'half'`: at half of the best rate, however many connections that takes. */
export type Cell = {
  readonly setup: Setup
  readonly operation: OperationName
  readonly connections: number | 'half'
  readonly subject: SubjectName
  readonly runs: readonly Measured[]
}

type Contender = {
  readonly name: SubjectName
  readonly subject: Subject
  readonly path: string
  readonly asking: Asking
}

export type Telling = (line: string) => void

export type MeasureOptions = {
  readonly tell: Telling
  readonly profile?: boolean
  /** While the subjects still run. */
  readonly onMeasured?: (running: readonly Subject[]) => void
}

const halfConnections = 128

export async function measureSetup(
  setup: Setup,
  place: Place,
  pace: Pace,
  { tell, profile = false, onMeasured }: MeasureOptions,
): Promise<Cell[]> {
  const cores = coresOf(setup.cores)
  pin([process.pid], cores.load)
  const profileFolder = `${place.data.folder}/profile-${process.pid}`
  const nodeOptions = profile ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : []
  const running: { readonly name: SubjectName; readonly subject: Subject }[] = []
  const cells: Cell[] = []
  try {
    for (const name of setup.subjects) {
      if (!subjectKinds[name].signatures.includes(setup.signature)) continue
      const how = { signature: setup.signature, cores: { count: setup.cores, list: cores.subject } }
      running.push({ name, subject: await place.start(name, { ...how, nodeOptions }) })
    }
    for (const operation of setup.operations) {
      const contenders = running
        .filter(({ name }) => subjectKinds[name].operations.includes(operation))
        .map(({ name, subject }) => ({
          name,
          subject,
          path: subjectKinds[name][operation === 'introspect' ? 'introspectPath' : 'tokenPath'],
          asking: askings[operation](supplyOf(name, { place, subject, signature: setup.signature })),
        }))
      cells.push(...(await measureOperation(setup, operation, contenders, pace, tell)))
    }
    onMeasured?.(running.map(({ subject }) => subject))
  } finally {
    for (const { subject } of running) await subject.stop()
  }
  if (profile) console.log(topOf(profileFolder, place.built))
  return cells
}

async function measureOperation(
  setup: Setup,
  operation: OperationName,
  contenders: readonly Contender[],
  pace: Pace,
  tell: Telling,
): Promise<Cell[]> {
  /** The best rate so far, by which codes are made in advance. */
  const best = new Map<SubjectName, number>()
  const cells: Cell[] = []
  for (const one of contenders) best.set(one.name, await warmUp(one, setup.connections[0] ?? 1, pace))
  for (const connections of setup.connections) {
    const runs = new Map<SubjectName, Measured[]>(contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < pace.rounds; round += 1) {
      for (const one of contenders) {
        const measured = await run(one, { connections, pace, expected: best.get(one.name) ?? 0 })
        best.set(one.name, Math.max(best.get(one.name) ?? 0, measured.requestsPerSecond))
        runs.get(one.name)?.push(measured)
        tell(`${title(setup)}, ${operation}, ${connections} connections, ${one.name}: ${told(measured)}`)
      }
    }
    for (const [subject, list] of runs) cells.push({ setup, operation, connections, subject, runs: list })
  }
  for (const one of setup.atHalf ? contenders : []) {
    const ratePerSecond = (best.get(one.name) ?? 0) / 2
    const seconds = pace.seconds * 2
    const how = { connections: halfConnections, pace: { ...pace, seconds }, expected: ratePerSecond }
    const measured = await run(one, { ...how, ratePerSecond })
    tell(`${title(setup)}, ${operation}, at half of its best rate, ${one.name}: ${told(measured)}`)
    cells.push({ setup, operation, connections: 'half', subject: one.name, runs: [measured] })
  }
  return cells
}

type RunHow = {
  readonly connections: number
  readonly pace: Pace
  readonly expected: number
  readonly ratePerSecond?: number
}

async function run({ subject, path, asking }: Contender, how: RunHow): Promise<Measured> {
  const { connections, pace, expected, ratePerSecond } = how
  const { warmUpSeconds, seconds } = pace
  await asking.prepare(Math.ceil((warmUpSeconds + seconds) * expected * 1.3) + connections, connections)
  return load({
    ports: subject.ports,
    path,
    connections,
    warmUpSeconds,
    seconds,
    used: subject.used,
    next: asking.next,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  })
}

/** Returns the rate of its end. */
async function warmUp(
  { subject, path, asking }: Contender,
  connections: number,
  pace: Pace,
): Promise<number> {
  let left = pace.warmUpRequests
  await asking.prepare(left, connections)
  const { requestsPerSecond } = await load({
    ports: subject.ports,
    path,
    connections,
    warmUpSeconds: 0,
    seconds: 600,
    used: subject.used,
    next(connection) {
      left -= 1
      return left < 0 ? undefined : asking.next(connection)
    },
  })
  return requestsPerSecond
}

const title = ({ signature, cores }: Setup): string =>
  `${signature}, ${cores === 1 ? 'one core' : `${cores} cores`}`

const told = ({ requestsPerSecond, p50Milliseconds, p99Milliseconds, ...used }: Measured): string =>
  `${Math.round(requestsPerSecond)}/s, p50 ${p50Milliseconds.toFixed(1)} ms, p99 ${p99Milliseconds.toFixed(1)} ms, ` +
  `${Math.round(used.processorMicroseconds)} µs of the processor each` +
  (used.databaseMicroseconds > 0 ? ` and ${Math.round(used.databaseMicroseconds)} of the database's` : '')
