/** `tokenferry events` as an operator types it: shipped all the time, and applied after a restore. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { asks, exchange, refreshTokenOf, revoke, standardApp } from '../promises/asks.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const hour = 3_600_000

suite('command line: events that outlive their database', () => {
  let lost: TestDeployment
  let other: TestDeployment
  const at = (name: string): string => join(lost.folder, name)

  /** A configuration for this file, and a command with it. */
  function configured(database: string): string {
    const path = `${database}.yaml`
    const mounts = [{ dialect: 'standard', prefix: '/' }]
    const rest = {
      public_url: 'http://127.0.0.1:1',
      root_secret: `env:${rootSecretName}`,
      mounts,
      log: 'silent',
    }
    writeFileSync(path, JSON.stringify({ database: `sqlite:${database}`, ...rest }))
    return path
  }
  function run(database: string, ...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
      env: { ...process.env, TOKENFERRY_CONFIG: configured(database) },
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  function succeed(database: string, ...args: readonly string[]): void {
    const { status, stderr } = run(database, ...args)
    assert.equal(status, 0, stderr)
  }
  const apply = (file: string, ...options: readonly string[]) =>
    run(at('copy.db'), 'events', 'apply', '--only', 'revocations', at(file), ...options)
  async function isAwaited(): Promise<boolean> {
    const database = await openSqlite(at('copy.db'))
    const [row] = await database.query(`select value from meta where key = 'awaits_events'`, [])
    await database.close()
    return row?.value === 'yes'
  }

  before(async () => {
    const options = { mounts: ['standard'], backend: 'sqlite', file: true, background: false } as const
    lost = await testDeployment(options)
    other = await testDeployment(options)
    const app = standardApp(lost)
    const token = refreshTokenOf(await exchange(asks(lost), app, app.legacyTokens[0] ?? ''))
    succeed(lost.path ?? '', 'db', 'backup', at('copy.db'))
    succeed(lost.path ?? '', 'events', 'export', '--to', at('old.ndjson'))
    const made = lost.clock.now
    for (const one of [lost, other]) one.clock.advance(2 * hour)
    assert.equal((await revoke(asks(lost), app, token)).status, 200)
    succeed(lost.path ?? '', 'events', 'export', '--to', at('events.ndjson'))
    const theirs = standardApp(other)
    refreshTokenOf(await exchange(asks(other), theirs, theirs.legacyTokens[0] ?? ''))
    succeed(other.path ?? '', 'events', 'export', '--to', at('theirs.ndjson'))
    succeed(at('copy.db'), 'db', 'restored', '--to', new Date().toISOString(), '--await-events')
    // An hour of the tests' clock after the last event that the copy has.
    const database = await openSqlite(at('copy.db'))
    await database.script(`update meta set value = '${made + hour}' where key = 'restored_to'`)
    await database.close()
  })
  after(async () => {
    await lost?.close()
    await other?.close()
  })

  test('a file that cannot be the right one is refused, and nobody is answered', async () => {
    const lines = readFileSync(at('events.ndjson'), 'utf8').trimEnd().split('\n')
    const last = JSON.parse(lines.at(-1) ?? '{}')
    writeFileSync(at('empty.ndjson'), '\n')
    writeFileSync(
      at('forged.ndjson'),
      `${lines.slice(0, -1).join('\n')}\n${JSON.stringify({ ...last, client: 'victim' })}\n`,
    )
    writeFileSync(at('broken.ndjson'), `${lines[0]}\nnot an event\n${lines[1]}\n`)
    for (const [file, says] of [
      ['empty.ndjson', /There are no events in .*events apply --none/],
      ['old.ndjson', /The newest event is of .*nothing is known there of the time since/],
      ['theirs.ndjson', /are of another deployment/],
      [
        'forged.ndjson',
        new RegExp(`Line ${lines.length} of .* does not prove that this deployment wrote it`),
      ],
      ['broken.ndjson', /Line 2 of .* is no event/],
      ['nowhere.ndjson', /cannot be read/],
    ] as const) {
      const { status, stderr } = apply(file)
      assert.equal(status, 1, file)
      assert.match(stderr, says)
      assert.equal(await isAwaited(), true, file)
    }
  })

  test('the right one takes back what was taken back, though its last line is cut; then servers answer', async () => {
    writeFileSync(at('cut.ndjson'), `${readFileSync(at('events.ndjson'), 'utf8')}{"deployment":"`)
    const { status, stdout, stderr } = apply('cut.ndjson', '--json')
    assert.equal(status, 0, stderr)
    assert.equal(JSON.parse(stdout).applied, 1)
    assert.match(stderr, /The last line of .* is cut, and was left out/)
    assert.match(stderr, /Servers answer again/)
    assert.equal(await isAwaited(), false)
    const again = apply('events.ndjson', '--json')
    assert.equal(JSON.parse(again.stdout).applied, 0)
    assert.match(again.stderr, /No server was waiting/)
  })

  test('what does not prove itself is believed where the operator says so', () => {
    const { status, stdout } = apply('forged.ndjson', '--unverified', '--json')
    assert.equal(status, 0)
    assert.equal(
      JSON.parse(stdout).read,
      readFileSync(at('forged.ndjson'), 'utf8').trimEnd().split('\n').length,
    )
  })

  test('an export that does not end writes each event within seconds, and ends when it is told to', async () => {
    const child = spawn(
      process.execPath,
      [binary, 'events', 'export', '--to', at('followed.ndjson'), '--follow'],
      { env: { ...process.env, TOKENFERRY_CONFIG: configured(lost.path ?? '') }, stdio: 'ignore' },
    )
    const linesIn = (): number => {
      try {
        return readFileSync(at('followed.ndjson'), 'utf8').split('\n').length - 1
      } catch {
        return 0
      }
    }
    const told = (await lost.deployment.store.listEvents(0, 1000)).length
    while (linesIn() < told) await pause(50)
    const app = standardApp(lost)
    refreshTokenOf(await exchange(asks(lost), app, app.legacyTokens[1] ?? ''))
    while (linesIn() < told + 1) await pause(50)
    const second = run(lost.path ?? '', 'events', 'export', '--to', at('followed.ndjson'))
    assert.equal(second.status, 1)
    assert.match(
      second.stderr,
      new RegExp(`\\(process ${child.pid} writes it; .*followed\\.ndjson\\.lock\\)`),
    )
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.equal(existsSync(at('followed.ndjson.lock')), false)
    // What a dead process has left keeps nobody away.
    writeFileSync(at('followed.ndjson.lock'), `${child.pid}\n`)
    succeed(lost.path ?? '', 'events', 'export', '--to', at('followed.ndjson'))
    assert.equal(
      readFileSync(at('followed.ndjson'), 'utf8').startsWith(readFileSync(at('events.ndjson'), 'utf8')),
      true,
    )
    const theirs = run(lost.path ?? '', 'events', 'export', '--to', at('theirs.ndjson'))
    assert.match(theirs.stderr, /its events are of another deployment/)
  })
})
