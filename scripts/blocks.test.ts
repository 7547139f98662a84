/**
 * Every `sh` block of the README and of the pages for operators runs, in order, as a reader would paste it;
 * and the configuration that one of them shows can be used.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { brandOf } from '../server/src/brand.ts'
import { parseConfig } from '../server/src/config.ts'
import { startPostgres } from '../server/src/testing/postgres.ts'
import { read, root } from './files.ts'

/**
 * Why the blocks are skipped here; `false` where they run. Readers have these; a bare machine has Node alone.
 */
const missing = ['bash', 'curl', 'openssl'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
)
const skip =
  missing.length > 0 && process.env.TOKENFERRY_BROWSER_TESTS !== 'required'
    ? `Not installed here: ${missing.join(', ')}. The documentation's commands are not tried.`
    : false

type Block = { readonly text: string; readonly background: boolean }

const started = new Set<ChildProcess>()
const folders: string[] = []
after(async () => {
  await Promise.all([...started].map(end))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

suite('the documentation works when pasted', { timeout: 600_000, skip }, () => {
  test('README: the first exchange and the refresh', async () => {
    const folder = newFolder()
    const port = await freePort()
    const [start, tests, ...others] = blocksOf('README.md')
    assert.equal(start?.text, 'npm ci && npm start')
    assert.equal(tests?.text, 'npm test')
    // What `npm start` runs; that it does is looked up where it says so.
    assert.match(readFileSync(join(root, 'package.json'), 'utf8'), /"start": "exec tokenferry demo"/)
    const demo = run(folder, 'npx tokenferry demo', { PORT: String(port) })
    await answering(`http://127.0.0.1:${port}/readyz`, demo)
    const pasted: string[] = []
    for (const { text } of others) {
      // One terminal: what an earlier block defined is there in the next.
      pasted.push(text.replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`))
      const output = await succeed(folder, pasted.join('\n'))
      if (text.includes('grant_type=')) assert.match(output, /"refresh_token":"tfr_/)
    }
  })

  test('the page on PostgreSQL, from the configuration to several processes', async () => {
    const folder = newFolder()
    const port = await freePort()
    const postgres = await startPostgres({ durable: true })
    const [secret] = blocksOf('docs/operating/set-up.md')
    await succeed(folder, secret?.text ?? '')
    for (const { text, background } of blocksOf('docs/operating/postgres.md')) {
      const here = text
        .replaceAll('4100', String(port))
        .replace('postgres://tokenferry@db.internal/tokenferry', postgres.url())
      if (!background) await succeed(folder, here)
      else await answering(`http://127.0.0.1:${port}/readyz`, run(folder, here, {}))
    }
  })

  test('the pages for operators: set up, mail, migrate, webhooks, concur, keep, stay up', async () => {
    const folder = newFolder()
    const port = await freePort()
    for (const page of ['set-up', 'mail', 'migrate', 'webhooks', 'concur', 'keep', 'high-availability']) {
      for (const { text, background } of blocksOf(`docs/operating/${page}.md`)) {
        const here = text.replaceAll('4100', String(port)).replace('/backups', folder)
        if (!background) await succeed(folder, here)
        else await answering(`http://127.0.0.1:${port}/readyz`, run(folder, here, {}))
      }
    }
  })
})

suite('the page for operators about names and colours', () => {
  test('shows a configuration that can be used', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(read('docs/operating/pages.md')) ?? []
    const rest = 'public_url: https://auth.acme.example\ndatabase: sqlite:./x.db\nroot_secret: env:SECRET\n'
    const config = parseConfig(`${rest}mounts: [{ dialect: standard, prefix: / }]\n${yaml}`, 'pages.md')
    assert.deepEqual(Object.keys(config.scopes), ['deals:read', 'base'])
    assert.equal(brandOf(config).name, 'Acme')
    assert.equal(brandOf(config).colours.dark.accent, '#66c1e6')
  })
})

function blocksOf(page: string): Block[] {
  const found = readFileSync(join(root, page), 'utf8').matchAll(/^```sh( background)?\n(.*?)^```$/gms)
  return [...found].map(([, background, text]) => ({
    text: (text ?? '').trim(),
    background: background !== undefined,
  }))
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-docs-'))
  folders.push(folder)
  return folder
}

// A reader stands in the checkout, where `npx` finds the command; the test stands in an empty folder.
const { TOKENFERRY_TEST_PACKAGE: home = root } = process.env
const prelude = `set -euo pipefail
npx() { [ "$1" = tokenferry ] && shift && exec_node "$@"; }
exec_node() { node ${JSON.stringify(join(home, 'server/bin/tokenferry.js'))} "$@"; }
export TOKENFERRY_CONFIG=tokenferry.yaml
`

type Run = {
  readonly child: ChildProcess
  readonly output: () => string
  readonly status: Promise<number | null>
}

function run(folder: string, text: string, env: Readonly<Record<string, string>>): Run {
  const child = spawn('bash', ['-c', prelude + text], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group, so that what the shell started ends with it.
    detached: true,
  })
  started.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const status = once(child, 'close').then(([code]) => {
    started.delete(child)
    return typeof code === 'number' ? code : null
  })
  return { child, output: () => output, status }
}

async function succeed(folder: string, text: string): Promise<string> {
  const { output, status } = run(folder, text, {})
  assert.equal(await status, 0, `${text}\n\n${output()}`)
  return output()
}

async function answering(address: string, { child, output }: Run): Promise<void> {
  const until = performance.now() + 60_000
  while (performance.now() < until) {
    assert.equal(child.exitCode, null, output())
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok) return
    // A process that starts has no clock of ours: asking again a little later is all there is.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`No answer at ${address}: ${output()}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = once(child, 'close')
  process.kill(-child.pid, 'SIGTERM')
  await closed
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
