/**
 * Promise 12 across nodes: a failover lost commits that clients were told of. Two nodes go on through it, on
 * a PostgreSQL whose database becomes, under them, what it was at an earlier moment.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { sumOf, tablesOf } from '../storage/copy-tables.ts'
import type { Commands } from '../testing/commands.ts'
import { commands } from '../testing/commands.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { TestDatabase } from '../testing/postgres.ts'
import { goBackTo, rememberedAs, testDatabase } from '../testing/postgres.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

suite('promises: the past does not win, on two nodes', () => {
  const mounts = ['standard']
  const policy = { rotate: 'always' }
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-going-back-'))
  let place: TestDatabase
  let nodes: readonly [TestDeployment, TestDeployment]
  let second: () => Promise<TestDeployment>
  let lostNumber: number
  let run: Commands['run']
  let copiedAt: number
  const said: Record<'kept' | 'newest' | 'access' | 'lost' | 'other', string> = {
    kept: '',
    newest: '',
    access: '',
    lost: '',
    other: '',
  }
  const app = () => standardApp(nodes[0])
  const token = (at: number): string => app().legacyTokens[at] ?? ''

  before(async () => {
    place = await testDatabase()
    // An hour ago, so that what the commands do, at the real time, comes after it.
    const now = Math.floor(Date.now() / 1000) * 1000 - 3_600_000
    const config = { database: place.url }
    const one = await testDeployment({ mounts, policy, now, config })
    nodes = [one, one]
    second = () => testDeployment({ mounts, policy, now, config, seed: false })
    const settings = {
      public_url: 'http://127.0.0.1:1',
      database: place.url,
      root_secret: `env:${rootSecretName}`,
      mounts: [{ dialect: 'standard', prefix: '/' }],
    }
    writeFileSync(join(folder, 'tokenferry.yaml'), JSON.stringify(settings))
    run = commands(join(folder, 'tokenferry.yaml')).run
  })
  after(async () => {
    for (const node of new Set(nodes ?? [])) await node.close()
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Both have a connection again: those that they had were cut. */
  async function reconnected(): Promise<void> {
    for (const { deployment } of nodes) {
      for (;;) {
        const answers = [deployment.store.listKeys(), deployment.store.findMeta('deployment_id')]
        if ((await Promise.allSettled(answers)).every(({ status }) => status === 'fulfilled')) break
      }
      // What each does by itself every two seconds.
      await deployment.keyRing.reread()
      await deployment.numbers.recheck()
    }
  }

  async function sums(): Promise<readonly string[]> {
    const { database } = nodes[0].deployment
    const all = []
    for (const table of await tablesOf(database)) {
      if (['counters', 'number_blocks'].includes(table.name)) continue
      all.push(`${table.name} ${(await sumOf(database, table, () => undefined)).sum}`)
    }
    return all
  }

  test('what clients were told, and the database has forgotten, is 503 at both nodes, an alarm, and no change', async () => {
    const [one] = nodes
    const first = refreshTokenOf(await exchange(asks(one), app(), token(0)))
    said.kept = refreshTokenOf(await refresh(asks(one), app(), first))
    said.other = refreshTokenOf(await exchange(asks(one), app(), token(1)))
    copiedAt = Date.now()
    await rememberedAs(place.url, 'earlier')
    await reconnected()
    // The numbers that it leases are among what is lost.
    const two = await second()
    nodes = [one, two]

    const next = refreshTokenOf(await refresh(asks(one), app(), said.kept))
    const newest = await refresh(asks(two), app(), next)
    said.newest = refreshTokenOf(newest)
    const lost = await exchange(asks(two), app(), token(2))
    said.lost = refreshTokenOf(lost)
    said.access = accessTokenOf(lost)
    lostNumber = await countOf(two, 'select max(number) from grants')
    await goBackTo(place.url, 'earlier')
    for (const { clock } of nodes) clock.advance(60_000)
    await reconnected()

    const before = await sums()
    for (const node of nodes) {
      for (const presented of [said.newest, said.lost]) {
        const answer = await refresh(asks(node), app(), presented)
        assert.equal(answer.status, 503, answer.text)
        assert.ok(Number(answer.headers['retry-after']) > 0)
      }
      assert.equal((await introspect(asks(node), app(), said.access)).status, 503)
      assert.ok(node.logs.some((line) => /"level":50.*"reason":"state_behind"/.test(line)))
    }
    assert.deepEqual(await sums(), before)
  })

  test('what the database still knows goes on meanwhile', async () => {
    said.other = refreshTokenOf(await refresh(asks(nodes[0]), app(), said.other))
    said.other = refreshTokenOf(await refresh(asks(nodes[1]), app(), said.other))
  })

  test('once the restore is declared it heals forward at both nodes, without a restart', async () => {
    const [one, two] = nodes
    await run(['db', 'restored', '--to', new Date(copiedAt).toISOString()])
    const healed = refreshTokenOf(await refresh(asks(one), app(), said.newest))
    assert.equal(refreshTokenOf(await refresh(asks(two), app(), said.newest)), healed, 'a repeat')
    refreshTokenOf(await refresh(asks(two), app(), healed))
    assert.equal(await countOf(one, `select count(*) from events where kind = 'grant_healed'`), 1)
    for (const node of nodes) {
      assert.equal((await refresh(asks(node), app(), said.lost)).status, 400)
      assert.equal((await introspect(asks(node), app(), said.access)).json.active, false)
    }
    const again = refreshTokenOf(await exchange(asks(two), app(), token(2)))
    assert.equal(refreshTokenOf(await exchange(asks(one), app(), token(2))), again)
    assert.notEqual(again, said.lost)
  })

  test('no number and no event id of the time that is lost is given again', async () => {
    const [one, two] = nodes
    for (const [at, node] of [one, two, one, two].entries()) {
      refreshTokenOf(await exchange(asks(node), app(), token(10 + at)))
    }
    assert.equal(await countOf(one, `select count(*) from grants where number = ${lostNumber}`), 0)
    // Of a block that this database leased; what a declared restore skips is a block of a billion.
    const leased = `exists (select 1 from number_blocks b
      where b.first <= g.number and b.next_first > g.number and b.next_first - b.first < 1000000)`
    assert.equal(await countOf(one, `select count(*) from grants g where not ${leased}`), 0)
    assert.ok((await countOf(one, 'select max(id) from events')) > 1_000_000_000)
  })
})
