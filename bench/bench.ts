/**
 * `npm run bench`: answers per second, latencies and processor time of this server beside others and beside
 * the floor, in one run, on the same cores and with the same kind of key. Only ratios are worth comparing
 * with another machine's. `npm run bench -- scale`, `partitions`, `hot` and `import` are others.
 */
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
