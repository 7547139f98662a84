/**
 * `npm run bench`: answers per second, latencies and processor time of this server beside others and beside
 * the floor, in one run, on the same cores and with the same kind of key. Only ratios are worth comparing
 * with another machine's. `npm run bench -- scale`, `partitions`, `hot` and `import` are others.
 */
import { helpIfAsked } from '../scripts/options.ts'

helpIfAsked(`Usage: npm run bench -- [bench] [options]

Without a bench: answers per second, latencies and processor time of the token endpoint, beside other
servers and the floor. About twenty minutes on two quiet cores, four with --quick.

Benches, and their options beside --quick, which takes small numbers and writes nothing:
  (none)      --parts, --operations, --subjects, --signatures, --connections, --seconds, --rounds, --rows,
              --alone (this server on SQLite only), --profile (the same, under V8's profiler), --output FILE
  scale       --sizes, --backends, --connections, --seconds, --output FILE
  partitions  --partitions, --operations, --connections, --cores, --rows, --seconds, --rounds, --output FILE
  hot         --refreshes, --grants, --concurrency, --partitions
  import      --rows, --backends, --cores, --organizations, --profile

Example:
  $ npm run bench -- --operations refresh --connections 32 --subjects ours-sqlite,floor`)
const [word = ''] = process.argv.slice(2)
const others: Readonly<Record<string, () => Promise<unknown>>> = {
  scale: () => import('./scale.ts'),
  partitions: () => import('./partitions.ts'),
  hot: () => import('./hot.ts'),
  import: () => import('./import-speed.ts'),
}
const other = others[word]
if (other) {
  process.argv.splice(2, 1)
  await other()
} else await import('./endpoint.ts')
