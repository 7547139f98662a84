import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { sayRefreshToken } from '../kernel/chain.ts'
import { perform } from '../kernel/kernel.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { purposes } from '../kernel/ring.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  dump,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

suite('promises: trouble here is never blamed on the caller', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
  })
  after(() => here.close())
  const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''

  test('a token of an unknown key version: 503, to be sent again', async () => {
    const keys = Object.fromEntries<Uint8Array>(purposes.map((purpose) => [purpose, randomBytes(32)]))
    const version = {
      version: 77,
      currentFrom: 0,
      keys: keys as Record<(typeof purposes)[number], Uint8Array>,
    }
    const alien = sayRefreshToken(version, { number: 1, locator: randomBytes(16), generation: 0 })
    const answer = await refresh(asks(here), standardApp(here), alien)
    assert.equal(answer.status, 503)
    assert.ok(Number(answer.headers['retry-after']) >= 1)
    assert.equal(answer.json.error, 'temporarily_unavailable')
  })

  test('a database that another process has locked: 503, and the same request succeeds afterwards', async () => {
    const other = await openSqlite(here.path ?? '')
    await other.query('begin immediate', [])
    const answer = await exchange(asks(here), standardApp(here), token(0))
    assert.equal(answer.status, 503)
    assert.equal(answer.json.error, 'temporarily_unavailable')
    assert.ok(answer.headers['retry-after'])
    await other.query('rollback', [])
    await other.close()
    refreshTokenOf(await exchange(asks(here), standardApp(here), token(0)))
  })

  test('a database that is gone: 503 at every endpoint, and /readyz says so', async () => {
    const gone = await testDeployment({ mounts: ['standard'] })
    const app = standardApp(gone)
    const legacyToken = app.legacyTokens[0] ?? ''
    await gone.deployment.database.close()
    for (const answer of [
      await exchange(asks(gone), app, legacyToken),
      await refresh(asks(gone), app, 'tfr_x'),
    ]) {
      assert.equal(answer.status, 503, answer.text)
      assert.ok(answer.headers['retry-after'])
      assert.equal(answer.json.error, 'temporarily_unavailable')
    }
    assert.equal((await gone.request('', { method: 'GET', path: '/readyz' })).status, 503)
    await gone.close().catch(() => undefined)
  })
})

suite('promises: the past does not win', () => {
  test('a restored copy: newer tokens get 503, and after the restore is declared they heal or are refused as expired', async () => {
    const original = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
    const app = standardApp(original)
    const [known = '', lost = '', later = ''] = app.legacyTokens
    const old = refreshTokenOf(await exchange(asks(original), app, known))
    // What follows the copy is what a restore would lose.
    const copy = await copyOf(original)
    const newer = refreshTokenOf(
      await refresh(asks(original), app, refreshTokenOf(await refresh(asks(original), app, old))),
    )
    const goneAnswer = await exchange(asks(original), app, lost)
    const [gone, goneAccess] = [refreshTokenOf(goneAnswer), accessTokenOf(goneAnswer)]

    const restored = await openCopy(copy, original.clock.now)
    const ask = asks(restored)
    const before = await dump(restored)
    assert.equal((await introspect(ask, app, goneAccess)).status, 503)
    for (const ahead of [newer, gone]) {
      const answer = await refresh(ask, app, ahead)
      assert.equal(answer.status, 503)
      assert.equal(answer.json.error, 'temporarily_unavailable')
    }
    assert.equal(await dump(restored), before, 'nothing was changed')

    await declareRestored(restored)
    const healed = refreshTokenOf(await refresh(ask, app, newer))
    refreshTokenOf(await refresh(ask, app, healed))
    assert.equal(await countOf(restored, `select count(*) from events where kind = 'grant_healed'`), 1)
    assert.equal((await introspect(ask, app, goneAccess)).json.active, false)
    const refused = await refresh(ask, app, gone)
    assert.equal(refused.status, 400)
    assert.match(String(refused.json.error_description), /expired/)
    const again = refreshTokenOf(await exchange(ask, app, lost))
    refreshTokenOf(await exchange(ask, app, later))
    refreshTokenOf(await refresh(ask, app, again))
    const doubled = `select count(*) from (select 1 from grants where status = 'live' group by user_id, client having count(*) > 1)`
    assert.equal(await countOf(restored, doubled), 0, 'nobody has two live grants')
    await restored.close()
    await original.close()
  })

  test('a copy that is served before anybody declares it gives no number away again, and a second restore is its own', async () => {
    const original = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
    const app = standardApp(original)
    const [known = '', lost = '', later = '', last = ''] = app.legacyTokens
    const old = refreshTokenOf(await exchange(asks(original), app, known))
    const copy = await copyOf(original)
    const lostAnswer = await exchange(asks(original), app, lost)
    original.clock.advance(60_000)

    const restored = await openCopy(copy, original.clock.now)
    const ask = asks(restored)
    const numbers = `select max(number) from grants`
    const before = await countOf(original, numbers)
    refreshTokenOf(await exchange(ask, app, later))
    assert.ok((await countOf(restored, numbers)) > before, 'numbers go on above all that were given away')
    for (const token of [refreshTokenOf(lostAnswer), accessTokenOf(lostAnswer)]) {
      assert.equal((await introspect(ask, app, token)).status, 503)
    }
    assert.equal((await refresh(ask, app, refreshTokenOf(lostAnswer))).status, 503)
    await declareRestored(restored)
    assert.equal((await refresh(ask, app, refreshTokenOf(lostAnswer))).status, 400)

    await restored.close()

    // Once more: what the first declaration said is not about this one.
    const served = await openCopy(copy, original.clock.now)
    served.clock.advance(60_000)
    const second = refreshTokenOf(await refresh(asks(served), app, old))
    const again = await copyOf({ ...served, path: copy })
    const ahead = refreshTokenOf(await refresh(asks(served), app, second))
    const unknown = refreshTokenOf(await exchange(asks(served), app, last))
    const newest = refreshTokenOf(await refresh(asks(served), app, ahead))
    const twice = await openCopy(again, served.clock.now)
    for (const token of [newest, unknown]) {
      assert.equal((await refresh(asks(twice), app, token)).status, 503, 'nobody has declared this restore')
    }
    for (const here of [twice, served, original]) await here.close()
  })

  async function copyOf({ deployment, path }: Pick<TestDeployment, 'deployment' | 'path'>): Promise<string> {
    await deployment.database.query('pragma wal_checkpoint(truncate)', [])
    const copy = `${path}.copy`
    copyFileSync(path ?? '', copy)
    return copy
  }

  const openCopy = (copy: string, now: number): Promise<TestDeployment> =>
    testDeployment({
      mounts: ['standard'],
      seed: false,
      config: { database: `sqlite:${copy}` },
      now,
      policy: { rotate: 'always' },
    })

  async function declareRestored({ deployment, clock }: TestDeployment): Promise<void> {
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const answer = await perform(declareRestore, { to: clock.now, actor }, deployment.world)
    assert.ok('granted' in answer)
  }
})
