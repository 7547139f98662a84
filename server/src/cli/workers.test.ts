import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { rootSecretName } from '../testing/deployment.ts'
import type { TestDatabase } from '../testing/postgres.ts'
import { testDatabase } from '../testing/postgres.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import { pauseAfter } from './workers.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))

/** Processes have no clock of ours: asking again a little later is all there is. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(10)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('workers: the pause doubles while they die young, to half a minute, and is short again after a long life', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 7].reduce<number[]>(
    (before) => [...before, pauseAfter(10, before.at(-1) ?? 0)],
    [],
  )
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  assert.equal(pauseAfter(60_000, 30_000), 500)
})

suite('serve --workers', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-workers-'))
  let database: TestDatabase
  const mounts = [{ dialect: 'standard', prefix: '/' }]
  const common = { root_secret: `env:${rootSecretName}`, mounts }

  before(async () => {
    database = await testDatabase()
  })
  after(async () => {
    await database.remove()
    rmSync(folder, { recursive: true })
  })

  const start = (): Promise<ServerProcess> =>
    startServer({ folder, config: { ...common, database: database.url }, args: ['--workers', '2'] })

  /** A request of which a process has the head; `finish` says the rest, and wants an answer. */
  async function begun(server: ServerProcess): Promise<{ finish(): Promise<void> }> {
    const socket = connect(Number(new URL(server.base).port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    const head =
      'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n'
    socket.write(`${head}Content-Length: 18\r\nExpect: 100-continue\r\n\r\n`)
    await until(() => answer.includes('100 Continue'))
    return {
      async finish() {
        socket.write('grant_type=nothing')
        await once(socket, 'close')
        assert.match(answer, /HTTP\/1\.1 40\d [\s\S]*unsupported_grant_type/)
      },
    }
  }

  /** Once all of them listen. */
  async function pidsOf(server: ServerProcess): Promise<readonly number[]> {
    const told = /as processes ([\d, ]+)/
    await until(() => told.test(server.output()))
    return told.exec(server.output())?.[1]?.split(', ').map(Number) ?? []
  }

  test('one that is killed is started again, with a word; the first signal lets what is in flight finish', async () => {
    const server = await start()
    const [victim = 0, other = 0] = await pidsOf(server)
    assert.equal(new Set([victim, other, server.pid]).size, 3)
    process.kill(victim, 'SIGKILL')
    await until(() =>
      server.output().includes(`Process ${victim} ended (SIGKILL). Another one starts in 0.5 s.`),
    )
    assert.equal((await fetch(`${server.base}/readyz`)).status, 200)
    // Told to finish by its own id, one does, and another one takes its place as well.
    const slow = await begun(server)
    const asked = await begun(server)
    process.kill(other, 'SIGTERM')
    await slow.finish()
    const ended = server.kill()
    await asked.finish()
    assert.equal(await ended, 0)
    assert.equal(isAlive(other), false)
  })

  test('when the first process is killed, the others do not stay', async () => {
    const server = await start()
    const pids = await pidsOf(server)
    await server.kill('SIGKILL')
    await until(() => !pids.some(isAlive))
  })

  function refusal(config: Readonly<Record<string, unknown>>, workers: string): string {
    const path = join(folder, 'tokenferry.yaml')
    writeFileSync(path, JSON.stringify({ public_url: 'http://127.0.0.1:4000', ...common, ...config }))
    const args = [binary, 'serve', '--config', path, '--workers', workers]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 1, stderr)
    assert.match(stderr, /^tokenferry: [^\n]+\n$/)
    return stderr
  }

  test('what keeps one from starting is said once, and nothing is started again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    assert.ok(address !== null && typeof address === 'object')
    const { port } = address
    const listen = { host: '127.0.0.1', port }
    assert.match(refusal({ database: database.url, listen }, '3'), new RegExp(`Port ${port} .* is taken`))
    taken.close()
    assert.match(
      refusal({ database: database.url.replace(/test_\w+/, 'no_such_database') }, '2'),
      /The database .* cannot be used/,
    )
  })

  test('on SQLite it is refused, and why; so are numbers that mean nothing', () => {
    const sqlite = { database: `sqlite:${join(folder, 'x.db')}` }
    assert.match(refusal(sqlite, '2'), /On SQLite one process is faster than several/)
    assert.match(refusal({ database: database.url }, '0'), /--workers.*from 1 to 256/)
  })
})
