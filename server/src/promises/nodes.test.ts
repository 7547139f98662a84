/** What one node does for all goes on when that node ends, however it ends. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Backend } from '../storage/database.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

const leaseSeconds = 2

for (const backend of ['sqlite', 'postgres'] satisfies Backend[]) {
  suite(`promises: the work of one node, over two processes on ${backend}`, { timeout: 300_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenferry-nodes-'))
    const mails = join(folder, 'mails')
    let here: TestDeployment
    let servers: ServerProcess[] = []
    let told = 0

    const start = (): Promise<ServerProcess> =>
      startServer({
        folder,
        config: {
          public_url: 'http://127.0.0.1:4000',
          database: here.config.database,
          root_secret: `env:${rootSecretName}`,
          mounts: [{ dialect: 'pipedrive', prefix: '/' }],
          mail: { from: 'Company <no-reply@company.example>', folder: mails },
          lease: `${leaseSeconds}s`,
        },
      })

    before(async () => {
      here = await testDeployment({ backend, mounts: ['pipedrive'], file: true, background: false })
      servers = [await start(), await start()]
    })
    after(async () => {
      await Promise.all(servers.map((server) => server.kill()))
      await here.close()
      rmSync(folder, { recursive: true })
    })

    /** Which of the processes has the lease: its holder's name has its id. */
    async function holder(): Promise<number> {
      for (;;) {
        const lease = await here.deployment.store.findLease('background')
        if (lease !== undefined && lease.until > 0) return Number(lease.holder.split(' ')[1])
        await pause(10)
      }
    }

    /** Something happens of which somebody is mailed; returns once they are. */
    async function tellSomebody(): Promise<void> {
      const section = here.sections.pipedrive ?? assert.fail('pipedrive is not mounted')
      const tokens = Array.isArray(section.legacy_tokens) ? section.legacy_tokens : []
      const before = mailed()
      // The last ones are of people who have a company each.
      const answer = await fetch(`${servers[0]?.base}/oauth/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${section.client_id}:${section.client_secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({
          grant_type: 'exchange_api_token',
          api_token: String(tokens.at(-1 - told)),
        }),
      })
      assert.equal(answer.status, 200)
      told += 1
      while (mailed() === before) await pause(10)
    }
    const mailed = (): number => {
      try {
        return readdirSync(mails).filter((name) => name.endsWith('.eml')).length
      } catch {
        return 0
      }
    }

    /** Ends the process that has the lease; returns its id. */
    async function endHolder(signal: NodeJS.Signals): Promise<number> {
      const ended = await holder()
      const victim = servers.find(({ pid }) => pid === ended) ?? assert.fail(`Nobody is ${ended}.`)
      servers = servers.filter((server) => server !== victim)
      await victim.kill(signal)
      return ended
    }

    test('one of them works; when it is killed, the other goes on', async () => {
      await tellSomebody()
      const ended = await endHolder('SIGKILL')
      while ((await holder()) === ended) await pause(10)
      assert.equal(await holder(), servers[0]?.pid)
      await tellSomebody()
    })

    test('when it is told to stop, it hands over, and does not leave it to time', async () => {
      servers = [...servers, await start()]
      const ended = await endHolder('SIGTERM')
      // Given back, or taken since: never left standing until it has run out.
      const lease = await here.deployment.store.findLease('background')
      assert.ok(lease && (lease.until === 0 || !lease.holder.includes(` ${ended} `)))
      assert.equal(await holder(), servers[0]?.pid)
      await tellSomebody()
      assert.match(servers[0]?.output() ?? '', /"operation":"take_lease"/)
    })
  })
}
