/**
 * `npm run bench -- hot`: many refreshes of few grants on PostgreSQL, without a vacuum by hand. Nearly all
 * updates should be HOT (no index is touched, the page makes room by itself), and the table should stop
 * growing. The store and the operation are the real ones; there is no HTTP.
 */
import { optionsOf } from '../scripts/options.ts'
import { parseConfig } from '../server/src/config.ts'
import { perform } from '../server/src/kernel/kernel.ts'
import type { Caller } from '../server/src/kernel/operations/issue.ts'
import { refreshTokenPair } from '../server/src/kernel/operations/refresh-token-pair.ts'
import { policyOf } from '../server/src/kernel/policy.ts'
import { openDeployment } from '../server/src/main.ts'
import { administer, startPostgres } from '../server/src/testing/postgres.ts'
import { chainsOf, dataset, fill } from './dataset.ts'
import { postgresSettings } from './place.ts'
import { round, table } from './report.ts'
import { clientId } from './rows.ts'

const options = optionsOf({
  quick: { type: 'boolean', default: false },
  refreshes: { type: 'string' },
  grants: { type: 'string', default: '1000' },
  concurrency: { type: 'string', default: '128' },
  partitions: { type: 'string', default: '1' },
})
const refreshes = Number(options.refreshes ?? (options.quick ? 20_000 : 1_000_000))
const grants = Number(options.grants)
const looks = 10

const data = await dataset(2000, console.error)
const server = await startPostgres({ durable: true, settings: postgresSettings })
const partitions = `postgres: { partitions: ${Number(options.partitions)} }`
const config = parseConfig(data.configText(server.url(), {}, partitions), 'bench')
await fill(config, grants * 2)
const chains = await chainsOf(config, grants * 2, 0, grants)
const deployment = await openDeployment(config, { numbers: true })
const caller = await callerOf()
const lines: string[][] = [await look(0, 0)]
const begun = performance.now()
for (let at = 0; at < looks; at += 1) {
  await refreshAll(Math.floor(refreshes / looks))
  lines.push(await look(((at + 1) * refreshes) / looks, (performance.now() - begun) / 1000))
}
await deployment.close()
await server.stop()
console.log(
  `\n${round(refreshes)} refreshes of ${round(grants)} grants on PostgreSQL, ${options.partitions} partition(s):\n`,
)
console.log(
  table(['refreshes', 'a second', 'HOT', 'table KiB', 'indexes KiB', 'dead rows', 'autovacuums'], lines),
)

async function callerOf(): Promise<Caller> {
  const client = await deployment.store.findClient(clientId)
  const [mount] = deployment.mounts
  if (!client || !mount) throw new Error('The data set has no client.')
  return {
    client,
    proven: true,
    policy: policyOf(mount.policy, client),
    actor: { actor: `client:${clientId}`, address: undefined, requestId: undefined },
  }
}

/** Each chain has one refresh in flight, as an app that keeps its newest token. */
async function refreshAll(count: number): Promise<void> {
  let left = count
  const concurrency = Math.min(Number(options.concurrency), grants)
  await Promise.all(
    Array.from({ length: concurrency }, async (_, lane) => {
      for (let at = lane; left > 0; at = at + concurrency < grants ? at + concurrency : lane) {
        left -= 1
        const outcome = await perform(
          refreshTokenPair,
          { caller, refreshToken: chains[at] ?? '' },
          deployment.world,
        )
        if ('refused' in outcome) throw new Error(`A refresh was refused: ${outcome.refused.reason}`)
        chains[at] = outcome.granted.refreshToken ?? ''
      }
    }),
  )
}

/** Partitions are tables of their own: their figures are added up. */
async function look(done: number, seconds: number): Promise<string[]> {
  const { rows } = await administer(
    server.url(),
    `select sum(n_tup_upd)::float8 as updates, sum(n_tup_hot_upd)::float8 as hot, sum(n_dead_tup)::float8 as dead,
      sum(autovacuum_count)::float8 as vacuums, sum(pg_relation_size(relid))::float8 as bytes,
      sum(pg_indexes_size(relid))::float8 as indexes
    from pg_stat_user_tables where relname ~ '^grants'`,
  )
  const found = rows[0] as Record<string, number>
  const value = (name: string): number => Number(found[name] ?? 0)
  const share = value('updates') === 0 ? '–' : `${((value('hot') / value('updates')) * 100).toFixed(1)} %`
  return [
    round(done),
    seconds === 0 ? '–' : round(done / seconds),
    share,
    round(value('bytes') / 1024),
    round(value('indexes') / 1024),
    round(value('dead')),
    round(value('vacuums')),
  ]
}
