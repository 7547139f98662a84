/** `tokenferry outbox` as an operator runs it, after a mail server was down. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Delivery } from '../kernel/records.ts'
import { migrate } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { aDelivery } from '../testing/records.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-outbox-command-'))
const path = join(folder, 'tokenferry.db')
const env = {
  ...process.env,
  OUTBOX_TEST_ROOT_SECRET: randomBytes(32).toString('hex'),
  TOKENFERRY_CONFIG: join(folder, 'tokenferry.yaml'),
}
const settings = {
  public_url: 'http://127.0.0.1:4000',
  database: `sqlite:${path}`,
  root_secret: 'env:OUTBOX_TEST_ROOT_SECRET',
  mounts: [{ dialect: 'standard', prefix: '/' }],
}

const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [binary, 'outbox', ...args], { env })

const later = Date.UTC(2100, 0, 1)
const aMail = (id: string, changes: Partial<Delivery>): Delivery =>
  aDelivery({
    id,
    channel: 'mail',
    kind: 'sign_in_locked',
    due: later,
    attempts: 3,
    problem: 'The mail server does not answer.',
    ...changes,
  })

suite('tokenferry outbox', () => {
  before(async () => {
    writeFileSync(env.TOKENFERRY_CONFIG, JSON.stringify(settings))
    const database = await openSqlite(path)
    await migrate(database)
    const store = sqlStore(database)
    for (const delivery of [
      aMail('given', { status: 'given_up' }),
      aMail('failed', {}),
      aMail('untried', { attempts: 0, problem: undefined }),
      aMail('gone', { status: 'sent', problem: undefined }),
    ]) {
      await store.commit([{ write: 'plan_delivery', delivery }])
    }
    await database.close()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('what waits and what was given up is listed, with the problem', async () => {
    const waiting = (await run('list')).stdout
    assert.match(
      waiting,
      /^failed +mail +sign_in_locked.*2100-01-01T00:00:00Z +The mail server does not answer\.$/m,
    )
    assert.match(waiting, /^untried /m)
    const given = JSON.parse((await run('list', '--status', 'given_up', '--json')).stdout)
    assert.deepEqual(
      given.map(({ id }: Delivery) => id),
      ['given'],
    )
  })

  test('what has failed is sent now, all or one of it, and nothing else', async () => {
    await assert.rejects(run('retry'), /Name the id of a delivery, or --all/)
    await assert.rejects(run('retry', 'gone'), /Nothing of id gone has failed/)
    assert.match((await run('retry', 'given')).stdout, /^retried +1$/m)
    assert.match((await run('retry', '--all')).stdout, /^retried +1$/m)
    const due = JSON.parse((await run('list', '--json')).stdout).filter((one: Delivery) => one.due < later)
    assert.deepEqual(
      due.map(({ id }: Delivery) => id),
      ['failed', 'given'],
    )
  })
})
