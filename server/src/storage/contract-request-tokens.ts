/** The part of the contract that is about request tokens, and about apps that an organization lets in. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import type { RequestToken } from '../kernel/request-token.ts'
import {
  aClient,
  aConnection,
  aGrant,
  anOrganization,
  aRequestToken,
  aUser,
  noon,
} from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { rotation } from './contract.ts'

const company = 'company'
const none: ConnectionExpected = {
  clientId: 'app',
  userId: '',
  organizationId: company,
  found: undefined,
}
const connection = aConnection({ number: 50, userId: '', organizationId: company })
const found: ConnectionExpected = { ...none, found: { ...connection, scopes: undefined } }

const make = (token: RequestToken): Write => ({ write: 'make_request_token', token })

/** The writes of a first use, as the kernel makes them. */
const firstUse = ({ hash }: RequestToken, grantNumber = 7): readonly Write[] => [
  {
    write: 'redeem_request_token',
    hash,
    at: noon,
    usesMax: 5,
    seen: undefined,
    keyVersion: 1,
    grantNumber,
    connection: none,
  },
  { write: 'open_connection', connection, grantNumber, grantsMax: 50, at: noon, isNew: true },
  {
    write: 'add_grant',
    grant: aGrant({
      number: grantNumber,
      connection: connection.number,
      userId: '',
      organizationId: company,
      actsAs: 'organization',
    }),
  },
]
const again = ({ hash }: RequestToken, at = noon): Extract<Write, { write: 'redeem_request_token' }> => ({
  write: 'redeem_request_token',
  hash,
  at,
  usesMax: 5,
  seen: 7,
  keyVersion: 1,
  grantNumber: 7,
  connection: found,
})
const key = { clientId: 'app', userId: '', organizationId: company }

const bar = {
  write: 'bar_client',
  organizationId: company,
  clientId: 'app',
  by: undefined,
  at: noon,
  actor: { actor: 'operator', address: undefined, requestId: undefined },
} as const

/** Part of `keepsTheContract`. */
export function keepsRequestTokenPromises(opened: () => Opened): void {
  const prepare = async (): Promise<Opened> => {
    const { store } = opened()
    await store.commit([{ write: 'put_organization', organization: anOrganization() }])
    await store.commit([{ write: 'put_user', user: aUser(), organizations: [company] }])
    return opened()
  }
  const madeAndUsed = async (): Promise<Opened> => {
    const here = await prepare()
    await here.store.commit([make(aRequestToken())])
    assert.equal(await here.store.commit(firstUse(aRequestToken())), 'committed')
    return here
  }

  suite('a request token', () => {
    test('is found unchanged, with its subject; a user’s only while they belong to the organization', async () => {
      const { store, other } = await prepare()
      const token = aRequestToken({ authorizedBy: 'admin', scopes: ['read', 'write'] })
      const ofUser = aRequestToken({ hash: Buffer.alloc(32, 6), userId: 'user' })
      for (const one of [token, ofUser]) assert.equal(await store.commit([make(one)]), 'committed')
      assert.deepEqual(await other.findRequestToken(token.hash), {
        token,
        subject: {
          user: undefined,
          organization: anOrganization(),
          connection: undefined,
          barred: undefined,
          enabled: false,
        },
        belongs: true,
        authorized: false,
        grant: undefined,
      })
      const theirs = await other.findRequestToken(ofUser.hash)
      assert.deepEqual([theirs?.token, theirs?.subject.user, theirs?.belongs], [ofUser, aUser(), true])
      assert.deepEqual(await other.findMemberSubject(ofUser), theirs?.subject)
      assert.equal(await other.findMemberSubject({ ...key, userId: 'stranger' }), undefined)
      assert.equal(await other.findRequestToken(Buffer.alloc(32, 99)), undefined)

      await store.commit([{ write: 'remove_membership', userId: 'user', organizationId: company }])
      assert.equal((await other.findRequestToken(ofUser.hash))?.belongs, false)
      const redeem = { ...again(ofUser), seen: undefined, connection: { ...none, userId: 'user' } }
      assert.equal(await other.commit([redeem]), 'overtaken')
      assert.equal(await other.commit([make(ofUser)]), 'overtaken')
    })

    test('is one at a time: another one of the same app and organization takes its place, unused', async () => {
      const { store, other } = await madeAndUsed()
      const next = aRequestToken({ hash: Buffer.alloc(32, 8), created: noon, expires: noon + 86_400_000 })
      const ofUser = aRequestToken({ hash: Buffer.alloc(32, 6), userId: 'user' })
      await store.commit([make(ofUser)])
      assert.equal(await other.commit([make(next)]), 'committed')
      assert.equal(await store.findRequestToken(aRequestToken().hash), undefined)
      assert.deepEqual((await store.findRequestToken(next.hash))?.token, next)
      assert.ok(await store.findRequestToken(ofUser.hash))
      const listed = (filter: object, limit = 9) => other.listRequestTokens(filter, limit)
      assert.deepEqual(
        (await listed({})).map(({ userId }) => userId),
        ['', 'user'],
      )
      assert.equal((await listed({ clientId: 'app', organizationId: company }, 1)).length, 1)
      assert.deepEqual(await listed({ clientId: 'other' }), [])
      assert.ok(!JSON.stringify(await listed({})).includes('hash'))
      assert.deepEqual((await store.findGrant(7))?.grant.status, 'live', 'what it has brought lives on')
    })

    test('of many first uses one makes the grant, and the later ones are counted, five in all', async () => {
      const { store, other } = await prepare()
      const token = aRequestToken()
      await store.commit([make(token)])
      const firsts = await Promise.all(
        Array.from({ length: 8 }, (_, at) => (at % 2 ? store : other).commit(firstUse(token))),
      )
      assert.equal(firsts.filter((outcome) => outcome === 'committed').length, 1)
      const seen = await store.findRequestToken(token.hash)
      assert.deepEqual([seen?.token.uses, seen?.token.grantNumber, seen?.grant?.number], [1, 7, 7])
      assert.equal(seen?.subject.connection?.number, 50)
      const later = await Promise.all(
        Array.from({ length: 8 }, (_, at) => (at % 2 ? store : other).commit([again(token)])),
      )
      assert.equal(later.filter((outcome) => outcome === 'committed').length, 4)
      assert.equal((await other.findRequestToken(token.hash))?.token.uses, 5)
    })

    test('goes no further than its day, nor for a client from before which all was recalled', async () => {
      const { store, other } = await madeAndUsed()
      const token = aRequestToken()
      assert.equal(await other.commit([again(token, token.expires)]), 'overtaken')
      const change = (client: ReturnType<typeof aClient>, seen = aClient()): Write => ({
        write: 'change_client',
        client,
        seen,
      })
      const disabled = aClient({ status: 'disabled' })
      await store.commit([change(disabled)])
      assert.equal(await other.commit([again(token)]), 'overtaken')
      assert.equal(await other.commit([make(aRequestToken({ hash: Buffer.alloc(32, 8) }))]), 'overtaken')
      await store.commit([change(aClient({ tokensValidAfter: token.created + 1 }), disabled)])
      assert.equal(await other.commit([again(token)]), 'overtaken')
    })

    const ends: Readonly<Record<string, Write>> = {
      'the pair was used': rotation(7, 0),
      'the grant has ended': { write: 'end_grant', number: 7, reason: 'why' },
      'the organization is disabled': {
        write: 'set_status',
        record: 'organizations',
        id: company,
        status: 'disabled',
      },
      'the connection was revoked': { write: 'revoke_connection', connection },
      'the app was barred': bar,
      'it was ended': { write: 'end_request_token', of: key },
    }
    for (const [name, end] of Object.entries(ends)) {
      test(`is worth nothing once ${name}`, async () => {
        const { store, other } = await madeAndUsed()
        assert.equal(await store.commit([end]), 'committed')
        assert.equal(await other.commit([again(aRequestToken())]), 'overtaken')
      })
    }

    test('is worth what the word of whoever made it is worth at that moment, also where it was used', async () => {
      const { store, other } = await prepare()
      const token = aRequestToken({ authorizedBy: 'boss' })
      const role = (of: 'admin' | 'member', organizationId = company): Write => ({
        write: 'put_membership',
        userId: 'boss',
        organizationId,
        role: of,
      })
      const status = (to: 'enabled' | 'disabled'): Write => ({
        write: 'set_status',
        record: 'users',
        id: 'boss',
        status: to,
      })
      const boss = aUser({ id: 'boss', username: 'boss' })
      await store.commit([{ write: 'put_user', user: boss, organizations: [] }])
      await store.commit([role('admin', 'another')])
      await store.commit([make(token)])
      const isRefused = async (writes: readonly Write[], why: string): Promise<void> => {
        assert.equal((await other.findRequestToken(token.hash))?.authorized, false, why)
        assert.equal(await other.commit(writes), 'overtaken', why)
      }
      const leave: Write = { write: 'remove_membership', userId: 'boss', organizationId: company }
      for (const use of [firstUse(token), [again(token)]]) {
        await isRefused(use, 'an admin of another organization is none of this')
        for (const [from, to, why] of [
          [role('admin'), role('member'), 'a mere member'],
          [role('admin'), leave, 'has left'],
          [role('admin'), status('disabled'), 'is disabled'],
        ] as const) {
          assert.equal(await store.commit([from]), 'committed')
          assert.equal((await other.findRequestToken(token.hash))?.authorized, true)
          assert.equal(await store.commit([to]), 'committed')
          await isRefused(use, why)
        }
        await store.commit([status('enabled')])
        assert.equal(await other.commit(use), 'committed')
        await store.commit([leave])
      }
    })

    const takings: Readonly<Record<string, Write>> = {
      'the connection is revoked': { write: 'revoke_connection', connection },
      'the app ends its connection': { write: 'end_connections', connection, at: noon, actor: bar.actor },
      'the app is barred': bar,
    }
    for (const [name, taking] of Object.entries(takings)) {
      test(`that nobody has used yet goes where ${name}; a user’s stays, but for the bar`, async () => {
        const { store, other } = await prepare()
        const ofUser = aRequestToken({ hash: Buffer.alloc(32, 6), userId: 'user' })
        await store.commit([{ write: 'allow_connection', connection, seen: undefined }])
        for (const token of [aRequestToken(), ofUser]) await store.commit([make(token)])
        assert.equal(await other.hasRequestToken(key), true)
        assert.equal(await store.commit([taking]), 'committed')
        assert.equal(await other.hasRequestToken(key), false)
        assert.equal(await other.hasRequestToken(ofUser), taking !== bar)
        assert.equal(await other.commit([{ write: 'end_request_token', of: key }]), 'overtaken')
        const again = await other.commit([make(aRequestToken())])
        assert.equal(again, taking === bar ? 'overtaken' : 'committed')
      })
    }

    test('of a user goes with all that the app ends of them, in whichever company; the company’s stays', async () => {
      const { store, other } = await prepare()
      const ofUser = aRequestToken({ hash: Buffer.alloc(32, 6), userId: 'user' })
      for (const token of [aRequestToken(), ofUser]) await store.commit([make(token)])
      const theirs = aConnection({ number: 51 })
      await store.commit([{ write: 'allow_connection', connection: theirs, seen: undefined }])
      const end = { write: 'end_connections', connection: theirs, at: noon, actor: bar.actor } as const
      assert.equal(await store.commit([end]), 'committed')
      assert.deepEqual([await other.hasRequestToken(ofUser), await other.hasRequestToken(key)], [false, true])
    })

    test('is swept a day after its end', async () => {
      const { store } = await madeAndUsed()
      const { expires, hash } = aRequestToken()
      await store.sweep(expires + 86_400_000, 100)
      assert.ok(await store.findRequestToken(hash))
      await store.sweep(expires + 86_400_001, 100)
      assert.equal(await store.findRequestToken(hash), undefined)
    })

    test('a subject is a user or an organization', async () => {
      const { store } = await prepare()
      const known = await Promise.all(['user', company, 'nobody', ''].map((id) => store.isSubject(id)))
      assert.deepEqual(known, [true, true, false, false])
    })
  })

  suite('an app that an organization lets in', () => {
    test('is let in once, is found with whom it was, and that is ended once', async () => {
      const { store, other } = await prepare()
      const enable = (clientId: string, by?: string): Write => ({
        write: 'enable_client',
        organizationId: company,
        clientId,
        by,
        at: noon,
      })
      const end: Write = { write: 'end_enabling', organizationId: company, clientId: 'app' }
      assert.equal(await store.commit([end]), 'overtaken')
      for (const write of [enable('other'), enable('app', 'admin')])
        assert.deepEqual(
          [await store.commit([write]), await other.commit([write])],
          ['committed', 'overtaken'],
        )
      assert.deepEqual(await other.listEnabled(company), [
        { clientId: 'app', at: noon, by: 'admin' },
        { clientId: 'other', at: noon, by: undefined },
      ])
      const admittable = async () =>
        (await other.listAdmittable(company)).map(({ client, enabled }) => [client.id, enabled])
      await store.commit([{ write: 'add_client', client: aClient({ id: 'b', name: 'A b' }), at: noon }])
      const off = aClient({ id: 'off', status: 'disabled' })
      await store.commit([{ write: 'add_client', client: off, at: noon }])
      assert.deepEqual(await admittable(), [
        ['b', false],
        ['app', true],
      ])
      const [first] = await other.listAdmittable(company)
      assert.deepEqual([first?.client.type, first?.client.scopes], ['confidential', ['read', 'write']])
      const isEnabled = () =>
        Promise.all([other.isEnabled(company, 'app'), other.isEnabled('another', 'app')])
      assert.deepEqual(await isEnabled(), [true, false])
      assert.equal((await other.findOrganizationSubject('app', company))?.enabled, true)
      assert.equal((await other.findMemberSubject({ ...key, userId: 'user' }))?.enabled, true)
      assert.equal(await other.commit([end]), 'committed')
      assert.equal(await store.commit([end]), 'overtaken')
      assert.deepEqual(await isEnabled(), [false, false])
      await store.commit([bar])
      assert.deepEqual(await admittable(), [['b', false]])
    })
  })
}
