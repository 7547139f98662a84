/** `npm run bench -- partitions`: exchange and refresh on PostgreSQL, by the number of its partitions. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsOf } from '../scripts/options.ts'
import { medianOf } from './aims.ts'
import { dataset } from './dataset.ts'
import { measureSetup } from './measure.ts'
import { openPlace } from './place.ts'
import { round, table } from './report.ts'

const options = optionsOf({
  quick: { type: 'boolean', default: false },
  rows: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  partitions: { type: 'string', default: '1,16,64' },
  connections: { type: 'string' },
  cores: { type: 'string', default: '1' },
  operations: { type: 'string', default: 'exchange,refresh' },
  output: { type: 'string' },
})
const { quick } = options
const rows = Number(options.rows ?? (quick ? 20_000 : 1_000_000))
const pace = {
  seconds: Number(options.seconds ?? (quick ? 0.4 : 3)),
  rounds: Number(options.rounds ?? (quick ? 1 : 2)),
  warmUpSeconds: quick ? 0.1 : 0.3,
  warmUpRequests: quick ? 500 : 6000,
}
const tell = (line: string): void => console.error(line)
const data = await dataset(rows, tell)
const lines: string[][] = []
for (const partitions of options.partitions.split(',').map(Number)) {
  const place = await openPlace(data, ['ours-postgres'], tell, { partitions })
  try {
    const cells = await measureSetup(
      {
        signature: 'ES256',
        cores: Number(options.cores),
        connections: (options.connections ?? (quick ? '32' : '32,128')).split(',').map(Number),
        operations: (['exchange', 'refresh'] as const).filter((one) => options.operations.includes(one)),
        subjects: ['ours-postgres'],
        atHalf: false,
      },
      place,
      pace,
      { tell, profile: false },
    )
    for (const { operation, connections, runs } of cells) {
      lines.push([
        operation,
        String(connections),
        String(partitions),
        round(medianOf(runs, 'requestsPerSecond')),
        medianOf(runs, 'p50Milliseconds').toFixed(1),
        medianOf(runs, 'p99Milliseconds').toFixed(1),
        round(medianOf(runs, 'processorMicroseconds')),
        round(medianOf(runs, 'databaseMicroseconds')),
      ])
    }
  } finally {
    await place.stop()
  }
}
lines.sort((one, other) => `${one[0]} ${one[1]}`.localeCompare(`${other[0]} ${other[1]}`))
const head = [
  'operation',
  'connections',
  'partitions',
  'answers/s',
  'p50 ms',
  'p99 ms',
  'processor µs',
  'database µs',
]
const text = `\nPostgreSQL in partitions, ${round(rows)} legacy tokens, ${round(rows / 2)} grants:\n\n${table(head, lines)}`
console.log(text)
if (options.output !== undefined) {
  mkdirSync(join(options.output, '..'), { recursive: true })
  writeFileSync(options.output, text)
}
