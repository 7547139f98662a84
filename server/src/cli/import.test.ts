import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '../config.ts'
import { seedDemo } from '../demo.ts'
import { progressTeller } from '../import/progress.ts'
import { makeRootSecret } from '../keys/root-secret.ts'
import type { Deployment } from '../main.ts'
import { openDeployment } from '../main.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-import-command-'))
const config = join(folder, 'tokenferry.yaml')
const started = new Set<ChildProcess>()
let client: string
let deployment: Deployment

function start(file: string, options: readonly string[] = [], node: readonly string[] = []) {
  const child = spawn(process.execPath, [...node, binary, 'import', file, '--config', config, ...options])
  started.add(child)
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    started.delete(child)
    return { code, output, errors }
  })
  return { child, ended }
}

function fileOf(name: string, rows: number): string {
  const path = join(folder, name)
  const lines = Array.from(
    { length: rows },
    (_, at) => `old_${randomBytes(20).toString('hex')},${client},u${at},read\n`,
  )
  writeFileSync(path, `token,client,user,scopes\n${lines.join('')}`)
  return path
}

async function countTokens(): Promise<number> {
  const counts = await deployment.store.countLegacyTokens()
  return counts.filter(({ clientId }) => clientId === client).reduce((sum, { count }) => sum + count, 0)
}

suite('tokenferry import', () => {
  before(async () => {
    const rootSecret = join(folder, 'root-secret')
    makeRootSecret(rootSecret)
    const settings = {
      public_url: 'http://127.0.0.1:4000',
      database: `sqlite:${join(folder, 'tokenferry.db')}`,
      root_secret: `file:${rootSecret}`,
      mounts: [{ dialect: 'standard', prefix: '/' }],
    }
    writeFileSync(config, JSON.stringify(settings))
    deployment = await openDeployment(parseConfig(JSON.stringify(settings), config))
    const sections = await seedDemo(deployment, { count: 1 })
    client = String(sections.standard?.client_id)
  })
  after(async () => {
    await deployment.close()
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  test('killed in the middle and run again, every token comes in once', async () => {
    const file = fileOf('killed.csv', 100_000)
    const { child, ended } = start(file)
    // Once some rows are in the database, and before all are.
    while (child.exitCode === null && (await countTokens()) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGKILL')
    await ended
    const then = await countTokens()
    assert.ok(then > 0 && then < 100_000, `${then} rows were in when it was killed`)
    const again = await start(file).ended
    assert.equal(again.code, 0, again.errors)
    assert.equal(await countTokens(), 100_000)
    assert.match(again.output, new RegExp(`${then.toLocaleString('en')} were there already`))
  })

  test('two hundred thousand rows need no more memory than one run of them', async () => {
    const file = fileOf('large.csv', 200_000)
    const { code, output, errors } = await start(file, [], ['--max-old-space-size=96']).ended
    assert.equal(code, 0, errors)
    assert.match(output, /200,000 came in/)
  })

  test('a signal stops it after what is being written, and says how to go on', async () => {
    const file = fileOf('stopped.csv', 100_000)
    const before = await countTokens()
    const { child, ended } = start(file)
    while (child.exitCode === null && (await countTokens()) === before) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGINT')
    const { code, output, errors } = await ended
    assert.equal(code, 130)
    const [, done] = /^([\d,]+) rows done/.exec(output) ?? []
    assert.equal(done, ((await countTokens()) - before).toLocaleString('en'))
    assert.match(errors, /run the same command again/)
  })

  test('a warning says in which line the first one stands, and one is no many', async () => {
    const file = join(folder, 'warned.csv')
    const rows = ['read', 'read', 'admin'].map((scopes, at) => `short-${at},${client},,${scopes}\n`)
    writeFileSync(file, `token,client,user,scopes\n${rows.join('')}`)
    const { output } = await start(file).ended
    assert.match(output, /^Warning: 3 tokens \(the first in line 2\) of under about 80 bits/m)
    assert.match(output, /^Warning: 1 token \(line 4\) with scopes that the client may not have: admin/m)
  })

  test('what was refused is counted, and no token of the file is printed', async () => {
    const file = join(folder, 'wrong.csv')
    const token = `old_${randomBytes(20).toString('hex')}`
    writeFileSync(file, `token,client\n${token},nobody\n`)
    const { code, output, errors } = await start(file).ended
    assert.equal(code, 3)
    assert.match(output, /^1 row read in [\d.]+ s$/m)
    assert.match(output, /1 was refused: line and reason are in .*wrong\.csv\.refused\.csv/)
    const told = output + errors + readFileSync(`${file}.refused.csv`, 'utf8')
    assert.ok(!told.includes(token))
  })

  test('a file that is not there, and a wrong option, are told in one line', async () => {
    const missing = await start(join(folder, 'nothing.csv')).ended
    assert.equal(missing.code, 1)
    assert.match(missing.errors, /^tokenferry: There is no file .*nothing\.csv\.\n$/)
    const wrong = await start(config, ['--digest-kind', 'bcrypt']).ended
    assert.equal(wrong.code, 1)
    assert.match(wrong.errors, /write sha256, sha1, md5 or hmac-sha256/)
    assert.ok(!existsSync(`${config}.refused.csv`))
  })
})

suite('progress', () => {
  const tell = (isTTY: boolean): string => {
    let [now, written] = [0, '']
    const output = { isTTY, write: (text: string) => (written += text) }
    const teller = progressTeller(output, () => now)
    for (now = 1000; now <= 10_000; now += 1000)
      teller.tell({ rows: now, rowsRead: 2 * now, bytesRead: 2 * now, bytes: 20_000 })
    teller.end()
    return written
  }

  test('on a terminal it is a bar with rate and time left', () => {
    assert.match(tell(true), /\r\[#{12}-{12}\] 50 %, writing: 10,000 rows, 1,000 rows\/s, 0:10 left/)
  })

  test('elsewhere it is a line now and then', () => {
    assert.equal(
      tell(false),
      '25 %, writing: 5,000 rows, 1,000 rows/s, 0:15 left\n50 %, writing: 10,000 rows, 1,000 rows/s, 0:10 left\n',
    )
  })
})
