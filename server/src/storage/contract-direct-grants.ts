/** The part of the contract that is about grants of somebody whom the request names outright. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import { aClient, aConnection, aGrant, anOrganization, aUser, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'

const actor = { actor: 'tokenferry', address: undefined, requestId: undefined }
const user = aUser({ passwordHash: 'the hash', email: 'User@Acme.example', region: 'eu' })
const place = { clientId: 'app', userId: 'user', organizationId: 'a-company' } as const
const absent: ConnectionExpected = { ...place, found: undefined }

/** Part of `keepsTheContract`. */
export function keepsDirectGrantPromises(opened: () => Opened): void {
  const begin = (changes: Partial<Extract<Write, { write: 'begin_grant' }>> = {}): Write => ({
    write: 'begin_grant',
    clientId: 'app',
    userId: 'user',
    passwordHash: 'the hash',
    at: noon,
    connection: absent,
    ...changes,
  })
  const born = (number: number): readonly Write[] => {
    const connection = aConnection({ ...place, number })
    return [
      { write: 'open_connection', connection, grantNumber: number, grantsMax: 50, at: noon, isNew: true },
      { write: 'add_grant', grant: aGrant({ ...place, number, connection: number }) },
    ]
  }
  const seed = async () => {
    const { store } = opened()
    await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
    for (const id of ['b-company', 'a-company'])
      await store.commit([
        {
          write: 'put_organization',
          organization: anOrganization({ id, allowedAddresses: ['192.0.2.0/24'] }),
        },
      ])
    await store.commit([{ write: 'put_user', user, organizations: ['b-company', 'a-company'] }])
    return opened()
  }

  suite('a grant for a password', () => {
    test('is begun while the password is the user’s, and they and the app are enabled', async () => {
      const { store } = await seed()
      const outcome = async (...changes: Parameters<typeof begin>) => store.commit([begin(...changes)])
      assert.equal(await outcome(), 'committed')
      assert.equal(await outcome({ passwordHash: 'before' }), 'overtaken')
      assert.equal(await outcome({ userId: 'nobody' }), 'overtaken')
      await store.commit([{ write: 'set_status', record: 'users', id: 'user', status: 'disabled' }])
      assert.equal(await outcome(), 'overtaken')
      await store.commit([{ write: 'set_status', record: 'users', id: 'user', status: 'enabled' }])
      const seen = aClient()
      await store.commit([{ write: 'change_client', client: { ...seen, status: 'disabled' }, seen }])
      assert.equal(await outcome(), 'overtaken')
    })

    test('is not begun while the account is locked, by whichever process', async () => {
      const { store, other } = await seed()
      const failed = { write: 'note_failed_sign_in', name: 'n', userId: 'user', at: noon, actor } as const
      for (let one = 0; one < 10; one += 1) await other.commit([failed])
      assert.equal(await store.commit([begin()]), 'overtaken')
      assert.equal(await store.commit([begin({ at: noon + 15 * 60_000 })]), 'committed')
    })

    test('makes one connection, however many begin at once', async () => {
      const { store, other } = await seed()
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          (at % 2 === 0 ? store : other).commit([begin(), ...born(at + 1)]),
        ),
      )
      assert.equal(outcomes.filter((outcome) => outcome === 'committed').length, 1)
      assert.equal(
        (await store.listConnections({ userId: 'user' }, { after: undefined, limit: 10 })).length,
        1,
      )
    })

    test('revives a revoked connection only as it was seen, and none that is barred', async () => {
      const { store } = await seed()
      await store.commit([begin(), ...born(1)])
      const [live] = await store.listConnections({ userId: 'user' }, { after: undefined, limit: 10 })
      assert.ok(live)
      await store.commit([{ write: 'revoke_connection', connection: live }])
      const revoked = await store.findConnectionByNumber(1)
      assert.ok(revoked)
      const found = { ...revoked, scopes: undefined }
      const asSeen = begin({ connection: { ...place, found } })
      const revive = {
        write: 'allow_connection',
        connection: { ...revoked, status: 'live' },
        seen: revoked,
      } as const
      assert.equal(
        await store.commit([begin({ connection: { ...place, found: { ...found, status: 'live' } } })]),
        'overtaken',
      )
      assert.equal(await store.commit([asSeen, revive]), 'committed')
      assert.equal((await store.findConnectionByNumber(1))?.status, 'live')
      assert.equal(
        await store.commit([asSeen, revive]),
        'overtaken',
        'it lives, and is no longer as it was seen',
      )
      const bar = {
        write: 'bar_client',
        organizationId: 'a-company',
        clientId: 'app',
        by: undefined,
        at: noon,
        actor,
      } as const
      await store.commit([bar])
      assert.equal(await store.commit([begin()]), 'overtaken')
    })
  })

  suite('somebody whom a request names', () => {
    test('is found by id, name or address, with their first company and how they stand to the app', async () => {
      const { store } = await seed()
      await store.commit([begin(), ...born(1)])
      for (const [by, value] of [
        ['id', 'user'],
        ['username', 'user@example'],
        ['email', 'USER@acme.example'],
      ] as const) {
        const [subject, another] = await store.findUserSubjects('app', by, value)
        assert.ok(subject && !another, by)
        assert.deepEqual(subject.user, user)
        assert.equal(subject.organization?.id, 'a-company')
        assert.deepEqual(subject.organization.allowedAddresses, ['192.0.2.0/24'])
        assert.equal(subject.connection?.number, 1)
        assert.deepEqual([subject.barred, subject.enabled], [undefined, false])
      }
      assert.deepEqual(await store.findUserSubjects('app', 'id', 'nobody'), [])
      const [elsewhere] = await store.findUserSubjects('other', 'id', 'user')
      assert.equal(elsewhere?.connection, undefined)
    })

    test('without a company is found alone; a company is found as itself', async () => {
      const { store } = await seed()
      await store.commit([
        { write: 'put_user', user: aUser({ id: 'alone', username: 'alone' }), organizations: [] },
      ])
      const [alone] = await store.findUserSubjects('app', 'username', 'alone')
      assert.deepEqual(
        [alone?.user?.id, alone?.organization, alone?.connection],
        ['alone', undefined, undefined],
      )
      const company = await store.findOrganizationSubject('app', 'b-company')
      assert.deepEqual([company?.user, company?.organization?.id], [undefined, 'b-company'])
      assert.equal(await store.findOrganizationSubject('app', 'nobody'), undefined)
    })

    test('of an address that several share, two are told: it is nobody’s alone', async () => {
      const { store } = await seed()
      for (const id of ['two', 'three'])
        await store.commit([
          {
            write: 'put_user',
            user: aUser({ id, username: id, email: 'user@acme.example' }),
            organizations: [],
          },
        ])
      assert.equal((await store.findUserSubjects('app', 'email', 'user@acme.example')).length, 2)
    })

    test('is barred with the company, and members are counted once each', async () => {
      const { store } = await seed()
      const bar = {
        write: 'bar_client',
        organizationId: 'a-company',
        clientId: 'app',
        by: undefined,
        at: noon,
        actor,
      } as const
      await store.commit([bar])
      assert.equal((await store.findUserSubjects('app', 'id', 'user'))[0]?.barred, 'organization')
      assert.equal((await store.findOrganizationSubject('app', 'a-company'))?.barred, 'organization')
      assert.equal((await store.findOrganizationSubject('other', 'a-company'))?.barred, undefined)
      assert.equal(await store.countMembers('a-company', ['user', 'nobody']), 1)
      assert.equal(await store.countMembers('a-company', []), 0)
    })

    test('stands to the app alone, in each company, or with each company whole', async () => {
      const { store } = await seed()
      await store.commit([begin(), ...born(1)])
      const standings = async (clientId: string, as: Parameters<typeof store.listStandings>[2]) =>
        (await store.listStandings(clientId, 'user', as)).map(({ organization, connection, barred }) => [
          organization?.id,
          connection?.number,
          barred,
        ])
      assert.deepEqual(await standings('app', 'user'), [[undefined, undefined, undefined]])
      assert.deepEqual(await standings('app', 'user in an organization'), [
        ['a-company', 1, undefined],
        ['b-company', undefined, undefined],
      ])
      assert.deepEqual(await standings('app', 'organization'), [
        ['a-company', undefined, undefined],
        ['b-company', undefined, undefined],
      ])
      const enabled = async (as: Parameters<typeof store.listStandings>[2]) =>
        (await store.listStandings('app', 'user', as)).map((standing) => standing.enabled)
      assert.deepEqual(await enabled('user'), [false])
      const enable = { write: 'enable_client', clientId: 'app', by: undefined, at: noon } as const
      await store.commit([{ ...enable, organizationId: 'b-company' }])
      assert.deepEqual(await enabled('user in an organization'), [false, true])
      // Alone they come with the word of any company of theirs.
      assert.deepEqual(await enabled('user'), [true])
      const bar = { write: 'bar_client', clientId: 'app', by: undefined, at: noon, actor } as const
      await store.commit([{ ...bar, organizationId: 'b-company' }])
      // Alone they would be back with every company of theirs.
      assert.deepEqual(await standings('app', 'user'), [[undefined, undefined, 'organization']])
      for (const as of ['user in an organization', 'organization'] as const)
        assert.deepEqual(
          (await standings('app', as)).map(([, , barred]) => barred),
          [undefined, 'organization'],
        )
      assert.deepEqual(await standings('other', 'user'), [[undefined, undefined, undefined]])
      assert.deepEqual(await store.listStandings('app', 'nobody', 'user in an organization'), [])
    })
  })
}
