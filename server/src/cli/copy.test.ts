/** `tokenferry copy` as an operator runs it: real files, real servers, a real kill. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { administer, testDatabase } from '../testing/postgres.ts'
import { startServer } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-copy-'))
const env = { COPY_TEST_ROOT_SECRET: randomBytes(32).toString('hex') }
const file = `sqlite:${join(folder, 'tokenferry.db')}`
const config = {
  public_url: 'http://127.0.0.1:1',
  root_secret: 'env:COPY_TEST_ROOT_SECRET',
  mounts: [{ dialect: 'standard', prefix: '/' }],
  log: 'silent',
}
const users = 45_000
let place: Awaited<ReturnType<typeof testDatabase>>

function run(...args: readonly string[]) {
  const done = spawnSync(process.execPath, [binary, ...args], {
    env: { ...process.env, ...env, TOKENFERRY_CONFIG: join(folder, 'tokenferry.yaml') },
    encoding: 'utf8',
  })
  return { status: done.status, stdout: done.stdout, stderr: done.stderr }
}

const usersIn = async (): Promise<number> => {
  const there = await administer(place.url, `select to_regclass('users') is not null as there`)
  if (!there.rows[0]?.there) return 0
  return Number((await administer(place.url, 'select count(*) from users')).rows[0]?.count)
}

suite('copy', () => {
  before(async () => {
    place = await testDatabase()
    writeFileSync(join(folder, 'tokenferry.yaml'), JSON.stringify({ ...config, database: file }))
    const rows = Array.from({ length: users }, (_, at) => `user-${at},name-${at}\n`)
    writeFileSync(join(folder, 'users.csv'), `id,username\n${rows.join('')}`)
    const { status, stderr } = run('import', '--users', join(folder, 'users.csv'))
    assert.equal(status, 0, stderr)
  })
  after(async () => {
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const copy = ['copy', '--from', file, '--to']

  test('is refused while a server has the source open, whichever the engine', async () => {
    const server = await startServer({ folder, config: { ...config, database: file }, env })
    assert.match(run(...copy, place.url).stderr, /is in use\. Stop every server/)
    await server.kill()
    const other = await testDatabase()
    const there = await startServer({ folder, config: { ...config, database: other.url }, env })
    assert.match(run(...copy, other.url).stderr, /The target is in use/)
    const back = run('copy', '--from', other.url, '--to', `sqlite:${join(folder, 'other.db')}`)
    assert.match(back.stderr, /The source is in use/)
    await there.kill()
    await other.remove()
  })

  test('killed in the middle it goes on, and afterwards no server starts on the source', async () => {
    const child = spawn(process.execPath, [binary, ...copy, place.url], { env: { ...process.env, ...env } })
    const ended = once(child, 'exit')
    // The copy has no clock of ours: it is killed as soon as some of the users are there.
    while ((await usersIn()) === 0 && child.exitCode === null) await new Promise((go) => setTimeout(go, 5))
    child.kill('SIGKILL')
    await ended
    assert.ok((await usersIn()) < users, 'it was killed before it was done')

    const done = run(...copy, place.url, '--json')
    assert.equal(done.status, 0, done.stderr)
    const { tables, rowsWritten } = JSON.parse(done.stdout)
    assert.equal(tables.find(({ table }: { table: string }) => table === 'users').rows, users)
    assert.ok(rowsWritten < users, 'what was there already was not written again')

    assert.match(run('serve').stderr, /was copied to postgres:.*db restored --to/)
    const server = await startServer({ folder, config: { ...config, database: place.url }, env })
    await server.kill()
    assert.match(run(...copy, place.url).stderr, /holds this deployment already/)
  })

  test('what cannot be meant is said, and makes nothing', () => {
    assert.match(run('copy', '--from', 'file.db', '--to', place.url).stderr, /--from .*: write sqlite:PATH/)
    const secret = run(...copy, 'postgres://u:SE/CRET@localhost/name').stderr
    assert.match(secret, /^tokenferry: --to is not understood: write postgres:/)
    assert.doesNotMatch(secret, /SE|CRET/)
    assert.match(run('copy', '--from', 'sqlite:none.db', '--to', place.url).stderr, /There is no file .*none/)
    assert.match(run('copy', '--from', place.url, '--to', place.url).stderr, /are one database/)
  })
})
