/**
 * Tokenferry as operators run it to stay up: two nodes over a cluster of PostgreSQL under Patroni, with the
 * sample app of the standard dialect.
 */
import { randomBytes } from 'node:crypto'
import type { DemoSections } from '../demo.ts'
import { seedSamples } from '../demo.ts'
import type { Deployment } from '../main.ts'
import { openDeployment } from '../main.ts'
import { testConfig } from './deployment.ts'
import type { Cluster, Member } from './patroni.ts'
import { startCluster, until } from './patroni.ts'
import type { ServerProcess } from './serving.ts'
import { startServer } from './serving.ts'

export type HighAvailability = {
  readonly cluster: Cluster
  readonly nodes: readonly ServerProcess[]
  readonly sections: DemoSections
  /** Another node, of this process, that looks at what the others did. */
  readonly deployment: Deployment
  close(): Promise<void>
}

/** Fewer than a user may have grants of one app: all sample tokens are one user's. */
const tokensMax = 45

export async function startHighAvailability(): Promise<HighAvailability> {
  process.env.TOKENFERRY_TEST_ROOT_SECRET ??= randomBytes(32).toString('hex')
  const cluster = await startCluster()
  const settings = {
    database: cluster.url(),
    root_secret: 'env:TOKENFERRY_TEST_ROOT_SECRET',
    mounts: [{ dialect: 'standard', prefix: '/', policy: { rotate: 'always' } }],
  }
  const nodes: ServerProcess[] = []
  try {
    const config = testConfig({ config: settings }, '')
    const deployment = await openDeployment(config, { numbers: true })
    const { sections } = await seedSamples(deployment, tokensMax)
    for (let node = 0; node < 2; node += 1) {
      nodes.push(await startServer({ folder: cluster.folder, config: settings }))
    }
    return {
      cluster,
      nodes,
      sections,
      deployment,
      async close() {
        await Promise.all(nodes.map((node) => node.kill()))
        await deployment.close().catch(() => undefined)
        await cluster.stop()
      },
    }
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()))
    await cluster.stop()
    throw error
  }
}

/** What happens to the leader. */
export type Mishap = 'killed' | 'partitioned' | 'switched over'

/** It happens; returns once another member leads. What is left of the old leader is `mended` later. */
export async function befall(cluster: Cluster, mishap: Mishap): Promise<{ mended(): Promise<void> }> {
  const leader = await cluster.leader()
  if (!leader) throw new Error('There is no leader.')
  if (mishap === 'switched over') await cluster.control('switchover', 'tokenferry', '--force')
  else leader.signal(mishap === 'killed' ? 'SIGKILL' : 'SIGSTOP')
  await until(() => isReplaced(cluster, leader))
  return {
    async mended() {
      if (mishap === 'killed') leader.start()
      if (mishap === 'partitioned') leader.signal('SIGCONT')
      await until(() => cluster.isSettled())
    },
  }
}

async function isReplaced(cluster: Cluster, before: Member): Promise<boolean> {
  const leader = await cluster.leader()
  return leader !== undefined && leader.name !== before.name
}
