/** The subjects: each a process of its own, all on the same core; the load is on another one. */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import typescript from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Two cores and `taskset` are needed to keep the load off the subject's core. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Moves this process, which makes the load, away from the subjects' core. */
export function pinLoad(): void {
  if (canPin) spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', '1', String(process.pid)])
}

/**
 * Writes the sources as plain JavaScript, as a published package would hold them: a loader that compiles
 * while it loads marks every function with its name, which costs a server some of its speed.
 */
export function build(folder: string): string {
  const target = join(folder, 'built')
  rmSync(target, { recursive: true, force: true })
  for (const from of ['server/src', 'bench']) {
    for (const name of readdirSync(join(root, from), { recursive: true, encoding: 'utf8' })) {
      if (/\.test\.ts$/.test(name) || !/\.(ts|sql)$/.test(name)) continue
      const path = join(target, from, name.replace(/\.ts$/, '.js'))
      const text = readFileSync(join(root, from, name), 'utf8')
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, name.endsWith('.ts') ? toJavaScript(text) : text)
    }
  }
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'))
  return target
}

const toJavaScript = (source: string): string =>
  typescript.transpileModule(source, {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2023,
      module: typescript.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  }).outputText

export type Subject = {
  readonly port: number
  /** Seconds of the processor that it has used; 0 where the system does not tell. */
  processorSeconds(): number
  stop(): Promise<void>
}

/** Starts `bench/<name>.js` of what was built, and waits until it says on which port it listens. */
export async function start(
  built: string,
  name: string,
  values: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<Subject> {
  const command = [process.execPath, ...nodeOptions, join(built, 'bench', `${name}.js`), ...values]
  const [program = '', ...rest] = canPin ? ['taskset', '--cpu-list', '0', ...command] : command
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
  })
  const port = await portOf(child, name)
  return { port, processorSeconds: () => processorSeconds(child.pid), stop: () => stop(child) }
}

/**
 * User and system time, in hundredths of a second (proc(5)). `taskset` becomes the program that it starts.
 */
function processorSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let heard = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended before it listened (status ${code}).`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
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
