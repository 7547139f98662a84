/** A restore as an operator runs it: real processes, and a database that goes back under them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../storage/sqlite.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-restore-'))
const target = join(folder, 'tokenferry.db')
const copy = join(folder, 'copy.db')
/** From before anything was exchanged. */
const firstCopy = join(folder, 'first-copy.db')
const rootSecret = randomBytes(32).toString('hex')
const env = {
  RESTORE_TEST_ROOT_SECRET: rootSecret,
  RESTORE_TEST_NEW_SECRET: randomBytes(32).toString('hex'),
}
const config = {
  database: `sqlite:${target}`,
  root_secret: 'env:RESTORE_TEST_ROOT_SECRET',
  mounts: [{ dialect: 'standard', prefix: '/' }],
  log: 'silent',
}
after(() => rmSync(folder, { recursive: true, force: true }))

let server: ServerProcess
let app: { client_id: string; client_secret: string }

function run(...args: readonly string[]) {
  const done = spawnSync(process.execPath, [binary, ...args], {
    env: { ...process.env, ...env, TOKENFERRY_CONFIG: join(folder, 'tokenferry.yaml') },
    encoding: 'utf8',
  })
  return { status: done.status, stdout: done.stdout, stderr: done.stderr }
}

function succeed(...args: readonly string[]): string {
  const { status, stdout, stderr } = run(...args)
  assert.equal(status, 0, stderr)
  return stdout
}

function fail(...args: readonly string[]): string {
  const { status, stdout, stderr } = run(...args)
  assert.equal(status, 1, stdout)
  assert.match(stderr, /^tokenferry: [^\n]+\n$/)
  return stderr
}

async function ask(form: Readonly<Record<string, string>>) {
  const body = new URLSearchParams({ ...app, ...form })
  const answer = await fetch(`${server.base}/oauth2/token`, { method: 'POST', body })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}

const exchange = (token: string) =>
  ask({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
    subject_token: token,
  })
const refresh = (token: unknown) => ask({ grant_type: 'refresh_token', refresh_token: String(token) })

const kept = (): string[] => readdirSync(folder).filter((name) => name.includes('.before-'))
const tokens = [1, 2].map((at) => `restore-test-legacy-token-${at}`)

suite('db restore', () => {
  before(async () => {
    writeFileSync(
      join(folder, 'tokenferry.yaml'),
      JSON.stringify({ public_url: 'http://127.0.0.1:1', ...config }),
    )
    app = JSON.parse(
      succeed(
        ...['client', 'add', '--dialect', 'standard', '--name', 'An app', '--scope', 'read'],
        ...['--policy', 'rotate=always', '--json'],
      ),
    )
    const rows = tokens.map((token, at) => `${token},${app.client_id},user-${at},read\n`)
    writeFileSync(join(folder, 'tokens.csv'), `token,client,user,scopes\n${rows.join('')}`)
    succeed('import', join(folder, 'tokens.csv'))
    succeed('db', 'backup', firstCopy)
    server = await startServer({ folder, config, env })
  })

  test('what the copy knows heals, what it does not know exchanges anew, and nothing stays in the way', async () => {
    const [known = '', unknown = ''] = tokens
    const first = await exchange(known)
    succeed('db', 'backup', copy)
    const second = await refresh(first.json.refresh_token)
    const newer = await refresh(second.json.refresh_token)
    const lost = await exchange(unknown)
    assert.deepEqual([first.status, second.status, newer.status, lost.status], [200, 200, 200, 200])
    assert.match(fail('db', 'restore', copy), /is in use\. Stop every server/)
    await server.kill('SIGTERM')

    const done = run('db', 'restore', copy, '--json')
    assert.equal(done.stderr, 'Start the servers now.\n')
    const told = JSON.parse(done.stdout)
    assert.ok(Date.parse(told.restoredTo) <= statSync(copy).mtimeMs)
    assert.equal(statSync(target).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(folder).filter((name) => /-wal|-shm|-journal|restoring/.test(name)),
      [],
    )
    assert.equal(kept().length, 1)

    server = await startServer({ folder, config, env })
    assert.equal((await refresh(newer.json.refresh_token)).status, 200)
    assert.equal((await refresh(lost.json.refresh_token)).status, 400)
    assert.equal((await exchange(unknown)).status, 200)
    await server.kill('SIGTERM')
  })

  test('the same copy once more, and one from before all grants, give out nothing that was given out before', async () => {
    const [, unknown = ''] = tokens
    const stream = join(folder, 'events.ndjson')
    let looks = 0
    const grants = async (): Promise<Set<number>> => {
      // In a copy of it: what this process itself has opened would be in use.
      looks += 1
      const path = join(folder, `look-${looks}.db`)
      copyFileSync(target, path)
      if (existsSync(`${target}-wal`)) copyFileSync(`${target}-wal`, `${path}-wal`)
      const database = await openSqlite(path)
      const rows = await database.query('select number from grants', [])
      await database.close()
      return new Set(rows.map(({ number }) => Number(number)))
    }
    const given = new Set<number>()
    server = await startServer({ folder, config, env })
    for (const next of [copy, firstCopy]) {
      const { json } = await exchange(unknown)
      await server.kill('SIGTERM')
      succeed('events', 'export', '--to', stream)
      for (const number of await grants()) given.add(number)
      succeed('db', 'restore', next)
      const left = await grants()
      server = await startServer({ folder, config, env })
      const lost = await refresh(json.refresh_token)
      assert.deepEqual([lost.status, lost.json.error], [400, 'invalid_grant'])
      assert.equal((await exchange(unknown)).status, 200)
      for (const number of await grants()) assert.ok(left.has(number) || !given.has(number), String(number))
    }
    await server.kill('SIGTERM')
    const lines = () => readFileSync(stream, 'utf8').trimEnd().split('\n')
    const before = lines().length
    succeed('events', 'export', '--to', stream)
    const ids = lines().map((line) => Number(JSON.parse(line).id))
    assert.ok(ids.length > before)
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((one, other) => one - other),
    )
    const last = JSON.parse(lines().at(-1) ?? '')
    assert.equal(last.kind, 'legacy_token_exchanged')
  })

  test('a damaged copy is refused, and the database stays what it was', async () => {
    // But for its header, which says how it was opened last.
    const content = () => readFileSync(target).subarray(100)
    const before = content()
    const damaged = join(folder, 'damaged.db')
    const bytes = readFileSync(copy)
    bytes.fill(0xff, 4096 * 3, 4096 * 6)
    writeFileSync(damaged, bytes)
    assert.match(fail('db', 'restore', damaged), /is damaged \(.*Take another copy/)
    assert.ok(content().equals(before))
    assert.ok(!existsSync(`${target}.restoring`))
  })

  test("what is no database, or another program's, is refused", async () => {
    const yaml = join(folder, 'tokenferry.yaml')
    const notDatabase = /\/tokenferry\.yaml is damaged \(file is not a database\)\. Take another copy\.$/m
    assert.match(fail('db', 'restore', yaml), notDatabase)
    const other = join(folder, 'other.db')
    const database = await openSqlite(other)
    await database.script('create table notes (note text)')
    await database.close()
    assert.match(fail('db', 'restore', other), /no database of Tokenferry/)
    assert.match(fail('db', 'restore', join(folder, 'nowhere')), /There is no file .*nowhere\.$/m)
    assert.match(fail('key', 'import', join(folder, 'nowhere')), /There is no file .*nowhere\.$/m)
  })

  test('a damaged database is replaced, and declaring it restored is refused', async () => {
    const bytes = readFileSync(target)
    bytes.fill(0xff, 4096 * 3, 4096 * 6)
    writeFileSync(target, bytes)
    assert.match(fail('db', 'restored', '--to', new Date().toISOString()), /is damaged/)
    assert.match(fail('serve'), /is damaged \(.*\)\. Restore a backup: docs\/operating\/keep\.md$/m)
    assert.match(run('doctor').stdout, /^fail {2}integrity +The database .* is damaged .*keep\.md$/m)
    // What comes next is said in its order; servers that are started before it is done answer nobody.
    const keysFirst = /^Nobody is answered yet\. .*key import FILE; .*events apply --only revocations FILE$/m
    assert.match(run('db', 'restore', copy, '--await-events').stderr, keysFirst)
    const now = new Date().toISOString()
    assert.match(run('db', 'restored', '--to', now, '--await-events').stderr, keysFirst)
    succeed('events', 'apply', '--none')
    server = await startServer({ folder, config, env })
    assert.equal((await ask({ grant_type: 'client_credentials' })).status, 200)
    await server.kill('SIGTERM')
  })

  test('a copy from before a key rewrap comes back by the root secret of then, and goes on with that of now', async () => {
    const [yaml, old, events, keys] = ['tokenferry.yaml', 'old.yaml', 'events.ndjson', 'keys.ndjson'].map(
      (name) => join(folder, name),
    )
    assert.ok(yaml && old && events && keys)
    const before = join(folder, 'before-rewrap.db')
    succeed('db', 'backup', before)
    succeed('client', 'disable', app.client_id)
    succeed('events', 'export', '--to', events)
    succeed('key', 'rewrap', '--new-root-secret', 'env:RESTORE_TEST_NEW_SECRET')
    copyFileSync(yaml, old)
    const rewrapped = { ...config, root_secret: 'env:RESTORE_TEST_NEW_SECRET' }
    writeFileSync(yaml, JSON.stringify({ public_url: 'http://127.0.0.1:1', ...rewrapped }))
    writeFileSync(keys, 'older', { mode: 0o644 })
    assert.match(fail('key', 'export', '--to', keys, '--config', old), /does not open the keys/)
    assert.equal(readFileSync(keys, 'utf8'), 'older')
    succeed('key', 'export', '--to', keys)
    assert.equal(readFileSync(keys, 'utf8'), succeed('key', 'export'))
    assert.equal(statSync(keys).mode & 0o777, 0o600)

    const wrong =
      /does not open the key table .* A copy from before a key rewrap needs the root secret of then/
    assert.match(fail('db', 'restore', before), wrong)
    succeed('db', 'restore', before, '--await-events', '--config', old)
    succeed('key', 'import', keys)
    const apply = ['events', 'apply', '--only', 'revocations', events]
    assert.match(fail(...apply), /the first one since the copy that does not: .*before a key rewrap/)
    succeed(...apply, '--unverified')
    server = await startServer({ folder, config: rewrapped, env })
    assert.equal((await ask({ grant_type: 'client_credentials' })).status, 401)
    await server.kill('SIGTERM')
  })
})
