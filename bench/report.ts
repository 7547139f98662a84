/** The file that a run writes: what was measured, on what, and how each compares with the others. */
import { cpus, loadavg } from 'node:os'
import { aims, medianOf } from './aims.ts'
import type { Measured } from './load.ts'
import type { Cell, Setup } from './measure.ts'
import type { Signatures } from './signing.ts'
import { coresOf } from './subjects.ts'
import type { OperationName } from './who.ts'
import { subjectKinds } from './who.ts'

export type About = {
  readonly rows: number
  readonly seconds: number
  readonly rounds: number
  readonly pinned: boolean
  readonly postgresVersion: string
  readonly versions: Readonly<Record<string, string>>
  readonly signatures: Signatures
  readonly minutes: number
}

/** `<date>-<cpu>`, without an ending. */
export function nameOf(date: string): string {
  const cpu = cpus()[0]?.model ?? 'unknown'
  return `${date}-${cpu.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '').toLowerCase()}`
}

export function report(cells: readonly Cell[], about: About, name: string): string {
  const setups = [...new Set(cells.map(({ setup }) => setup))]
  return `# Token endpoint, ${name.slice(0, 10)}

${headOf(about)}

![Answers per second of each subject, for each operation](${name}.svg)

Who is measured:

${subjectLines(cells)}

Only ratios within this file are worth comparing. **÷ floor** and **÷ oidc** are rates divided by the floor's and
by that of oidc-provider in memory, in the same row of conditions. Times of the processor are microseconds for
each answer: of the subject, and of its database's processes.

## Aims

${aims(cells)}
${setups.map((setup) => sectionOf(setup, cells)).join('\n')}`
}

function headOf({ rows, seconds, rounds, pinned, versions, ...about }: About): string {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}, PostgreSQL ${about.postgresVersion}`
  const { by, es256PerSecond, rs256PerSecond } = about.signatures
  const grants = (rows / 2).toLocaleString('en')
  return `${machine}, ${process.platform}. ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.
${
  pinned
    ? 'Each subject with its database on the cores that are named, the load on others where there are any.'
    : 'Subjects and load were not kept apart: no taskset, or one core.'
}
Medians of ${rounds} rounds of ${seconds} s each, subjects in turn; keep-alive, secret in the form; refreshes rotate
always. This server had ${rows.toLocaleString('en')} legacy tokens and ${grants} grants before; the floor as many rows; peers none.
One core makes ${round(es256PerSecond)} ES256 and ${round(rs256PerSecond)} RS256 (2048 bits) signatures a second (${by}).
It took ${Math.round(about.minutes)} minutes; load average of the machine at the end, where two are this bench's own:
${loadavg()[0]?.toFixed(1)}.`
}

const subjectLines = (cells: readonly Cell[]): string =>
  [...new Set(cells.map(({ subject }) => subject))]
    .map((subject) => `- \`${subject}\`: ${subjectKinds[subject].note}.`)
    .join('\n')

const columns = [
  'connections',
  'subject',
  'answers/s',
  '÷ floor',
  '÷ oidc',
  'p50 ms',
  'p99 ms',
  'processor µs',
  'database µs',
]
const halfColumns = ['subject', 'asked/s', 'p50 ms', 'p99 ms', 'p99 ÷ p50']

function sectionOf(setup: Setup, cells: readonly Cell[]): string {
  const mine = cells.filter((cell) => cell.setup === setup)
  const loadShares = coresOf(setup.cores).load === coresOf(setup.cores).subject
  const shared = loadShares ? ' The load runs on the same cores.' : ''
  const operations = [...new Set(mine.map(({ operation }) => operation))]
  const heading = `## ${setup.signature}, ${setup.cores === 1 ? 'one core' : `${setup.cores} cores`}`
  const tables = operations.map((operation) => tablesOf(operation, mine)).join('\n')
  return `\n${heading}\n\n${sectionNote(setup)}${shared}\n\n${tables}`
}

const sectionNote = ({ signature, cores }: Setup): string =>
  signature === 'opaque'
    ? 'Access tokens are opaque: nothing is signed.'
    : cores === 1
      ? `Access tokens are JWTs by ${signature}.`
      : `Access tokens are JWTs by ${signature}; on PostgreSQL a process for each core.`

function tablesOf(operation: OperationName, cells: readonly Cell[]): string {
  const mine = cells.filter((cell) => cell.operation === operation)
  const full = mine.filter(({ connections }) => connections !== 'half')
  const half = mine.filter(({ connections }) => connections === 'half')
  const fullTable = table(
    columns,
    full.map((cell) => fullLine(cell, full)),
  )
  if (half.length === 0) return `### ${operation}\n\n${fullTable}`
  return `### ${operation}

${fullTable}
At half of each one's best rate, requests falling due by chance (their time counts from when they were due):

${table(halfColumns, half.map(halfLine))}`
}

function fullLine({ connections, subject, runs }: Cell, cells: readonly Cell[]): string[] {
  const rate = medianOf(runs, 'requestsPerSecond')
  const beside = (name: string): string => {
    const other = cells.find((cell) => cell.subject === name && cell.connections === connections)
    return other ? (rate / medianOf(other.runs, 'requestsPerSecond')).toFixed(2) : '–'
  }
  const micros = (field: keyof Measured): string => round(medianOf(runs, field))
  return [
    String(connections),
    subject,
    round(rate),
    beside('floor'),
    beside('oidc-provider'),
    medianOf(runs, 'p50Milliseconds').toFixed(1),
    medianOf(runs, 'p99Milliseconds').toFixed(1),
    micros('processorMicroseconds'),
    subjectKinds[subject].hasPostgres ? micros('databaseMicroseconds') : '–',
  ]
}

function halfLine({ subject, runs }: Cell): string[] {
  const middle = medianOf(runs, 'p50Milliseconds')
  const tail = medianOf(runs, 'p99Milliseconds')
  return [
    subject,
    round(medianOf(runs, 'requestsPerSecond')),
    middle.toFixed(1),
    tail.toFixed(1),
    (tail / middle).toFixed(1),
  ]
}

export const round = (value: number): string => Math.round(value).toLocaleString('en')

export const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  `| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}\n${lines.map((line) => `| ${line.join(' | ')} |\n`).join('')}`
