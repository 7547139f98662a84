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
  readonly operation?: OperationName
  /** `half`: the tail over the middle at half of the best rate, below the aim; else a rate over another's. */
  readonly over: SubjectName | 'half'
  readonly aim: number
}

const list: readonly Aim[] = [
  {
    words: 'SQLite: p99 at half of the best rate, over p50',
    subject: 'ours-sqlite',
    over: 'half',
    aim: 5,
  },
  {
    words: 'PostgreSQL: p99 at half of the best rate, over p50',
    subject: 'ours-postgres',
    over: 'half',
    aim: 5,
  },
  {
    words: 'SQLite: an exchange beside the floor',
    subject: 'ours-sqlite',
    operation: 'exchange',
    over: 'floor',
    aim: 0.8,
  },
  {
    words: 'SQLite beside oidc-provider in memory',
    subject: 'ours-sqlite',
    over: 'oidc-provider',
    aim: 1,
  },
  {
    words: 'PostgreSQL beside oidc-provider on PostgreSQL',
    subject: 'ours-postgres',
    over: 'oidc-postgres',
    aim: 1,
  },
]

/** A table: the worst and the best case of each aim. */
export function aims(cells: readonly Cell[]): string {
  const lines = list.flatMap(({ words, subject, operation, over, aim }) => {
    const mine = cells.filter(
      (cell) =>
        cell.subject === subject &&
        (operation ?? cell.operation) === cell.operation &&
        (cell.connections === 'half') === (over === 'half'),
    )
    const ratios = mine.flatMap((cell) => {
      const ratio = over === 'half' ? tailOver(cell) : rateOver(cell, over, cells)
      return ratio === undefined ? [] : [{ ratio, cell }]
    })
    ratios.sort((one, other) => one.ratio - other.ratio)
    const [worst, best] = over === 'half' ? [ratios.at(-1), ratios[0]] : [ratios[0], ratios.at(-1)]
    if (!worst || !best) return []
    const isReached = over === 'half' ? worst.ratio < aim : worst.ratio >= aim
    const sign = over === 'half' ? 'under' : 'at least'
    const verdict = isReached ? 'reached' : '**not reached everywhere**'
    return [`| ${words} | ${sign} ${aim} | ${told(worst)} | ${told(best)} | ${verdict} |`]
  })
  return `| aim | | worst | best | |\n|---|---|---|---|---|\n${lines.map((line) => `${line}\n`).join('')}`
}

const tailOver = ({ runs }: Cell): number =>
  medianOf(runs, 'p99Milliseconds') / medianOf(runs, 'p50Milliseconds')

function rateOver(cell: Cell, over: SubjectName, cells: readonly Cell[]): number | undefined {
  const other = cells.find(
    ({ setup, operation, connections, subject }) =>
      setup === cell.setup &&
      operation === cell.operation &&
      connections === cell.connections &&
      subject === over,
  )
  return other && medianOf(cell.runs, 'requestsPerSecond') / medianOf(other.runs, 'requestsPerSecond')
}

const told = ({ ratio, cell }: { readonly ratio: number; readonly cell: Cell }): string => {
  const { setup, operation, connections } = cell
  const where = connections === 'half' ? '' : `, ${connections} connections`
  return `${ratio.toFixed(2)} (${operation}, ${setup.signature}, ${setup.cores} core${setup.cores > 1 ? 's' : ''}${where})`
}
