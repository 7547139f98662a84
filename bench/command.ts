/** One command, run to its end: how long, how much of the processor, how much memory. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { memoryOf } from './processor.ts'
import { canPin } from './subjects.ts'

export type Ran = {
  readonly seconds: number
  readonly processorSeconds: number
  readonly peakBytes: number
  readonly output: string
}

export type RunOptions = {
  readonly cores: string
  readonly nodeOptions?: readonly string[]
}

const lookMilliseconds = 50

/** Runs `tokenferry …` of what was built. */
export const runCommand = (built: string, words: readonly string[], options: RunOptions): Promise<Ran> =>
  runProgram(join(built, 'server/src/cli/cli.js'), words, options)

/** Runs a script to its end; anything but success is an error. */
export async function runProgram(
  script: string,
  words: readonly string[],
  { cores, nodeOptions = [] }: RunOptions,
): Promise<Ran> {
  const command = [process.execPath, ...nodeOptions, script, ...words]
  const [program = '', ...rest] = canPin ? ['taskset', '--cpu-list', cores, ...command] : command
  const before = endedChildrenSeconds()
  const begun = performance.now()
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  let peakBytes = 0
  const looking = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf(child.pid ?? 0).peak)
  }, lookMilliseconds)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(looking)
  const seconds = (performance.now() - begun) / 1000
  if (status !== 0) throw new Error(`${basename(script)} ${words.join(' ')} ended with ${status}: ${output}`)
  return { seconds, processorSeconds: endedChildrenSeconds() - before, peakBytes, output }
}

/** What the children of this process used that have ended (proc(5): cutime and cstime). */
function endedChildrenSeconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[13]) + Number(fields[14])) / 100
  } catch {
    return 0
  }
}
