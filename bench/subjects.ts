/** The subjects: each a process of its own, all on the same cores; the load is on others where there are. */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from '../scripts/files.ts'
import { writeJavaScript } from '../scripts/javascript.ts'
import type { Used } from './load.ts'
import { tree, treeSeconds } from './processor.ts'

const coreCount = availableParallelism()
/** Two cores and `taskset` are needed to keep the load off the subject's core. */
export const canPin = coreCount > 1 && spawnSync('taskset', ['--version']).status === 0

/** The first so many cores are the subject's; the load has the others, or where there are none the same. */
export const coresOf = (count: number): { readonly subject: string; readonly load: string } => {
  const last = coreCount - 1
  return count > last
    ? { subject: `0-${last}`, load: `0-${last}` }
    : { subject: `0-${count - 1}`, load: `${count}-${last}` }
}

/** Moves processes to these cores, with all threads; what they start from now on follows. */
export function pin(pids: readonly number[], cores: string): void {
  if (!canPin) return
  for (const pid of pids) spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cores, String(pid)])
}

/** A database's processes share the cores of the subject whose database it is. */
export const pinTree = (pid: number, cores: string): void => pin(tree(pid), cores)

/**
 * Writes the sources as plain JavaScript, as a published package would hold them: a loader that compiles
 * while it loads marks every function with its name, which costs a server some of its speed.
 */
export async function build(folder: string): Promise<string> {
  const target = join(folder, 'built')
  rmSync(target, { recursive: true, force: true })
  for (const from of ['server/src', 'bench', 'scripts']) await writeJavaScript(from, join(target, from))
  copyFileSync(join(root, 'server/package.json'), join(target, 'server/package.json'))
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'))
  return target
}

export type Subject = {
  readonly ports: readonly number[]
  readonly pids: readonly number[]
  /** From its start until it listened: the slowest of its processes. */
  readonly startMilliseconds: number
  used(): Used
  stop(): Promise<void>
}

export type StartOptions = {
  readonly values?: readonly string[]
  readonly nodeOptions?: readonly string[]
  readonly cores: string
  /** How many of them, each on a port of its own. */
  readonly processes?: number
  /** The first process of its database, where it has one. */
  readonly database?: number | undefined
}

/** Starts `bench/<name>.js` of what was built, and waits until it says on which port it listens. */
export async function start(built: string, name: string, options: StartOptions): Promise<Subject> {
  const { values = [], nodeOptions = [], cores, processes = 1, database } = options
  const command = [process.execPath, ...nodeOptions, join(built, 'bench', `${name}.js`), ...values]
  const [program = '', ...rest] = canPin ? ['taskset', '--cpu-list', cores, ...command] : command
  const children: ChildProcess[] = []
  const ports: number[] = []
  let startMilliseconds = 0
  // One after the other: the first makes what the others find.
  for (let at = 0; at < processes; at += 1) {
    const begun = performance.now()
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
    })
    children.push(child)
    ports.push(await portOf(child, name))
    startMilliseconds = Math.max(startMilliseconds, performance.now() - begun)
  }
  const pids = children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  return {
    ports,
    pids,
    startMilliseconds,
    used: () => ({
      subject: pids.reduce((sum, pid) => sum + treeSeconds(pid), 0),
      database: treeSeconds(database),
    }),
    async stop() {
      await Promise.all(children.map(stop))
    },
  }
}

function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let heard = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended before it listened (status ${code}).`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      heard = (heard + chunk.toString()).slice(-10_000)
      const port = /ready (\d+)/.exec(heard)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
