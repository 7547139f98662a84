/**
 * A real `tokenferry serve` process, on a free port of the loopback, for what one process cannot show. Tests
 * have it from `server-process.ts`, which ends it with them.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ServerProcess = {
  readonly pid: number
  readonly base: string
  readonly configPath: string
  /** What it has written to both its outputs. */
  output(): string
  /** Sends the signal and waits for the end; returns the status. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export type ServerProcessOptions = {
  /** Where its configuration file goes. */
  readonly folder: string
  /** The configuration, as in the file; `listen` and `public_url` are put in. */
  readonly config: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  /** Other arguments of the command. */
  readonly args?: readonly string[]
  /** Where it listens; absent: at a port that is free. */
  readonly port?: number
}

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const startMillisecondsMax = 120_000
const running = new Set<ChildProcess>()

/** Starts a server and waits until it is ready. */
export async function startServer({
  folder,
  config,
  env,
  args = [],
  port: wanted,
}: ServerProcessOptions): Promise<ServerProcess> {
  const port = wanted ?? (await freePort())
  const base = `http://127.0.0.1:${port}`
  const configPath = join(folder, `tokenferry-${port}.yaml`)
  const settings = { public_url: base, ...config, listen: { host: '127.0.0.1', port } }
  writeFileSync(configPath, JSON.stringify(settings))
  const child = spawn(process.execPath, [binary, 'serve', '--config', configPath, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  child.once('exit', () => running.delete(child))
  await ready(base, child, () => output)
  return {
    pid: child.pid ?? 0,
    base,
    configPath,
    output: () => output,
    kill: (signal = 'SIGTERM') => end(child, signal),
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('The loopback gave no port.')
  return address.port
}

async function ready(base: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = performance.now() + startMillisecondsMax
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The server ended before it was ready: ${output()}`)
    }
    const answer = await fetch(`${base}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    // A process that starts has no clock of ours: asking again a little later is all there is.
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await end(child, 'SIGKILL')
  throw new Error(`The server was not ready in time: ${output()}`)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
  return child.exitCode
}

/** Ends by its id whatever was started here and still runs. */
export async function endServers(): Promise<void> {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')))
}
