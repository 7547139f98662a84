/** The part of the contract that is about an app that gives up all that somebody allowed it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import type { Connection } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { aClient, aCode, aConnection, aLegacyToken, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { exchange, importing } from './contract.ts'

const app = { actor: 'client:app', address: '192.0.2.1', requestId: 'r1' }
const end = (connection: Connection): Write => ({
  write: 'end_connections',
  connection,
  at: noon + 9,
  actor: app,
})

async function connect(store: Store, changes: Partial<Connection>): Promise<Connection> {
  const connection = aConnection(changes)
  const allow: Write = { write: 'allow_connection', connection, seen: undefined }
  assert.equal(await store.commit([allow]), 'committed')
  return connection
}

const stateOf = async (store: Store, ...numbers: readonly number[]) =>
  (await Promise.all(numbers.map((number) => store.findConnectionByNumber(number)))).map(
    (found) => found && [found.status, found.epoch, found.liveGrants],
  )

/** Part of `keepsTheContract`. */
export function keepsConnectionPromises(opened: () => Opened): void {
  suite('an app gives up what somebody allowed it', () => {
    test('a user: in every organization, each with its event, and the open codes; nobody else loses anything', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'other' }), at: noon }])
      const own = await connect(store, { number: 11, userId: 'a', organizationId: '' })
      await connect(store, { number: 12, userId: 'a', organizationId: 'company' })
      await connect(store, { number: 13, userId: 'b', organizationId: 'company' })
      await connect(store, { number: 14, userId: '', organizationId: 'company' })
      await connect(store, { number: 15, userId: 'a', clientId: 'other' })
      const code = (at: number, changes = {}): Write => ({
        write: 'add_code',
        code: aCode({ hash: Buffer.from([at]), userId: 'a', organizationId: 'elsewhere', ...changes }),
        openMax: undefined,
      })
      await store.commit([code(1)])
      await store.commit([code(2, { userId: 'b' })])

      assert.equal(await store.commit([end(own)]), 'committed')
      assert.equal(await other.commit([end(own)]), 'overtaken', 'once')
      const [ended, live] = [
        ['revoked', 2, []],
        ['live', 1, []],
      ]
      assert.deepEqual(await stateOf(other, 11, 12, 13, 14, 15), [ended, ended, live, live, live])
      assert.equal(await other.findCode(Buffer.from([1])), undefined)
      assert.ok(await other.findCode(Buffer.from([2])))
      const events = (await other.listEvents(0, 100)).filter(({ kind }) => kind === 'connection_revoked')
      assert.deepEqual(
        events.map(({ actor, address, requestId, clientId, userId, organizationId, at, detail }) => [
          [actor, address, requestId, clientId, userId],
          [organizationId, at, detail],
        ]),
        [
          [
            ['client:app', '192.0.2.1', 'r1', 'app', 'a'],
            [undefined, noon + 9, 'connection 11, 0 grants'],
          ],
          [
            ['client:app', '192.0.2.1', 'r1', 'app', 'a'],
            ['company', noon + 9, 'connection 12, 0 grants'],
          ],
        ],
      )
    })

    test('a company: its own connection ends, and no user’s, nor another company’s', async () => {
      const { store, other } = opened()
      const company = await connect(store, { number: 11, userId: '', organizationId: 'company' })
      await connect(store, { number: 12, userId: '', organizationId: 'another' })
      await connect(store, { number: 13, userId: 'a', organizationId: 'company' })
      assert.equal(await store.commit([end(company)]), 'committed')
      const live = ['live', 1, []]
      assert.deepEqual(await stateOf(other, 11, 12, 13), [['revoked', 2, []], live, live])
    })

    test('whoever allowed the app anew in between keeps that: the token was of what came before', async () => {
      const { store, other } = opened()
      const before = await connect(store, { number: 11 })
      await store.commit([{ write: 'revoke_connection', connection: before }])
      const seen = await store.findConnectionByNumber(11)
      const again = { ...before, epoch: 2 }
      assert.equal(await store.commit([{ write: 'allow_connection', connection: again, seen }]), 'committed')
      assert.equal(await other.commit([end(before)]), 'overtaken')
      assert.deepEqual(await stateOf(other, 11), [['live', 2, []]])
    })

    test('an exchange that looked before it loses', async () => {
      const { store, other } = opened()
      const token = aLegacyToken({ lookup: Buffer.from([1]) })
      await importing(store, token)
      const connection = await connect(store, { number: 11 })
      assert.equal(await store.commit([end(connection)]), 'committed')
      assert.equal(await other.commit(exchange(token, { number: 500, connection })), 'overtaken')
    })

    test('a reuse and an uninstall at the same moment: whichever comes second sees the first', async () => {
      const { store } = opened()
      const reuse = (number: number): Write => ({
        write: 'end_grant',
        number,
        reason: 'refresh_token_reused',
        whileConnected: true,
      })
      const uninstall = (connection: Connection, byGrant: number): Write => ({
        write: 'revoke_connection',
        connection,
        byGrant,
      })
      const granted = async (number: number): Promise<Connection> => {
        const token = aLegacyToken({ lookup: Buffer.from([number]), userId: `user ${number}` })
        await importing(store, token)
        await store.commit(exchange(token, { number }))
        return (await store.findConnection('app', token.userId, '')) ?? assert.fail('no connection')
      }
      const one = await granted(21)
      assert.equal(await store.commit([reuse(21)]), 'committed')
      assert.equal(await store.commit([uninstall(one, 21)]), 'overtaken')
      const other = await granted(22)
      assert.equal(await store.commit([uninstall(other, 22)]), 'committed')
      assert.equal(await store.commit([reuse(22)]), 'overtaken')
    })
  })

  test('a connection comes in as revoked where there is none, and its user may allow it anew', async () => {
    const { store, other } = opened()
    const connection = aConnection({ number: 11, status: 'revoked', epoch: 2, scopes: [] })
    const mark: Write = { write: 'add_revoked_connection', connection }
    assert.equal(await store.commit([mark]), 'committed')
    assert.equal(await other.commit([{ ...mark, connection: { ...connection, number: 12 } }]), 'overtaken')
    assert.deepEqual(await stateOf(other, 11, 12), [['revoked', 2, []], undefined])
    const anew: Connection = { ...connection, status: 'live', scopes: ['read'] }
    const allow: Write = { write: 'allow_connection', connection: anew, seen: connection }
    assert.equal(await store.commit([allow]), 'committed')
    assert.deepEqual(await stateOf(other, 11), [['live', 2, []]])
  })
}
