import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { seedSamples } from '../demo.ts'
import { openDeployment } from '../main.ts'
import { openDatabase } from '../open-database.ts'
import { standardApp } from '../promises/asks.ts'
import { rootSecretName, testConfig } from '../testing/deployment.ts'
import { isLong, progress, shortOrLong } from '../testing/length.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, startPostgres } from '../testing/postgres.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { freePort, startServer } from '../testing/server-process.ts'
import type { Chance } from './chance.ts'
import { chanceOf } from './chance.ts'
import { assertKept, settleAll } from './ledger.ts'
import { startLoad } from './load.ts'

const clients = 8
const tokensPerClient = shortOrLong(6, 60)
const rounds = shortOrLong(1, 20)

type Victim = { readonly name: string; kill(): Promise<unknown> }

const within = { timeout: shortOrLong(180_000, 1_800_000) }

suite('faults: killed at any moment, under load', () => {
  test(
    'two nodes on SQLite: nothing acknowledged is lost, nothing is doubled, nobody is blamed',
    within,
    async (context) => {
      const folder = mkdtempSync(join(tmpdir(), 'tokenferry-faults-'))
      context.after(() => {
        rmSync(folder, { recursive: true, force: true })
      })
      await underLoad(context, folder, `sqlite:${join(folder, 'tokenferry.db')}`, [])
    },
  )

  test('two nodes on PostgreSQL, which is killed as well: the same', within, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenferry-faults-'))
    const postgres = await startPostgres({ durable: true })
    context.after(async () => {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    await underLoad(context, folder, postgres.url(), victimsOf(postgres))
  })
})

/** One of its backends, which makes it start itself anew; or all of it. */
const victimsOf = (postgres: PostgresServer): readonly Victim[] => [
  {
    name: 'a backend of PostgreSQL',
    async kill() {
      const ours = `select pid from pg_stat_activity where application_name = 'tokenferry' order by random() limit 1`
      const { rows } = await administer(postgres.url(), ours)
      process.kill(Number(rows[0]?.pid), 'SIGKILL')
    },
  },
  {
    name: 'PostgreSQL',
    kill() {
      postgres.kill()
      return postgres.startAgain()
    },
  },
]

async function underLoad(
  context: TestContext,
  folder: string,
  database: string,
  others: readonly Victim[],
): Promise<void> {
  const chance = chanceOf(context)
  const config = {
    database,
    root_secret: `env:${rootSecretName}`,
    mounts: [{ dialect: 'standard', prefix: '/', policy: { rotate: 'always' } }],
    limits: { failures_per_minute: 100_000 },
  }
  const settings = testConfig({ config }, ':memory:')
  const seeding = await openDeployment(settings, { numbers: true })
  const { sections } = await seedSamples(seeding, clients * tokensPerClient)
  await seeding.close()
  const app = standardApp({ sections })

  const ports = [await freePort(), await freePort()]
  const nodes = await Promise.all(ports.map((port) => startServer({ folder, config, port })))
  const restarting = (at: number): Promise<ServerProcess> =>
    startServer({ folder, config, port: ports[at] ?? 0 })
  const killNode = async (at: number): Promise<void> => {
    await nodes[at]?.kill('SIGKILL')
    nodes[at] = await insisting(() => restarting(at))
  }
  const ofNodes: readonly [Victim, ...Victim[]] = [
    { name: 'the first node', kill: () => killNode(0) },
    { name: 'the second node', kill: () => killNode(1) },
    { name: 'both nodes', kill: () => Promise.all([killNode(0), killNode(1)]) },
  ]
  // A start takes most of the time: the short form is content with one or two of the nodes' deaths.
  const fewer = others.length > 0 ? [chance.pick(ofNodes)] : ofNodes.slice(1)
  const victims = [...(isLong ? ofNodes : fewer), ...others]

  const bases = nodes.map(({ base }) => base)
  const load = startLoad({
    bases,
    app,
    legacyTokens: Array.from({ length: clients }, (_, at) =>
      app.legacyTokens.slice(at * tokensPerClient, (at + 1) * tokensPerClient),
    ),
    refreshesPerToken: 6,
    chance: chance.fork(clients),
  })
  const killed: string[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      progress(`round ${round + 1} of ${rounds}`)
      for (const victim of shuffled(victims, chance)) {
        await load.acknowledged(chance.between(10, 80), context.signal)
        killed.push(victim.name)
        await victim.kill()
      }
    }
    await load.acknowledged(20, context.signal)
  } finally {
    await load.stop()
    context.diagnostic(`killed: ${killed.join(', ')}`)
    context.diagnostic(`heard: ${[...load.heard].map(([what, count]) => `${count} × ${what}`).join(', ')}`)
  }

  assert.deepEqual(load.complaints, [])
  await settleAll(load.told, { bases, app })
  await Promise.all(nodes.map((node) => node.kill()))
  const kept = await openDatabase(settings)
  await assertKept(load.told, kept)
  if (kept.backend === 'sqlite') {
    const [row] = await kept.query('pragma integrity_check', [])
    assert.equal(row?.integrity_check, 'ok')
  }
  await kept.close()
}

/** As a supervisor does: one that cannot start while its database is away is started again. */
async function insisting(start: () => Promise<ServerProcess>): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start()
    } catch (error) {
      if (attempt === 5) throw error
      await pause(200)
    }
  }
}

const shuffled = (victims: readonly Victim[], chance: Chance): readonly Victim[] =>
  victims
    .map((victim) => ({ victim, place: chance.between(0, 2 ** 30) }))
    .sort((one, other) => one.place - other.place)
    .map(({ victim }) => victim)
