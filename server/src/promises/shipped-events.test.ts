/**
 * Revocations outlive the database: what was taken back since a copy was made is taken back again from the
 * events that were shipped elsewhere, before anybody is answered. On both backends.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { applyRevocations } from '../events/apply-revocations.ts'
import type { Shipping } from '../events/event-line.ts'
import { eventIn } from '../events/event-line.ts'
import { exportEvents, openEventFile } from '../events/export-events.ts'
import type { Operation } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import { barClientForOperator, unbarClientForOperator } from '../kernel/operations/bar-client-for-operator.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { addOrganization } from '../kernel/operations/put-organization.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import { rotateClientSecret } from '../kernel/operations/rotate-client-secret.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import type { Event } from '../kernel/records.ts'
import { exportKeys, importKeys } from '../key-file.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { rotateKeys } from '../keys/rotate.ts'
import { markKeyOf, sealingOf } from '../keys/sealing.ts'
import { policiesOf } from '../main.ts'
import type { Backend } from '../storage/database.ts'
import { newestEventId, raiseEventIds } from '../storage/event-ids.ts'
import type { DatabaseCopy } from '../testing/database-copy.ts'
import { copyOf } from '../testing/database-copy.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  revoke,
  standardApp,
} from './asks.ts'

const actor = { actor: 'operator ada', address: undefined, requestId: undefined }
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-shipped-'))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const backend of ['sqlite', 'postgres'] as const) shipped(backend)

function shipped(backend: Backend): void {
  suite(`promises: revocations outlive the database (${backend})`, () => {
    const mounts = ['standard']
    const policy = { rotate: 'always' }
    const stream = join(folder, `${backend}.ndjson`)
    let lost: TestDeployment
    let here: TestDeployment
    let copy: DatabaseCopy | undefined
    let keys: readonly string[]
    let shipping: Shipping
    let newSecret: string
    const held: Record<'revoked' | 'kept' | 'user' | 'barred' | 'access', string> = {
      revoked: '',
      kept: '',
      user: '',
      barred: '',
      access: '',
    }
    const app = () => standardApp(lost)
    const token = (at: number): string => app().legacyTokens[at] ?? ''
    const work = (of: TestDeployment) => ({
      store: of.deployment.store,
      rootSecret: readRootSecret(`env:${rootSecretName}`),
      now: of.clock.now,
      actor,
    })

    async function asked<Input, Facts, Result>(
      operation: Operation<Input, Facts, Result>,
      input: Input,
    ): Promise<Result> {
      const answer = await perform(operation, input, lost.deployment.world)
      return 'granted' in answer ? answer.granted : assert.fail(answer.refused.reason)
    }

    async function* eventsOf(path: string): AsyncGenerator<Event> {
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        const event = line === '' ? undefined : eventIn(line, shipping)?.event
        if (event) yield event
      }
    }

    const apply = () =>
      applyRevocations(eventsOf(stream), {
        world: here.deployment.world,
        actor,
        policies: policiesOf(here.deployment.mounts),
        compromiseKeys: async () => 'unknown',
      })

    before(async () => {
      // It is copied while it is open, so nothing may be written in the background.
      lost = await testDeployment({ mounts, policy, backend, file: true, background: false })
      const ask = asks(lost)
      for (const [at, name] of ['revoked', 'kept', 'user', 'barred'].entries()) {
        held[name as keyof typeof held] = refreshTokenOf(await exchange(ask, app(), token(at)))
      }
      // Once: a repeated one is counted, a second later.
      const refreshed = await refresh(ask, app(), held.kept)
      held.access = accessTokenOf(refreshed)
      held.kept = refreshTokenOf(refreshed)
      const none = { region: undefined, apiDomain: undefined, allowedAddresses: [] }
      const organization = { id: 'acme', name: 'Acme', status: 'enabled', ...none } as const
      await asked(addOrganization, { organization, actor })
      copy = await copyOf(lost)

      // After the copy: all this is known to the shipped events alone.
      lost.clock.advance(1000)
      assert.equal((await revoke(ask, app(), held.revoked)).status, 200)
      assert.equal((await revoke(ask, app(), held.access)).status, 200)
      const { store, world } = lost.deployment
      await asked(revokeLegacyToken, {
        lookups: lookupsOf(world.moment().ring, token(20)),
        clientId: undefined,
        actor,
      })
      const told = await store.listEvents(0, 1000)
      // The third exchange was this user's.
      const id = told.filter(({ kind }) => kind === 'legacy_token_exchanged')[2]?.userId ?? ''
      await asked(setStatus, { record: 'users', id, status: 'disabled', actor })
      await asked(barClientForOperator, { clientId: app().id, organizationId: 'acme', actor })
      await asked(unbarClientForOperator, { clientId: app().id, organizationId: 'acme', actor })
      await asked(changeClient, { clientId: app().id, change: { exchangeStatus: 'off' }, actor })
      await asked(changeClient, { clientId: app().id, change: { exchangeStatus: 'on' }, actor })
      newSecret = (await asked(rotateClientSecret, { clientId: app().id, overlap: 0, actor })).secret
      await rotateKeys(work(lost))
      const sealing = await sealingOf(store, work(lost).rootSecret)
      shipping = { deploymentId: sealing.deploymentId, markKey: markKeyOf(sealing) }
      keys = await exportKeys(store, work(lost).rootSecret)
      const file = openEventFile(stream, shipping)
      await exportEvents({ store, shipping, after: file.last, since: undefined, write: file.write })
      file.close()

      here = await testDeployment({
        mounts,
        policy,
        seed: false,
        now: lost.clock.now + 1000,
        config: { database: copy.url },
      })
      const { database } = here.deployment
      await raiseEventIds(database, (await newestEventId(database)) + 1_000_000)
      const declared = { to: lost.clock.now - 1000, awaitsEvents: true, actor }
      await perform(declareRestore, declared, here.deployment.world)
      await here.deployment.keyRing.reread()
    })
    after(async () => {
      await here?.close()
      await copy?.remove()
      await lost?.close()
    })

    test('the stream holds no credential, and goes on behind its last whole line', async () => {
      const text = readFileSync(stream, 'utf8')
      const secrets = [...Object.values(held), ...app().legacyTokens, app().secret ?? '-', newSecret]
      assert.deepEqual(
        secrets.filter((secret) => text.includes(secret)),
        [],
      )
      const lines = text.split('\n').length
      writeFileSync(stream, text + text.slice(0, 30))
      const file = openEventFile(stream, shipping)
      assert.equal(file.last, await newestEventId(lost.deployment.database))
      await exportEvents({
        store: lost.deployment.store,
        shipping,
        after: file.last,
        since: undefined,
        write: file.write,
      })
      file.close()
      assert.equal(readFileSync(stream, 'utf8').split('\n').length, lines)
    })

    test('before the revocations are applied nobody is answered, and no node is ready', async () => {
      assert.equal((await here.request('', { method: 'GET', path: '/readyz' })).status, 503)
      for (const answer of [
        await refresh(asks(here), app(), held.revoked),
        await introspect(asks(here), app(), held.access),
      ]) {
        assert.equal(answer.status, 503, answer.text)
        assert.ok(Number(answer.headers['retry-after']) > 0)
      }
      assert.ok(here.logs.some((line) => line.includes('tokenferry events apply')))
    })

    test('keys that the copy does not have come from their own export, once', async () => {
      assert.deepEqual(await importKeys(work(here), keys), { added: 4, changed: 0, same: 4 })
      assert.deepEqual(await importKeys(work(here), keys), { added: 0, changed: 0, same: 8 })
      await here.deployment.keyRing.reread()
      const versions = here.deployment.keyRing.ring().versions.map(({ version }) => version)
      assert.deepEqual(versions, [2, 1])
      await assert.rejects(
        importKeys({ ...work(here), rootSecret: Buffer.alloc(32, 1) }, keys),
        /root secret/,
      )
    })

    test('each revocation is applied once, however often its file is', async () => {
      const applied = await apply()
      assert.deepEqual([applied.applied, applied.unknown, applied.newestKey], [9, 0, 2])
      const again = await apply()
      assert.deepEqual([again.applied, again.unknown], [0, 0])
      const done = { write: 'set_meta', key: 'awaits_events', value: 'no' } as const
      await here.deployment.store.commit([done])
      await here.deployment.keyRing.reread()
      assert.equal((await here.request('', { method: 'GET', path: '/readyz' })).status, 200)
    })

    test('what was revoked is revoked, and what was not goes on', async () => {
      const ask = asks(here)
      assert.equal((await refresh(ask, app(), held.barred)).status, 401, 'the secret before the last')
      const now = { ...app(), secret: newSecret }
      assert.equal((await refresh(ask, now, held.revoked)).status, 400)
      assert.equal((await refresh(ask, now, held.user)).status, 400)
      assert.equal((await introspect(ask, now, held.access)).json.active, false)
      assert.equal((await exchange(ask, now, token(20))).status, 400)
      refreshTokenOf(await refresh(ask, now, held.kept))
      refreshTokenOf(await exchange(ask, now, token(21)))
      const told = await here.deployment.store.listEvents(0, 1000)
      assert.ok(told.some(({ requestId }) => /^event \d+$/.test(requestId ?? '')))
    })
  })
}
