import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dialects, usualPrefix } from '../dialects/index.ts'
import { freePort } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-demo-command-'))
const data = join(folder, 'data')
const started = new Set<ChildProcess>()
after(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

type Demo = { readonly base: string } & Readonly<Record<string, Readonly<Record<string, unknown>>>>
const readDemo = (): Demo => JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8'))

function start(port: number, folderOfData = data) {
  const env = { ...process.env, PORT: String(port), TOKENFERRY_DATA: folderOfData }
  const child = spawn(process.execPath, [binary, 'demo'], { env, cwd: folder })
  started.add(child)
  let [output, errors] = ['', '']
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    started.delete(child)
    return { code, output, errors }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const greeted = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.includes('Ctrl+C stops it.')) resolve(output)
    })
    void ended.then(() => reject(new Error(`The demo ended: ${errors}`)))
  })
  // Whoever waits for the end alone does not wait for the greeting.
  greeted.catch(() => undefined)
  return { greeted, ended, stop: (signal: NodeJS.Signals) => child.kill(signal) }
}

/** What a shell makes of the lines that were printed, from its first `curl` to the end. */
async function paste(output: string): Promise<string> {
  const lines = output.split('\n')
  const isTitle = (line: string): boolean =>
    dialects.some(({ name, title }) => line === `${name} – ${title}:`)
  const from = lines.findIndex(isTitle)
  const script = lines.slice(from, lines.indexOf('Ctrl+C stops it.')).filter((line) => !isTitle(line))
  return sh(script.join('\n'))
}

/** The lines that ask for somebody who lives in another region. */
const elsewhereIn = (output: string): string => /^at=.*?\n\n/ms.exec(output)?.[0] ?? assert.fail(output)

const sh = async (script: string): Promise<string> => (await promisify(execFile)('sh', ['-c', script])).stdout

/** What the apps were told, once this is among it. */
async function callbacksSaying(text: string, base: string): Promise<string> {
  for (;;) {
    const page = await (await fetch(`${base}/dev/callbacks`)).text()
    if (page.includes(text)) return page
    // The outbox of another process has no clock of ours: asking again a little later is all there is.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const hasCurl = await promisify(execFile)('curl', ['--version']).then(
  () => true,
  () => false,
)

suite('tokenferry demo', () => {
  test('a first start makes everything, says it, and its curl lines work', {
    timeout: 120_000,
  }, async (t) => {
    const port = await freePort()
    const demo = start(port)
    const output = await demo.greeted
    assert.match(output, /This is a demo/)
    assert.ok(output.includes(`alice.pipedrive (password ${readDemo().pipedrive?.password})`))
    for (const name of ['tokenferry.yaml', 'tokenferry.db', 'demo.json'])
      assert.ok(existsSync(join(data, name)))
    assert.equal(statSync(join(data, 'demo.json')).mode & 0o777, 0o600)
    assert.equal(statSync(`${data}.root-secret`).mode & 0o777, 0o600)
    assert.match(readFileSync(`${data}.root-secret`, 'utf8'), /^[0-9a-f]{64}\n$/)
    const made = readDemo()
    assert.equal(Object.keys(made)[0], 'base')
    assert.equal(made.base, `http://127.0.0.1:${port}`)
    for (const dialect of dialects) {
      const prefix = usualPrefix(dialect)
      assert.equal(made[dialect.name]?.prefix, prefix === '/' ? '' : prefix)
      for (const { name } of dialect.sample.lists) {
        const list = made[dialect.name]?.[name]
        assert.ok(Array.isArray(list) && list.length >= 50, `${dialect.name} ${name}`)
      }
    }
    if (hasCurl) {
      const answers = await paste(output)
      assert.ok(!answers.includes('"error"') && !answers.includes('"message"'), 'no line is refused')
      assert.ok((answers.match(/tfr_/g) ?? []).length >= 4, 'pairs come back')
      assert.match(await callbacksSaying('legacy_token.exchanged', made.base), /webhook-signature/)
      const [missed, found] = (await sh(elsewhereIn(output))).trim().split('\n')
      const { code, geolocation } = JSON.parse(missed ?? '')
      assert.deepEqual([code, geolocation], [16, `${made.regions?.eu}/concur`])
      assert.equal(JSON.parse(found ?? '').geolocation, geolocation)
      assert.match(String(JSON.parse(found ?? '').refresh_token), /^tfr_/)
    } else t.diagnostic('There is no curl here: the lines were not pasted.')
    demo.stop('SIGTERM')
    assert.equal((await demo.ended).code, 0)
  })

  test('a second start keeps the data, follows another port, and its lines work again', {
    timeout: 120_000,
  }, async () => {
    const before = readDemo()
    const port = await freePort()
    const demo = start(port)
    const output = await demo.greeted
    const now = readDemo()
    assert.equal(now.base, `http://127.0.0.1:${port}`)
    const moved = JSON.parse(JSON.stringify(before).replaceAll(before.base, now.base))
    assert.deepEqual(now, { ...moved, regions: { us: now.base, eu: now.regions?.eu } })
    assert.notEqual(now.regions?.eu, now.base)
    if (hasCurl) assert.ok(!/"error"|"message"/.test(await paste(output)), 'no line is refused')
    const settings = readFileSync(join(data, 'tokenferry.yaml'), 'utf8')
    assert.ok(settings.includes(now.base) && !settings.includes(before.base))

    // Another one on the same folder would move the addresses of this one while it runs.
    const other = await start(0).ended
    assert.equal(other.code, 1)
    assert.match(other.errors, /^tokenferry: A demo already runs on this folder \(process \d+\)[^\n]*\n$/)
    assert.equal(readFileSync(join(data, 'tokenferry.yaml'), 'utf8'), settings)
    const listed = await promisify(execFile)(process.execPath, [
      ...[binary, 'client', 'list', '--json', '--config', join(data, 'tokenferry.yaml')],
    ])
    assert.ok(listed.stdout.includes(`${now.base}/callback`) && !listed.stdout.includes(before.base))
    const told = JSON.parse(listed.stdout).flatMap(({ callback }: { callback?: string }) => callback ?? [])
    assert.deepEqual(told, [`${now.base}/dev/callbacks`, `${now.base}/dev/callbacks`])
    demo.stop('SIGINT')
    assert.equal((await demo.ended).code, 0)
    assert.ok(!existsSync(join(data, 'demo.lock')))
  })

  test('what a demo that was killed has left stops none', { timeout: 120_000 }, async () => {
    const killed = start(0)
    await killed.greeted
    killed.stop('SIGKILL')
    await killed.ended
    assert.ok(existsSync(join(data, 'demo.lock')))
    const next = start(0)
    await next.greeted
    next.stop('SIGTERM')
    assert.equal((await next.ended).code, 0)
  })

  test('a port that is taken, and a folder that cannot be written, are told in one line', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    assert.ok(address !== null && typeof address === 'object')
    const atPort = await start(address.port, join(folder, 'other')).ended
    taken.close()
    assert.equal(atPort.code, 1)
    assert.match(atPort.errors, /^tokenferry: Port \d+ on 127\.0\.0\.1 is taken\.[^\n]*\n$/)
    assert.ok(!existsSync(join(folder, 'other')), 'and nothing was written')

    writeFileSync(join(folder, 'file'), '')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'data'), '/proc/data']) {
      const inFile = await start(0, path).ended
      assert.equal(inFile.code, 1)
      assert.match(inFile.errors, /^tokenferry: The data folder [^\n]* cannot be used[^\n]*\n$/)
    }
  })
})
