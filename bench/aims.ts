/** What this server should reach beside the others in the same run, and whether it did. */
import type { Measured } from './load.ts'
import type { Cell } from './measure.ts'
import type { OperationName, SubjectName } from './who.ts'

export function medianOf(runs: readonly Measured[], field: keyof Measured): number {
  const sorted = runs.map((run) => run[field]).sort((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}

type Aim = {
  readonly words: string
  readonly subject: SubjectName
  /** Absent: all. */
  readonly operations?: readonly OperationName[]
  /** Beside whom; absent: at half of its own best rate. */
  readonly over?: SubjectName
  /**
   * `rate`: answers a second, at least so many times the other's. `tail`: p99 at 128 connections, at most so
   * many times the other's; at half of the best rate, p99 over p50.
   */
  readonly of: 'rate' | 'tail'
  readonly aim: number
}

const ofGrants = ['exchange', 'refresh'] as const
const sqlite = { subject: 'ours-sqlite', of: 'rate' } as const
const postgres = { subject: 'ours-postgres', of: 'rate' } as const

const list: readonly Aim[] = [
  { ...sqlite, words: 'SQLite beside the floor', operations: ['exchange'], over: 'floor', aim: 0.8 },
  { ...sqlite, words: 'SQLite beside the floor', operations: ['refresh'], over: 'floor', aim: 0.9 },
  { ...postgres, words: 'PostgreSQL beside the floor', operations: ofGrants, over: 'floor', aim: 0.7 },
  {
    ...sqlite,
    words: 'SQLite beside oidc-provider in memory',
    operations: ofGrants,
    over: 'oidc-provider',
    aim: 1.5,
  },
  {
    ...sqlite,
    words: 'SQLite beside oidc-provider on PostgreSQL',
    operations: ofGrants,
    over: 'oidc-postgres',
    aim: 5,
  },
  {
    ...postgres,
    words: 'PostgreSQL beside oidc-provider on PostgreSQL',
    operations: ofGrants,
    over: 'oidc-postgres',
    aim: 5,
  },
  ...(['client_credentials', 'introspect'] as const).flatMap((operation): Aim[] => [
    {
      ...sqlite,
      words: 'SQLite beside oidc-provider in memory',
      operations: [operation],
      over: 'oidc-provider',
      aim: operation === 'introspect' ? 3 : 2,
    },
    {
      ...postgres,
      words: 'PostgreSQL beside oidc-provider on PostgreSQL',
      operations: [operation],
      over: 'oidc-postgres',
      aim: operation === 'introspect' ? 3 : 2,
    },
  ]),
  { ...sqlite, words: 'SQLite: p99 at full load beside the floor’s', of: 'tail', over: 'floor', aim: 2 },
  { ...sqlite, words: 'SQLite: p99 at half of the best rate, over p50', of: 'tail', aim: 5 },
  { ...postgres, words: 'PostgreSQL: p99 at half of the best rate, over p50', of: 'tail', aim: 5 },
]

/** Keys of one kind; a slower one is what all spend their time on, and makes all the same. */
const signature = 'ES256'
const tailConnections = 128

/** A table: the worst and the best case of each aim. */
export function aims(cells: readonly Cell[]): string {
  const measured = cells.filter(({ setup }) => setup.signature === signature)
  const lines = list.flatMap(({ words, subject, operations, over, of, aim }) => {
    const ratios = measured
      .filter((cell) => cell.subject === subject && (operations?.includes(cell.operation) ?? true))
      .flatMap((cell) => {
        const ratio = of === 'rate' ? rateOver(cell, over, measured) : tailOver(cell, over, measured)
        return ratio === undefined ? [] : [{ ratio, cell }]
      })
      .sort((one, other) => one.ratio - other.ratio)
    const [worst, best] = of === 'rate' ? [ratios[0], ratios.at(-1)] : [ratios.at(-1), ratios[0]]
    if (!worst || !best) return []
    const reaches = (ratio: number): boolean => (of === 'rate' ? ratio >= aim : ratio <= aim)
    const verdict = verdictOf(ratios.filter(({ ratio }) => reaches(ratio)).length, ratios.length)
    const what = operations ? `${words}: ${operations.join(', ')}` : words
    return [
      `| ${what} | ${of === 'rate' ? 'at least' : 'at most'} ${aim} | ${told(worst)} | ${told(best)} | ${verdict} |`,
    ]
  })
  return `| aim | | worst | best | |\n|---|---|---|---|---|\n${lines.map((line) => `${line}\n`).join('')}`
}

function verdictOf(reached: number, all: number): string {
  if (reached === all) return 'reached'
  return reached === 0 ? '**not reached**' : `reached in ${reached} of ${all}`
}

function tailOver(cell: Cell, over: SubjectName | undefined, cells: readonly Cell[]): number | undefined {
  const tail = medianOf(cell.runs, 'p99Milliseconds')
  if (over === undefined) {
    return cell.connections === 'half' ? tail / medianOf(cell.runs, 'p50Milliseconds') : undefined
  }
  const other = cell.connections === tailConnections ? beside(cell, over, cells) : undefined
  return other && tail / medianOf(other.runs, 'p99Milliseconds')
}

function rateOver(cell: Cell, over: SubjectName | undefined, cells: readonly Cell[]): number | undefined {
  const other = over === undefined || cell.connections === 'half' ? undefined : beside(cell, over, cells)
  return other && medianOf(cell.runs, 'requestsPerSecond') / medianOf(other.runs, 'requestsPerSecond')
}

const beside = (cell: Cell, over: SubjectName, cells: readonly Cell[]): Cell | undefined =>
  cells.find(
    ({ setup, operation, connections, subject }) =>
      setup === cell.setup &&
      operation === cell.operation &&
      connections === cell.connections &&
      subject === over,
  )

const told = ({ ratio, cell }: { readonly ratio: number; readonly cell: Cell }): string => {
  const { setup, operation, connections } = cell
  const where = connections === 'half' ? '' : `, ${connections} connections`
  return `${ratio.toFixed(2)} (${operation}, ${setup.signature}, ${setup.cores} core${setup.cores > 1 ? 's' : ''}${where})`
}
