/** The part of the contract that is about users who may not use an app, and what is changed of people. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import {
  aClient,
  aCode,
  aConnection,
  aGrant,
  aLegacyToken,
  anOrganization,
  aUser,
  noon,
} from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { exchange, importing } from './contract.ts'

const operator = { actor: 'operator', address: '192.0.2.1', requestId: 'r1' }
const bar: Write = { write: 'bar_user', userId: 'user', clientId: 'app', at: noon + 9, actor: operator }
const unbar: Write = { write: 'unbar_user', userId: 'user', clientId: 'app' }

const allow = (number: number, changes: Parameters<typeof aConnection>[0] = {}): readonly Write[] => {
  const connection = aConnection({ number, ...changes })
  return [
    { write: 'allow_connection', connection: { ...connection, liveGrants: [] }, seen: undefined },
    {
      write: 'open_connection',
      connection,
      grantNumber: 100 + number,
      grantsMax: 50,
      at: noon,
      isNew: false,
    },
    {
      write: 'add_grant',
      grant: aGrant({ ...connection, connection: number, number: 100 + number, status: 'live' }),
    },
  ]
}

const code = (at: number, changes = {}): Write => ({
  write: 'add_code',
  code: aCode({ hash: Buffer.from([at]), ...changes }),
  openMax: undefined,
})

/** Part of `keepsTheContract`. */
export function keepsAdmissionPromises(opened: () => Opened): void {
  suite('a user who is barred from an app', () => {
    test('loses all that it had of them in the same commit, each with its event; nobody else does', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
      await store.commit([{ write: 'add_client', client: aClient({ id: 'other' }), at: noon }])
      await store.commit(allow(1))
      await store.commit(allow(2, { organizationId: 'company' }))
      await store.commit(allow(3, { userId: 'another' }))
      await store.commit(allow(4, { clientId: 'other' }))
      await store.commit(allow(5, { userId: '', organizationId: 'company' }))
      await store.commit([code(1)])
      await store.commit([code(2, { userId: 'another' })])
      assert.equal((await other.listAppsOf('user')).length, 3)

      assert.equal(await store.commit([bar]), 'committed')
      assert.equal(await other.commit([bar]), 'overtaken')
      const states = await Promise.all([1, 2, 3, 4, 5].map((number) => other.findConnectionByNumber(number)))
      assert.deepEqual(
        states.map((found) => [found?.status, found?.epoch]),
        [
          ['revoked', 2],
          ['revoked', 2],
          ['live', 1],
          ['live', 1],
          ['live', 1],
        ],
      )
      assert.deepEqual(
        [await other.findCode(Buffer.from([1])), (await other.findCode(Buffer.from([2])))?.code.status],
        [undefined, 'open'],
      )
      const events = (await other.listEvents(0, 100)).filter(({ kind }) => kind === 'connection_revoked')
      assert.deepEqual(
        events.map(({ actor, userId, organizationId, at }) => [actor, userId, organizationId, at]),
        [
          ['operator', 'user', undefined, noon + 9],
          ['operator', 'user', 'company', noon + 9],
        ],
      )
      // Their own page shows the app no more.
      assert.deepEqual(
        (await other.listAppsOf('user')).map(({ client }) => client.id),
        ['other'],
      )
    })

    test('is found as such, until the bar is lifted', async () => {
      const { store, other } = opened()
      assert.equal(await store.commit([unbar]), 'overtaken')
      await store.commit([bar])
      assert.deepEqual(await other.listBarredFor('user'), [{ clientId: 'app', at: noon + 9 }])
      const asked = () =>
        Promise.all([
          other.isUserBarred('user', 'app'),
          other.isUserBarred('user', 'other'),
          other.isUserBarred('another', 'app'),
        ])
      assert.deepEqual(await asked(), [true, false, false])
      assert.equal(await other.commit([unbar]), 'committed')
      assert.deepEqual(await asked(), [false, false, false])
      assert.deepEqual(await other.listBarredFor('user'), [])
    })

    test('gets nothing by a guard that looked before', async () => {
      const { store, other } = opened()
      const token = aLegacyToken({ lookup: Buffer.from([1]) })
      await importing(store, token)
      await store.commit([bar])
      for (const write of [code(1), ...allow(1).slice(0, 1)])
        assert.equal(await other.commit([write]), 'overtaken', write.write)
      assert.equal(await other.commit(exchange(token, { number: 7 })), 'overtaken')
      assert.equal((await other.findLegacyToken([token.lookup], 'app', 'user'))?.barred, 'user')
      await other.commit([unbar])
      assert.equal(await other.commit(exchange(token, { number: 7 })), 'committed')
    })
  })

  suite('what is changed of a user or an organization', () => {
    test('is changed where they still are as they were seen, and else not at all', async () => {
      const { store, other } = opened()
      const user = aUser({ region: 'us', email: 'user@acme.example' })
      await store.commit([{ write: 'put_user', user, organizations: [] }])
      const changed = { ...user, region: undefined, language: 'de', name: 'Another' }
      const change: Write = { write: 'change_user', user: changed, seen: user }
      assert.equal(await store.commit([change]), 'committed')
      assert.deepEqual(await other.findUser(user.id), changed)
      assert.equal(await other.commit([change]), 'overtaken')

      const organization = anOrganization({ region: 'us' })
      await store.commit([{ write: 'put_organization', organization }])
      const narrowed = {
        ...organization,
        allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
        region: undefined,
      }
      const narrow: Write = { write: 'change_organization', organization: narrowed, seen: organization }
      assert.equal(await store.commit([narrow]), 'committed')
      assert.deepEqual(await other.findOrganization(organization.id), narrowed)
      assert.equal(await other.commit([narrow]), 'overtaken')
    })
  })
}
