/**
 * Every way of taking something back is taken back again after a restore: each kind of event that
 * `revocations` knows is tried here or in `shipped-events.test.ts`. On both backends.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { revocations } from '../events/revocations.ts'
import type { Operation } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import { barUserForOperator, unbarUserForOperator } from '../kernel/operations/bar-user-for-operator.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import {
  enableClientForOperator,
  endEnablingForOperator,
} from '../kernel/operations/enable-client-for-operator.ts'
import { endRequestToken } from '../kernel/operations/end-request-token.ts'
import { putMembership, removeMembership } from '../kernel/operations/put-membership.ts'
import { addOrganization } from '../kernel/operations/put-organization.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import type { Store } from '../kernel/store.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { compromiseKeys, rotateKeys } from '../keys/rotate.ts'
import type { Backend } from '../storage/database.ts'
import { newestEventId, raiseEventIds } from '../storage/event-ids.ts'
import type { DatabaseCopy } from '../testing/database-copy.ts'
import { copyOf, reapply } from '../testing/database-copy.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { aClient, aRequestToken } from '../testing/records.ts'
import { asks, exchange, refreshTokenOf, standardApp } from './asks.ts'

const actor = { actor: 'operator ada', address: undefined, requestId: undefined }

/** Tried in `shipped-events.test.ts`, by what its apps and users then hear. */
const elsewhere = [
  'access_token_revoked',
  'client_barred',
  'client_unbarred',
  'grant_revoked',
  'key_destroyed',
  'legacy_token_revoked',
  'refresh_token_reused',
]

type Taking = {
  readonly kind: string
  take(): Promise<unknown>
  isTaken(store: Store): Promise<boolean>
}

for (const backend of ['sqlite', 'postgres'] as const) reapplied(backend)

function reapplied(backend: Backend): void {
  suite(`promises: whatever was taken back is taken back again (${backend})`, () => {
    let lost: TestDeployment
    let here: TestDeployment
    let copy: DatabaseCopy
    let users: readonly string[]

    async function done<Input, Facts, Result>(
      operation: Operation<Input, Facts, Result>,
      input: Omit<Input, 'actor'>,
      at: TestDeployment = lost,
    ): Promise<Result> {
      const answer = await perform(operation, { ...input, actor } as Input, at.deployment.world)
      return 'granted' in answer ? answer.granted : assert.fail(answer.refused.reason)
    }

    const app = () => standardApp(lost)
    const user = (at: number): string => users[at] ?? assert.fail('There are too few users.')
    const acme = { organizationId: 'acme' }
    const requested = { clientId: 'extra', userId: '', organizationId: 'acme' }
    const keyWork = () => ({
      store: lost.deployment.store,
      rootSecret: readRootSecret(`env:${rootSecretName}`),
      now: lost.clock.now,
      actor,
    })
    const lookups = () => lookupsOf(lost.deployment.world.moment().ring, app().legacyTokens[1] ?? '')
    const connectionOf = async (store: Store) => {
      const [event] = (await store.listEvents(0, 1000)).filter(
        ({ kind }) => kind === 'legacy_token_exchanged',
      )
      const { clientId = '', userId = '', organizationId = '' } = event ?? {}
      return (await store.findConnection(clientId, userId, organizationId)) ?? assert.fail('no connection')
    }

    /** Some of these users belong to another organization, too. */
    const roleIn = async (store: Store, userId: string) =>
      (await store.findMemberships(userId)).find(({ organization }) => organization.id === 'acme')?.role

    /** In the order in which they were taken back; a name says what is taken. */
    const takings: Readonly<Record<string, Taking>> = {
      'a connection': {
        kind: 'connection_revoked',
        take: async () =>
          done(revokeConnection, { connection: (await connectionOf(lost.deployment.store)).number }),
        isTaken: async (store) => (await connectionOf(store)).status === 'revoked',
      },
      'a legacy token’s exchange': {
        kind: 'legacy_token_reset',
        take: () => done(resetLegacyToken, { lookups: lookups(), clientId: undefined }),
        isTaken: async (store) => (await store.findLegacyRows(lookups()))[0]?.token.exchange === 1,
      },
      'a user': {
        kind: 'user_changed',
        take: () => done(setStatus, { record: 'users', id: user(0), status: 'disabled' }),
        isTaken: async (store) => (await store.findUser(user(0)))?.status === 'disabled',
      },
      'the authority of an admin': {
        kind: 'user_changed',
        take: () => done(putMembership, { ...acme, userId: user(1), role: 'member' }),
        isTaken: async (store) => (await roleIn(store, user(1))) === 'member',
      },
      'a membership': {
        kind: 'user_changed',
        take: () => done(removeMembership, { ...acme, userId: user(2) }),
        isTaken: async (store) => (await roleIn(store, user(2))) === undefined,
      },
      'an app from a user': {
        kind: 'user_barred',
        take: () => done(barUserForOperator, { clientId: app().id, userId: user(3) }),
        isTaken: (store) => store.isUserBarred(user(3), app().id),
      },
      'a request token': {
        kind: 'request_token_ended',
        take: () => done(endRequestToken, requested),
        isTaken: async (store) => !(await store.hasRequestToken(requested)),
      },
      'what an organization had let in': {
        kind: 'client_enabling_ended',
        take: () => done(endEnablingForOperator, { ...acme, clientId: 'extra' }),
        isTaken: async (store) => !(await store.isEnabled('acme', 'extra')),
      },
      'an organization': {
        kind: 'organization_changed',
        take: () => done(setStatus, { record: 'organizations', id: 'acme', status: 'disabled' }),
        isTaken: async (store) => (await store.findOrganization('acme'))?.status === 'disabled',
      },
      'a client': {
        kind: 'client_changed',
        take: () => done(changeClient, { clientId: 'extra', change: { status: 'disabled' } }),
        isTaken: async (store) => (await store.findClient('extra'))?.status === 'disabled',
      },
      'a client’s look at tokens': {
        kind: 'client_changed',
        take: () => done(changeClient, { clientId: 'seeing', change: { mayIntrospect: false } }),
        isTaken: async (store) => (await store.findClient('seeing'))?.mayIntrospect === false,
      },
      'keys that leaked': {
        kind: 'key_compromised',
        take: () => compromiseKeys(keyWork(), 2),
        isTaken: async (store) => (await store.listKeys()).some(({ status }) => status === 'compromised'),
      },
    }

    before(async () => {
      lost = await testDeployment({ mounts: ['standard'], backend, file: true, background: false })
      const { store } = lost.deployment
      for (const at of [0, 1]) {
        refreshTokenOf(await exchange(asks(lost), app(), app().legacyTokens[at] ?? ''))
      }
      // Whoever has a connection would lose it with the app, which is another event.
      const connected = (await store.listEvents(0, 1000)).map(({ userId }) => userId)
      const ids = (await store.listUsers({ after: undefined, limit: 10 })).map(({ id }) => id)
      users = ids.filter((id) => !connected.includes(id))
      for (const id of ['extra', 'seeing']) {
        const client = aClient({ id, dialect: 'standard', mayIntrospect: true })
        await store.commit([{ write: 'add_client', client, at: lost.clock.now }])
      }
      const none = { region: undefined, apiDomain: undefined, allowedAddresses: [] }
      await done(addOrganization, {
        organization: { id: 'acme', name: 'Acme', ...none },
      })
      for (const at of [1, 2]) await done(putMembership, { ...acme, userId: user(at), role: 'admin' })
      await done(enableClientForOperator, { ...acme, clientId: 'extra' })
      const token = aRequestToken({
        ...requested,
        created: lost.clock.now,
        expires: lost.clock.now + 3_600_000,
      })
      await store.commit([{ write: 'make_request_token', token }])
      await rotateKeys(keyWork())

      copy = await copyOf(lost)
      for (const { take } of Object.values(takings)) await take()

      const config = { database: copy.url }
      const now = lost.clock.now + 1000
      here = await testDeployment({ mounts: ['standard'], seed: false, background: false, now, config })
      const { database } = here.deployment
      await raiseEventIds(database, (await newestEventId(database)) + 1_000_000)
    })
    after(async () => {
      await here?.close()
      await copy?.remove()
      await lost?.close()
    })

    const apply = () =>
      reapply(lost, here, {
        actor,
        compromiseKeys: async (before) =>
          (await compromiseKeys({ ...keyWork(), store: here.deployment.store }, before)) > 0
            ? 'applied'
            : 'already',
      })

    test('every kind of revocation is tried', () => {
      const tried = new Set([
        ...elsewhere,
        ...Object.values(takings).map(({ kind }) => kind),
        'user_unbarred',
      ])
      assert.deepEqual([...tried].sort(), Object.keys(revocations).sort())
    })

    test('it is not, before the events are applied', async () => {
      for (const [what, { isTaken }] of Object.entries(takings)) {
        assert.equal(await isTaken(lost.deployment.store), true, `${what} was taken`)
        assert.equal(await isTaken(here.deployment.store), false, `${what} is there again`)
      }
    })

    test('it is, once they are, and once alone', async () => {
      const first = await apply()
      assert.deepEqual([first.applied, first.unknown], [Object.keys(takings).length, 0])
      for (const [what, { isTaken }] of Object.entries(takings)) {
        assert.equal(await isTaken(here.deployment.store), true, what)
      }
      assert.equal((await apply()).applied, 0)
    })

    test('an app is given to a user again only where the events had taken it', async () => {
      const by = { clientId: app().id, userId: user(4) }
      await done(barUserForOperator, by, here)
      await done(barUserForOperator, by)
      await done(unbarUserForOperator, by)
      await apply()
      assert.equal(await here.deployment.store.isUserBarred(user(4), app().id), true, 'taken here, too')
      await done(unbarUserForOperator, { ...by, userId: user(3) })
      await apply()
      assert.equal(await here.deployment.store.isUserBarred(user(3), app().id), false, 'taken by them alone')
    })
  })
}
