/** The part of the contract that is about what users, admins and their pages ask and write. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import type { Connection, Membership } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import {
  aClient,
  aCode,
  aConnection,
  aGrant,
  aLegacyToken,
  anOrganization,
  aSession,
  aUser,
  noon,
} from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { exchange, find, importing } from './contract.ts'

const admin = { actor: 'user:admin', address: '192.0.2.1', requestId: 'r1' }
const bar = (organizationId = 'company', clientId = 'app'): Write => ({
  write: 'bar_client',
  organizationId,
  clientId,
  by: 'admin',
  at: noon + 9,
  actor: admin,
})
const unbar: Write = { write: 'unbar_client', organizationId: 'company', clientId: 'app' }

/** Adds a connection with grants, as consent and redemptions would. */
async function connect(store: Store, changes: Partial<Connection>, rotatedAt = noon): Promise<Connection> {
  const connection = aConnection({ organizationId: 'company', ...changes })
  const allow = { ...connection, liveGrants: [] }
  assert.equal(
    await store.commit([
      { write: 'allow_connection', connection: allow, seen: undefined },
      ...connection.liveGrants.flatMap((number): Write[] => [
        {
          write: 'open_connection',
          connection: allow,
          grantNumber: number,
          grantsMax: 50,
          at: noon,
          isNew: false,
        },
        {
          write: 'add_grant',
          grant: aGrant({ ...connection, connection: connection.number, number, status: 'live', rotatedAt }),
        },
      ]),
    ]),
    'committed',
  )
  return connection
}

const inCompany = (at: number, changes = {}) =>
  aLegacyToken({ lookup: Buffer.from([at]), organizationId: 'company', ...changes })

/** The writes of an exchange of a token of the company. */
const exchangeThere = (at: number, connection?: Connection): readonly Write[] =>
  exchange(inCompany(at), { number: 500 + at, connection }).map((write) => {
    if (write.write === 'exchange_legacy_token')
      return { ...write, connection: { ...write.connection, organizationId: 'company' } }
    return write.write === 'open_connection'
      ? { ...write, connection: { ...write.connection, organizationId: 'company' } }
      : write
  })

/** Part of `keepsTheContract`. */
export function keepsAccountPromises(opened: () => Opened): void {
  suite('an app that is barred from an organization', () => {
    test('loses all its connections there in the same commit, each with its event; others stay', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'other' }), at: noon }])
      await connect(store, { number: 11, userId: 'a', liveGrants: [101, 102] })
      await connect(store, { number: 12, userId: '', liveGrants: [103] })
      await connect(store, { number: 13, userId: 'a', organizationId: 'another', liveGrants: [104] })
      await connect(store, { number: 14, userId: 'a', clientId: 'other', liveGrants: [105] })
      await connect(store, { number: 15, userId: 'a', organizationId: '' })
      const code = (at: number, changes = {}): Write => ({
        write: 'add_code',
        code: aCode({ hash: Buffer.from([at]), organizationId: 'company', ...changes }),
        openMax: undefined,
      })
      await store.commit([code(1)])
      await store.commit([code(2, { organizationId: 'another' })])
      assert.equal(await store.commit([bar()]), 'committed')
      assert.equal(await other.commit([bar()]), 'overtaken')

      const states = await Promise.all(
        [11, 12, 13, 14, 15].map((number) => other.findConnectionByNumber(number)),
      )
      assert.deepEqual(
        states.map((found) => [found?.status, found?.epoch, found?.liveGrants]),
        [
          ['revoked', 2, []],
          ['revoked', 2, []],
          ['live', 1, [104]],
          ['live', 1, [105]],
          ['live', 1, []],
        ],
      )
      assert.equal(await other.findCode(Buffer.from([1])), undefined)
      assert.ok(await other.findCode(Buffer.from([2])))
      const events = (await other.listEvents(0, 100)).filter(({ kind }) => kind === 'connection_revoked')
      assert.deepEqual(
        events.map(({ actor, userId, organizationId, at, detail }) => [
          actor,
          userId,
          organizationId,
          at,
          detail,
        ]),
        [
          ['user:admin', 'a', 'company', noon + 9, 'connection 11, 2 grants'],
          ['user:admin', undefined, 'company', noon + 9, 'connection 12, 1 grants'],
        ],
      )
      assert.deepEqual(await other.listBarred('company'), [{ clientId: 'app', at: noon + 9, by: 'admin' }])
      assert.deepEqual(
        [await other.isBarred('company', 'app'), await other.isBarred('another', 'app')],
        [true, false],
      )
    })

    test('gets in by no guard, whoever looked before it was barred', async () => {
      const { store, other, database } = opened()
      const [token, elsewhere] = [inCompany(1), inCompany(2, { organizationId: '' })]
      await importing(store, token, elsewhere)
      const live = await connect(store, { number: 11, userId: 'b', liveGrants: [101] })
      const key = { clientId: 'app', userId: 'user', organizationId: 'company' }
      const code = aCode({ ...key, hash: Buffer.from([1]) })
      // As if it had come in between: the bar itself takes every open code with it.
      await store.commit([{ write: 'add_code', code: { ...code, organizationId: '' }, openMax: undefined }])
      await store.commit([bar()])
      await database.query(`update codes set organization_id = 'company' returning 1`, [])

      const connection = { ...key, found: undefined }
      const writes: readonly Write[] = [
        {
          write: 'reserve_grant',
          lookup: token.lookup,
          clientId: 'app',
          exchange: 0,
          keyVersion: 1,
          grantNumber: 600,
          connection,
        },
        { write: 'redeem_code', hash: code.hash, grantNumber: 601, connection },
        { write: 'add_code', code: { ...code, hash: Buffer.from([2]) }, openMax: undefined },
        { write: 'allow_connection', connection: { ...live, ...key, number: 12 }, seen: undefined },
      ]
      for (const write of writes) assert.equal(await other.commit([write]), 'overtaken', write.write)
      assert.equal(await other.commit(exchangeThere(1)), 'overtaken')
      const revoked = await other.findConnection('app', 'b', 'company')
      const again = { write: 'allow_connection', connection: live, seen: revoked } as const
      assert.equal(await other.commit([again]), 'overtaken')
      // Of no organization, and of another one, it is as free as before.
      assert.equal(await other.commit(exchange(elsewhere, { number: 3 })), 'committed')
      await connect(other, { number: 13, organizationId: 'another' })
      // And it was the bar alone that each of them ran into.
      await other.commit([unbar])
      const [reserve, redeem, add] = writes
      for (const write of [redeem, add, reserve])
        assert.equal(write && (await other.commit([write])), 'committed', write?.write)
    })

    test('is out for its members where no organization is named, too, and for nobody else', async () => {
      const { store, other } = opened()
      const [theirs, elsewhere] = [1, 2].map((at) => inCompany(at, { organizationId: '', userId: `u${at}` }))
      assert.ok(theirs && elsewhere)
      await importing(store, theirs, elsewhere)
      await store.commit([{ write: 'put_organization', organization: anOrganization({ id: 'company' }) }])
      for (const [user, organizationId] of [
        ['u1', 'company'],
        ['u2', 'another'],
      ] as const)
        await store.commit([{ write: 'put_membership', userId: user, organizationId, role: 'member' }])
      const had = [
        { number: 11, userId: 'u1', liveGrants: [101] },
        { number: 12, userId: 'u2', liveGrants: [102] },
      ].map((changes) => connect(store, { ...changes, organizationId: '' }))
      const [mine, anothers] = await Promise.all(had)
      assert.ok(mine && anothers)
      const code = (at: number, userId: string) =>
        ({
          write: 'add_code',
          code: aCode({ hash: Buffer.from([at]), userId, organizationId: '' }),
          openMax: undefined,
        }) as const
      await store.commit([code(1, 'u1')])
      await store.commit([code(2, 'u2')])
      assert.equal(await store.commit([bar()]), 'committed')

      const states = await Promise.all([11, 12].map((number) => other.findConnectionByNumber(number)))
      assert.deepEqual(
        states.map((found) => [found?.status, found?.epoch, found?.liveGrants]),
        [
          ['revoked', 2, []],
          ['live', 1, [102]],
        ],
      )
      assert.equal(await other.findCode(Buffer.from([1])), undefined)
      assert.ok(await other.findCode(Buffer.from([2])))
      const told = (await other.listEvents(0, 100)).filter(({ kind }) => kind === 'connection_revoked')
      assert.deepEqual(
        told.map(({ userId, organizationId, detail }) => [userId, organizationId, detail]),
        [['u1', undefined, 'connection 11, 1 grants']],
      )
      const barring = async (userId: string, clientId = 'app') =>
        (await other.listBarring(userId, clientId)).map(({ id }) => id)
      assert.deepEqual(
        [await barring('u1'), await barring('u2'), await barring('u1', 'other')],
        [['company'], [], []],
      )
      const barred = async (token: typeof theirs) => (await find(other, token))?.barred
      assert.deepEqual([await barred(theirs), await barred(elsewhere)], ['organization', undefined])

      const revoked = states[0] ?? assert.fail()
      const again = { write: 'allow_connection', connection: mine, seen: revoked } as const
      const guards: readonly (readonly Write[])[] = [
        [again],
        [code(3, 'u1')],
        exchange(theirs, { number: 501, connection: revoked }),
      ]
      for (const writes of guards) assert.equal(await other.commit(writes), 'overtaken', writes[0]?.write)
      assert.equal(await other.commit([code(4, 'u2')]), 'committed')
      assert.equal(
        await other.commit(exchange(elsewhere, { number: 502, connection: anothers })),
        'committed',
      )
      await other.commit([unbar])
      for (const write of [again, code(3, 'u1')]) assert.equal(await other.commit([write]), 'committed')
    })

    test('lets nobody who joins it afterwards redeem or exchange, where no organization is named', async () => {
      const { store, other } = opened()
      const token = inCompany(1, { organizationId: '' })
      await importing(store, token)
      const code = aCode({ hash: Buffer.from([1]), userId: 'user', organizationId: '' })
      await store.commit([{ write: 'add_code', code, openMax: undefined }])
      await store.commit([bar()])
      const connection = { clientId: 'app', userId: 'user', organizationId: '', found: undefined }
      const redeem: Write = { write: 'redeem_code', hash: code.hash, grantNumber: 601, connection }
      await store.commit([
        { write: 'put_membership', userId: 'user', organizationId: 'company', role: 'member' },
      ])
      assert.equal((await other.findCode(code.hash))?.barred, 'organization')
      assert.equal(await other.commit([redeem]), 'overtaken')
      assert.equal(await other.commit(exchange(token, { number: 3 })), 'overtaken')
      await other.commit([unbar])
      assert.equal(await other.commit([redeem]), 'committed')
      assert.equal(await other.commit(exchange(token, { number: 3 })), 'committed')
    })

    test('is seen to be barred by whoever looks at a token or a code of it', async () => {
      const { store, other } = opened()
      await importing(store, inCompany(1))
      await store.commit([
        {
          write: 'add_code',
          code: aCode({ organizationId: 'company', hash: Buffer.from([1]) }),
          openMax: undefined,
        },
      ])
      const seen = async () => [
        (await other.findLegacyToken([inCompany(1).lookup], 'app', 'user'))?.barred,
        (await other.findLegacyToken([inCompany(1).lookup], 'other', 'user'))?.barred,
        (await other.findCode(Buffer.from([1])))?.barred,
      ]
      assert.deepEqual(await seen(), [undefined, undefined, undefined])
      await store.commit([bar()])
      // Its codes went with it.
      assert.deepEqual(await seen(), ['organization', undefined, undefined])
    })

    test('comes back once it is let in, and what it had before stays dead', async () => {
      const { store, other } = opened()
      await importing(store, inCompany(1))
      const live = await connect(store, { number: 11, userId: 'user', liveGrants: [101] })
      await store.commit([bar()])
      assert.equal(await other.commit([unbar]), 'committed')
      assert.equal(await other.commit([unbar]), 'overtaken')
      assert.equal(await store.isBarred('company', 'app'), false)
      const revoked = await other.findConnection('app', 'user', 'company')
      assert.ok(revoked)
      const again = { ...revoked, status: 'live' as const }
      assert.equal(
        await other.commit([{ write: 'allow_connection', connection: again, seen: revoked }]),
        'committed',
      )
      const rotate: Write = {
        write: 'rotate_refresh_token',
        number: 101,
        from: 0,
        to: 1,
        at: noon,
        usedAt: noon,
        keyVersion: 1,
        refreshUntil: undefined,
        accessUntil: noon,
      }
      assert.equal(await other.commit([rotate]), 'overtaken')
      assert.equal(await other.commit(exchangeThere(1, live)), 'overtaken')
      assert.ok(((await find(other, inCompany(1)))?.connection?.epoch ?? 0) > 1)
    })
  })

  suite('what pages ask of connections', () => {
    test('a user’s apps: live ones alone, those that wait first, then by name', async () => {
      const { store, other } = opened()
      const names = { a: 'beta', b: 'Alpha', c: 'gamma', d: 'delta' }
      for (const [id, name] of Object.entries(names))
        await store.commit([
          { write: 'add_client', client: aClient({ id, name, maker: `${name} Ltd` }), at: noon },
        ])
      await store.commit([{ write: 'put_organization', organization: anOrganization() }])
      await store.commit([{ write: 'put_user', user: aUser({ name: 'U' }), organizations: [] }])
      await connect(store, { number: 1, clientId: 'a', liveGrants: [101, 102] }, noon + 5)
      await connect(store, { number: 2, clientId: 'b' })
      await connect(store, { number: 3, clientId: 'c', confirmation: 'pending', organizationId: '' })
      const gone = await connect(store, { number: 4, clientId: 'd' })
      await store.commit([{ write: 'revoke_connection', connection: gone }])
      await connect(store, { number: 5, clientId: 'a', userId: '' })
      await connect(store, { number: 6, clientId: 'a', userId: 'another' })

      const apps = await other.listAppsOf('user')
      assert.deepEqual(
        apps.map(({ client, connection, organization, user, lastUsed }) => [
          client.name,
          connection.number,
          organization?.name,
          user?.name,
          lastUsed,
        ]),
        [
          ['gamma', 3, undefined, 'U', undefined],
          ['Alpha', 2, 'A company', 'U', undefined],
          ['beta', 1, 'A company', 'U', noon + 5],
        ],
      )
      assert.equal(apps[2]?.client.maker, 'beta Ltd')
      assert.deepEqual(apps[2]?.connection.liveGrants, [101, 102])
      assert.deepEqual(await other.listAppsOf(''), [])
      assert.deepEqual(await other.findConnectedApp(1), apps[2])
      assert.equal(await other.findConnectedApp(4), undefined)
    })

    test('an organization’s apps: taken together, with those that are barred', async () => {
      const { store, other } = opened()
      for (const id of ['a', 'b'])
        await store.commit([{ write: 'add_client', client: aClient({ id, name: id }), at: noon }])
      await connect(
        store,
        { number: 1, clientId: 'a', userId: 'u1', liveGrants: [101], since: noon + 3 },
        noon + 5,
      )
      await connect(store, { number: 2, clientId: 'a', userId: 'u2', confirmation: 'pending' })
      await connect(store, { number: 3, clientId: 'a', userId: '' })
      await connect(store, { number: 4, clientId: 'a', userId: 'u1', organizationId: 'another' })
      await store.commit([bar('company', 'b')])
      await store.commit([bar('another', 'app')])
      const listed = (await other.listOrganizationApps('company')).map(({ client, ...rest }) => [
        client.id,
        rest,
      ])
      assert.deepEqual(listed, [
        ['a', { isForAll: true, connections: 3, pending: 1, since: noon, lastUsed: noon + 5, barred: false }],
        [
          'b',
          { isForAll: false, connections: 0, pending: 0, since: noon + 9, lastUsed: undefined, barred: true },
        ],
      ])
      const pageOf = async (after: string | undefined) =>
        (await other.listOrganizationConnections('company', 'a', { after, limit: 2 })).map(
          ({ connection }) => connection.number,
        )
      assert.deepEqual([await pageOf(undefined), await pageOf('2')], [[1, 2], [3]])
      assert.deepEqual(await other.listOrganizationApps(''), [])
    })

    test('a connection’s use is noted once an hour, and never moves back', async () => {
      const { store, other } = opened()
      await connect(store, { number: 1 })
      const hour = 3_600_000
      const noted: (number | undefined)[] = []
      for (const at of [noon, noon + hour - 1, noon + hour, noon + 1]) {
        await store.noteUsage({
          replays: new Map(),
          used: new Map(),
          connectionsUsed: new Map([
            [1, at],
            [99, at],
          ]),
          legacySeen: [],
          counts: [],
        })
        const [app] = await other.listAppsOf('user')
        assert.equal(app?.lastUsed, app?.connection.lastUsed)
        noted.push(app?.lastUsed)
      }
      assert.deepEqual(noted, [noon, noon, noon + hour, noon + hour])
    })
  })

  suite('members and sessions', () => {
    test('a role is changed once, and lists say it', async () => {
      const { store, other } = opened()
      for (const id of ['o1', 'o2'])
        await store.commit([{ write: 'put_organization', organization: anOrganization({ id, name: id }) }])
      for (const id of ['u1', 'u2', 'u3'])
        await store.commit([
          { write: 'put_user', user: aUser({ id, username: id }), organizations: id === 'u3' ? [] : ['o1'] },
        ])
      const put = (role: Membership['role']): Write => ({
        write: 'put_membership',
        userId: 'u1',
        organizationId: 'o1',
        role,
      })
      assert.equal(await store.commit([put('member')]), 'overtaken')
      assert.equal(await store.commit([put('admin')]), 'committed')
      assert.equal(await other.commit([put('admin')]), 'overtaken')
      // Whoever describes the user anew does not take it away.
      await store.commit([
        { write: 'put_user', user: aUser({ id: 'u1', username: 'u1' }), organizations: ['o1', 'o2'] },
      ])
      const user = aUser({ id: 'u1', username: 'u1' })
      await store.importUsers([{ user, organizations: ['o1', 'o2'], adminOf: [] }])
      const roles = async () =>
        (await other.findMemberships('u1')).map(({ organization, role }) => [organization.id, role])
      assert.deepEqual(await roles(), [
        ['o1', 'admin'],
        ['o2', 'member'],
      ])
      await store.importUsers([{ user, organizations: ['o2'], adminOf: ['o2'] }])
      assert.deepEqual((await roles())[1], ['o2', 'admin'])
      const membersOf = async (after: string | undefined) =>
        (await other.listMembers('o1', { after, limit: 1 })).map(({ user, role }) => [user.id, role])
      assert.deepEqual(
        [await membersOf(undefined), await membersOf('u1')],
        [[['u1', 'admin']], [['u2', 'member']]],
      )
      const remove: Write = { write: 'remove_membership', userId: 'u1', organizationId: 'o1' }
      assert.equal(await store.commit([remove]), 'committed')
      assert.equal(await other.commit([remove]), 'overtaken')
      assert.deepEqual(await roles(), [['o2', 'admin']])
    })

    test('a user’s other sessions end together, and nobody else’s', async () => {
      const { store, other } = opened()
      const session = (at: number, changes = {}): Write => ({
        write: 'add_session',
        session: aSession({
          hash: Buffer.alloc(32, at),
          created: noon + at,
          address: `192.0.2.${at}`,
          ...changes,
        }),
      })
      for (const write of [session(1), session(2), session(3), session(4, { userId: 'another' })])
        await store.commit([write])
      const of = async (userId: string) => (await other.listSessions(userId)).map(({ address }) => address)
      assert.deepEqual(await of('user'), ['192.0.2.3', '192.0.2.2', '192.0.2.1'])
      const end: Write = { write: 'end_other_sessions', userId: 'user', hash: Buffer.alloc(32, 2) }
      assert.equal(await store.commit([end]), 'committed')
      assert.equal(await other.commit([end]), 'overtaken')
      assert.deepEqual([await of('user'), await of('another')], [['192.0.2.2'], ['192.0.2.4']])
    })
  })
}
