/** The table that a run prints and keeps. */
import { cpus, loadavg } from 'node:os'
import type { Measured } from './load.ts'

export type Row = {
  readonly operation: string
  readonly connections: number
  readonly runs: Readonly<Record<'ours' | 'floor' | 'oidc-provider', readonly Measured[]>>
}

export type About = {
  readonly rows: number
  readonly seconds: number
  readonly rounds: number
  readonly pinned: boolean
  readonly cpu: string
}

/** The file's name, and the table with what is needed to judge it. */
export function report(rows: readonly Row[], about: About): { name: string; text: string } {
  const date = new Date().toISOString().slice(0, 10)
  const cpu = about.cpu.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '').toLowerCase()
  const text = `# Token endpoint, ${date}

${about.cpu}, ${cpus().length} cores, Node ${process.version}, ${process.platform}. ${
    about.pinned
      ? 'Each subject alone on core 0, the load on core 1.'
      : 'Subjects and load were not kept apart: no taskset, or one core.'
  }
Medians of ${about.rounds} rounds of ${about.seconds} s each, subjects in turn; ES256, keep-alive, secret in the form.
This server and the floor: SQLite, every answer durable, ${about.rows.toLocaleString('en')} legacy tokens and
${(about.rows / 2).toLocaleString('en')} grants there before. oidc-provider: in memory. Refreshes rotate always.
Load average of the machine at the end, where two are this bench's own: ${loadavg()[0]?.toFixed(1)}.

| ${columns.join(' | ')} |
|${'---|'.repeat(columns.length)}
${rows.map(lineOf).join('\n')}
`
  return { name: `${date}-${cpu}.md`, text }
}

const columns = [
  'operation',
  'connections',
  'ours/s',
  'floor/s',
  'oidc-provider/s',
  'ours ÷ floor',
  'ours ÷ oidc-provider',
  'processor µs: ours, floor, oidc',
  'p50 ms: ours, floor, oidc',
  'p99 ms: ours, floor, oidc',
  'p99 ours ÷ floor',
]

function lineOf({ operation, connections, runs }: Row): string {
  const subjects = [runs.ours, runs.floor, runs['oidc-provider']]
  const rates = subjects.map((each) => median(each.map(({ requestsPerSecond }) => requestsPerSecond)))
  const costs = subjects.map((each) => median(each.map((run) => run.processorMicroseconds)))
  const middles = subjects.map((each) => median(each.map(({ p50Milliseconds }) => p50Milliseconds)))
  const tails = subjects.map((each) => median(each.map(({ p99Milliseconds }) => p99Milliseconds)))
  const [ours = 0, floor = 0, peer = 0] = rates
  const cells = [
    operation,
    connections,
    ...rates.map((rate) => Math.round(rate).toLocaleString('en')),
    (ours / floor).toFixed(2),
    (ours / peer).toFixed(2),
    costs.map((time) => Math.round(time)).join(', '),
    middles.map((time) => time.toFixed(1)).join(', '),
    tails.map((time) => time.toFixed(1)).join(', '),
    ((tails[0] ?? 0) / (tails[1] ?? 1)).toFixed(2),
  ]
  return `| ${cells.join(' | ')} |`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}
