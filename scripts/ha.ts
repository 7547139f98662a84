/**
 * `node scripts/run.js scripts/ha.ts`: a cluster of PostgreSQL under Patroni and two nodes of Tokenferry, on
 * free ports of this machine, for whoever wants to see what happens. With `--walk` it lets the mishaps happen
 * and measures. Everything it started ends with it.
 */
import { walk } from '../server/src/promises/failover.ts'
import type { HighAvailability, Mishap } from '../server/src/testing/high-availability.ts'
import { startHighAvailability } from '../server/src/testing/high-availability.ts'
import type { Member } from '../server/src/testing/patroni.ts'
import { missingPrograms } from '../server/src/testing/patroni.ts'
import { helpIfAsked, optionsOf } from './options.ts'

helpIfAsked(`Usage: node scripts/run.js scripts/ha.ts [options]

A cluster of PostgreSQL under Patroni and two nodes of Tokenferry on free ports of this machine, in a
temporary folder. It prints what to paste, and Ctrl+C ends all of it.

Options:
  --walk  kill, stop and switch over the primary under load, say how long nobody was answered, and end

Example:
  $ node scripts/run.js scripts/ha.ts --walk`)
const values = optionsOf({ walk: { type: 'boolean', default: false } })

const missing = missingPrograms()
if (missing.length > 0) {
  console.error(`Not installed here: ${missing.join(', ')}. On Debian, as root:
  apt-get install -y --no-install-recommends patroni etcd-server etcd-client postgresql`)
  process.exit(1)
}
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})
console.log('Starting etcd, three members and two nodes: half a minute.')
const here = await startHighAvailability()
try {
  await show(here)
  if (values.walk) await Promise.race([walkThrough(here), stopped])
  else await stopped
} catch (error) {
  console.error(here.cluster.output().slice(-20_000))
  throw error
} finally {
  console.log('Ending all that was started.')
  await here.close()
}

function memberShown({ name, api, data, roots }: Member): string {
  return `member ${name}: its Patroni answers at ${api}; processes ${roots().join(' and ')}, data in ${data}`
}

async function walkThrough(all: HighAvailability): Promise<void> {
  const mishaps: readonly Mishap[] = ['killed', 'partitioned', 'switched over']
  const second = (milliseconds: number): string => (milliseconds / 1000).toFixed(1)
  await walk(all, mishaps, (mishap, seen) => {
    console.log(
      `The primary was ${mishap}: ${second(seen.withoutMilliseconds)} s without an answer, meanwhile ` +
        `${seen.troubled} times 503, the slowest after ${second(seen.troubleMillisecondsMax)} s.`,
    )
  })
  console.log('All that was acknowledged is there, nothing twice.')
}

async function show({ cluster, nodes, sections }: HighAvailability): Promise<void> {
  const [{ config = '' } = {}] = cluster.members
  const [{ base = '', configPath = '' } = {}] = nodes
  const leader = await cluster.leader()
  const { client_id, client_secret, legacy_tokens }: Readonly<Record<string, unknown>> =
    sections.standard ?? {}
  const [token] = Array.isArray(legacy_tokens) ? legacy_tokens : []
  console.log(`
database: ${cluster.url()}
${cluster.members.map(memberShown).join('\n')}
${nodes.map((node) => `node: ${node.base}, process ${node.pid}`).join('\n')}

patronictl -c ${config} list
patronictl -c ${config} switchover
kill -KILL ${leader?.roots().join(' ')}    # the primary, ${leader?.name}, with its Patroni

export TOKENFERRY_TEST_ROOT_SECRET=${process.env.TOKENFERRY_TEST_ROOT_SECRET}
export TOKENFERRY_CONFIG=${configPath}
npx tokenferry doctor

curl -si ${base}/oauth2/token -u '${client_id}:${client_secret}' \\
  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\
  -d subject_token_type=urn:tokenferry:params:oauth:token-type:legacy \\
  -d subject_token=${token}

Ctrl+C ends all of it.
`)
}
