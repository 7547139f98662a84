import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { migrate } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { aMoment, aRing, aRingVersion, noon } from '../testing/records.ts'
import { grant, refuse } from './decision.ts'
import type { Operation, World } from './kernel.ts'
import { perform } from './kernel.ts'
import type { Reason } from './refusals.ts'

/** A world over a real store, that counts how often its ring was read again. */
async function aWorld({
  changes = false,
} = {}): Promise<World & { reloads: number; close(): Promise<void> }> {
  const database = await openSqlite(':memory:')
  await migrate(database)
  const ring = aRing([aRingVersion()])
  const world = {
    store: sqlStore(database),
    reloads: 0,
    moment: () => aMoment(ring),
    reload: async () => {
      world.reloads += 1
      return changes
    },
    close: () => database.close(),
  }
  return world
}

const revoke = (jti: string) => ({ write: 'revoke_access_token', jti, expires: noon }) as const

/** Revokes an access token; counts how often it looked. */
const counting = (decide: (looks: number) => ReturnType<Operation<object, number, string>['decide']>) => {
  let looks = 0
  const operation: Operation<object, number, string> = {
    look: async () => {
      looks += 1
      return looks
    },
    decide: (_input, seen) => decide(seen),
  }
  return { operation, looks: () => looks }
}

suite('look, decide, commit', () => {
  test('who is overtaken looks again and decides on the new facts', async () => {
    const world = await aWorld()
    await world.store.commit([revoke('first')])
    const { operation, looks } = counting((seen) =>
      seen === 1 ? grant('stale', revoke('first')) : grant('fresh', revoke('second')),
    )
    assert.deepEqual(await perform(operation, {}, world), { granted: 'fresh' })
    assert.equal(looks(), 2)
    assert.equal(await world.store.isAccessTokenRevoked('second'), true)
    await world.close()
  })

  test('who is overtaken three times is told that it is contended, and nothing was written', async () => {
    const world = await aWorld()
    await world.store.commit([revoke('first')])
    const { operation, looks } = counting(() => grant('stale', revoke('first'), revoke('second')))
    assert.deepEqual(await perform(operation, {}, world), { refused: { reason: 'contended' } })
    assert.equal(looks(), 3)
    assert.equal(await world.store.isAccessTokenRevoked('second'), false)
    await world.close()
  })

  test('a refusal may carry a write: it is refused, and the write is there', async () => {
    const world = await aWorld()
    const { operation } = counting(() => refuse('refresh_token_reused', revoke('jti')))
    assert.deepEqual(await perform(operation, {}, world), { refused: { reason: 'refresh_token_reused' } })
    assert.equal(await world.store.isAccessTokenRevoked('jti'), true)
    await world.close()
  })

  for (const reason of ['key_version_unknown', 'legacy_token_unknown', 'client_unproven'] as const) {
    test(`${reason} may come of a ring read a moment ago: it is read again, once, and decided again`, async () => {
      const world = await aWorld({ changes: true })
      const { operation } = counting((seen) => (seen === 1 ? refuse(reason) : grant('found')))
      assert.deepEqual(await perform(operation, {}, world), { granted: 'found' })
      const stubborn = counting(() => refuse(reason))
      assert.deepEqual(await perform(stubborn.operation, {}, world), { refused: { reason } })
      assert.deepEqual([world.reloads, stubborn.looks()], [2, 2])
      await world.close()
    })
  }

  test('where the ring has not changed, and for every other refusal, nobody looks twice', async () => {
    const world = await aWorld()
    for (const reason of ['client_unproven', 'grant_revoked'] satisfies Reason[]) {
      const { operation, looks } = counting(() => refuse(reason))
      await perform(operation, {}, world)
      assert.equal(looks(), 1)
    }
    assert.equal(world.reloads, 1)
    await world.close()
  })
})
