/**
 * What the page for operators says of PostgreSQL, with PostgreSQL's own programs: a dump while a server runs,
 * a restore of it, and revocations from after the dump out of the shipped events.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { asks, exchange, refresh, refreshTokenOf, revoke, standardApp } from '../promises/asks.ts'
import { commands } from '../testing/commands.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { TestDatabase } from '../testing/postgres.ts'
import { programsHere, testDatabase } from '../testing/postgres.ts'

const [dumping, restoring] = ['pg_dump', 'pg_restore'].map((name) => join(programsHere(), name))
const skip = [dumping, restoring].every((path) => path !== undefined && existsSync(path))
  ? false
  : 'pg_dump and pg_restore are not installed here: backup and restore are not tried.'

suite('backup and restore by the programs of PostgreSQL', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-dump-'))
  const at = (name: string): string => join(folder, name)
  const mounts = ['standard']
  const policy = { rotate: 'always' }
  let lost: TestDeployment
  let place: TestDatabase
  before(async () => {
    lost = await testDeployment({ mounts, policy, backend: 'postgres' })
    place = await testDatabase()
  })
  after(async () => {
    await lost?.close()
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  function operator(database: string) {
    const settings = {
      public_url: 'http://127.0.0.1:1',
      database,
      root_secret: `env:${rootSecretName}`,
      mounts: [{ dialect: 'standard', prefix: '/' }],
    }
    writeFileSync(at('tokenferry.yaml'), JSON.stringify(settings))
    return commands(at('tokenferry.yaml'))
  }

  test('a dump is one moment; what came after it heals, and what was revoked after it stays revoked', async () => {
    const [app, ask] = [standardApp(lost), asks(lost)]
    const token = (at: number): string => app.legacyTokens[at] ?? ''
    const known = refreshTokenOf(await exchange(ask, app, token(0)))
    const stolen = refreshTokenOf(await exchange(ask, app, token(1)))
    const began = new Date().toISOString()
    const dump = spawn(dumping ?? '', ['--format=custom', `--file=${at('copy.dump')}`, lost.config.database])
    const dumped = once(dump, 'exit')
    let newest = known
    while (dump.exitCode === null) newest = refreshTokenOf(await refresh(ask, app, newest))
    assert.deepEqual(await dumped, [0, null])
    newest = refreshTokenOf(await refresh(ask, app, newest))
    assert.equal((await revoke(ask, app, stolen)).status, 200)
    const before = operator(lost.config.database)
    await before.run(['events', 'export', '--to', at('events.ndjson')])
    writeFileSync(at('keys.ndjson'), await before.run(['key', 'export']))

    const restored = spawnSync(
      restoring ?? '',
      ['--no-owner', '--exit-on-error', `--dbname=${place.url}`, at('copy.dump')],
      { encoding: 'utf8' },
    )
    assert.equal(restored.status, 0, restored.stderr)
    const now = operator(place.url)
    assert.deepEqual(await now.json(['key', 'import', at('keys.ndjson')]), { added: 0, changed: 0, same: 4 })
    const here = await testDeployment({ mounts, policy, seed: false, config: { database: place.url } })
    const ready = async () => (await here.request('', { method: 'GET', path: '/readyz' })).status
    assert.equal(await ready(), 200)
    // What a command says of servers is so when it ends.
    await now.run(['db', 'restored', '--to', began, '--await-events'])
    assert.equal(await ready(), 503)
    assert.equal((await refresh(asks(here), app, newest)).status, 503)
    const { applied } = await now.json([...['events', 'apply', '--only', 'revocations'], at('events.ndjson')])
    assert.equal(applied, 1)
    assert.equal(await ready(), 200)
    assert.equal((await refresh(asks(here), app, stolen)).status, 400)
    refreshTokenOf(await refresh(asks(here), app, newest))
    assert.ok(!readFileSync(at('events.ndjson'), 'utf8').includes(stolen))
    await here.close()
  })
})
