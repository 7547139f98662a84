/**
 * What both began and ended since a copy was made does not begin again: nothing of it is in the copy, but the
 * shipped events tell that it has ended. On both backends.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Operation } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupOf, lookupsOf } from '../kernel/legacy-lookup.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import { currentVersion } from '../kernel/ring.ts'
import type { Backend } from '../storage/database.ts'
import { newestEventId, raiseEventIds } from '../storage/event-ids.ts'
import type { DatabaseCopy } from '../testing/database-copy.ts'
import { copyOf, reapply } from '../testing/database-copy.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient, aLegacyToken } from '../testing/records.ts'
import type { App } from './asks.ts'
import { accessTokenOf, asks, exchange, introspect, refresh, refreshTokenOf, revoke } from './asks.ts'

const actor = { actor: 'operator ada', address: undefined, requestId: undefined }

for (const backend of ['sqlite', 'postgres'] as const) ended(backend)

function ended(backend: Backend): void {
  suite(`promises: what began and ended since the copy has ended (${backend})`, () => {
    const policy = { rotate: 'always' }
    let lost: TestDeployment
    let here: TestDeployment
    let copy: DatabaseCopy
    /** The first takes a token that names no app for itself; of the others each has its own. */
    let first: App
    let second: App
    let each: App
    let late: App
    const access = new Map<string, string>()

    async function done<Input, Facts, Result>(
      operation: Operation<Input, Facts, Result>,
      input: Omit<Input, 'actor'>,
    ): Promise<Result> {
      const answer = await perform(operation, { ...input, actor } as Input, lost.deployment.world)
      return 'granted' in answer ? answer.granted : assert.fail(answer.refused.reason)
    }

    async function anApp(cardinality: 'first_client' | 'each_client'): Promise<App> {
      const { id: _, secrets: __, ...client } = aClient({ mayIntrospect: true, policy: { cardinality } })
      const added = await done(registerClient, { client })
      return { id: added.client.id, secret: added.secret }
    }

    /** Of a user who is known by their tokens alone. */
    async function token(name: string, clientId: string): Promise<void> {
      const { ring, now } = lost.deployment.world.moment()
      const version = currentVersion(ring, now)
      const row = {
        ...aLegacyToken({ clientId, userId: `user of ${name}` }),
        lookup: lookupOf(version, 'raw', Buffer.from(name)),
        lookupVersion: version.version,
        alsoAs: [],
      }
      assert.equal(await lost.deployment.store.importLegacyTokens([row]), 1)
    }

    async function took(app: App, name: string): Promise<string> {
      const answer = await exchange(asks(lost), app, name)
      access.set(name, accessTokenOf(answer))
      return refreshTokenOf(answer)
    }

    const of = (name: string) => ({ lookups: lookupsOf(lost.deployment.world.moment().ring, name) })

    const uninstalls = async (app: App, name: string): Promise<void> => {
      const { store } = lost.deployment
      const connection = await store.findConnection(app.id, `user of ${name}`, '')
      await done(revokeConnection, { connection: connection?.number ?? 0 })
    }

    const trade = async (app: App, name: string) => {
      const answer = await exchange(asks(here), app, name)
      return answer.status === 200 ? 200 : answer.json.error_description
    }

    before(async () => {
      lost = await testDeployment({ mounts: ['standard'], policy, backend, file: true, background: false })
      first = await anApp('first_client')
      second = await anApp('first_client')
      each = await anApp('each_client')
      for (const name of ['uninstalled', 'given up', 'used twice', 'reset', 'kept'])
        await token(name, first.id)
      for (const name of ['taken', 'taken, revoked', 'own', 'own, revoked']) await token(name, '')
      await token('old', first.id)
      await took(first, 'old')
      copy = await copyOf(lost)
      const copiedAt = lost.clock.now

      lost.clock.advance(1000)
      await took(first, 'uninstalled')
      await uninstalls(first, 'uninstalled')
      await uninstalls(first, 'old')
      await took(first, 'kept')
      for (const [app, name] of [
        [first, 'given up'],
        [first, 'taken'],
        [each, 'own'],
      ] as const) {
        assert.equal((await revoke(asks(lost), app, await took(app, name))).status, 200)
      }
      for (const name of ['used twice', 'reset']) {
        const old = await took(first, name)
        const next = refreshTokenOf(await refresh(asks(lost), first, old))
        refreshTokenOf(await refresh(asks(lost), first, next))
        assert.equal((await refresh(asks(lost), first, old)).status, 400)
      }
      await done(resetLegacyToken, { ...of('reset'), clientId: undefined })
      await took(first, 'taken, revoked')
      await done(revokeLegacyToken, { ...of('taken, revoked'), clientId: undefined })
      await took(each, 'own, revoked')
      await done(revokeLegacyToken, { ...of('own, revoked'), clientId: each.id })
      late = await anApp('first_client')
      await token('late', late.id)
      await took(late, 'late')
      await uninstalls(late, 'late')

      const now = lost.clock.now + 1000
      const config = { database: copy.url }
      here = await testDeployment({
        mounts: ['standard'],
        policy,
        seed: false,
        background: false,
        now,
        config,
      })
      const { database } = here.deployment
      await raiseEventIds(database, (await newestEventId(database)) + 1_000_000)
      const declared = { to: copiedAt, awaitsEvents: false, actor }
      await perform(declareRestore, declared, here.deployment.world)
    })
    after(async () => {
      await here?.close()
      await copy?.remove()
      await lost?.close()
    })

    const apply = () => reapply(lost, here, { actor, compromiseKeys: async () => 'unknown' })

    test('all of it is applied, once; what is unknown is about an app that came in since', async () => {
      const once = await apply()
      assert.deepEqual([once.applied, once.unknown, once.notices], [10, 1, []])
      const again = await apply()
      assert.deepEqual([again.applied, again.unknown], [0, 1])
    })

    test('who uninstalled an app is not connected again by its legacy token', async () => {
      const { store } = here.deployment
      const mark = await store.findConnection(first.id, 'user of uninstalled', '')
      assert.deepEqual([mark?.status, mark?.epoch, mark?.liveGrants], ['revoked', 2, []])
      for (const name of ['uninstalled', 'old']) {
        assert.equal(await trade(first, name), 'The token is not valid.', name)
      }
    })

    test('a legacy token whose grant has ended is exchanged no more, and what it opened, it opens', async () => {
      for (const name of ['given up', 'used twice', 'taken']) {
        assert.equal(await trade(first, name), 'The token was already exchanged.', name)
        assert.equal((await introspect(asks(here), first, name)).json.active, true, name)
      }
      assert.equal(await trade(first, 'taken, revoked'), 'The token is not valid.')
      assert.equal((await introspect(asks(here), first, 'taken, revoked')).json.active, false)
    })

    test('one that names no app ends for the app that had it, and for the others as its policy says', async () => {
      assert.notEqual(await trade(second, 'taken'), 200)
      assert.notEqual(await trade(second, 'taken, revoked'), 200)
      assert.equal(await trade(each, 'own'), 'The token was already exchanged.')
      assert.equal(await trade(each, 'own, revoked'), 'The token is not valid.')
      assert.equal(await trade(second, 'own'), 200)
      assert.equal(await trade(second, 'own, revoked'), 200)
    })

    test('what the operator gave again, and what nobody ended, is exchanged anew', async () => {
      assert.equal(await trade(first, 'reset'), 200)
      assert.equal(await trade(first, 'kept'), 200)
    })

    test('no access token of what has ended opens anything, whichever side of the copy it is from', async () => {
      for (const [name, token] of access) {
        assert.equal((await introspect(asks(here), first, token)).json.active, false, name)
      }
    })
  })
}
