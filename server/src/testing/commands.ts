/** `tokenferry …` as an operator types it: a process of its own, on the configuration of a test. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Commands = {
  /** Runs a command that must succeed; returns what it printed. */
  run(args: readonly string[], input?: string): Promise<string>
  /** The same with `--json`, read. */
  json(args: readonly string[], input?: string): Promise<Readonly<Record<string, unknown>>>
}

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))

export function commands(configPath: string, env: Readonly<Record<string, string>> = {}): Commands {
  const run: Commands['run'] = async (args, input = '') => {
    const child = spawn(process.execPath, [binary, ...args], {
      env: { ...process.env, TOKENFERRY_CONFIG: configPath, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        output[name] += chunk.toString()
      })
    }
    child.stdin.on('error', () => undefined).end(input)
    await once(child, 'close')
    assert.equal(child.exitCode, 0, `tokenferry ${args.join(' ')}: ${output.stderr}`)
    return output.stdout
  }
  return { run, json: async (args, input) => JSON.parse(await run([...args, '--json'], input)) }
}
