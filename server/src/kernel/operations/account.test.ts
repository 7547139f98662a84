import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aClient,
  aConnection,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aSession,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Decision, Write } from '../decision.ts'
import type { Connection, Membership } from '../records.ts'
import type { Account, GovernedFacts } from './account.ts'
import type { BarByAdminFacts } from './bar-client.ts'
import { barClient, unbarClient } from './bar-client.ts'
import { barClientForOperator, unbarClientForOperator } from './bar-client-for-operator.ts'
import { confirmConnection } from './confirm-connection.ts'
import type { SessionsEnded } from './end-other-session.ts'
import { endOtherSession } from './end-other-session.ts'
import { uninstallApp } from './uninstall-app.ts'

const moment = aMoment(aRing([aRingVersion()]))
const browser = { sessionSecret: 'secret', address: '192.0.2.1', requestId: 'r1' }
const company = anOrganization()
const memberOf = (role: Membership['role'], organization = company): Membership => ({ organization, role })

const anAccount = (changes: Partial<Account> = {}): Account => ({
  user: aUser(),
  session: aSession(),
  memberships: [],
  ...changes,
})

/** What breaks a sign-in, whichever the operation. */
const signedOut = [
  undefined,
  { user: aUser({ status: 'disabled' }) },
  { session: aSession({ expires: noon }) },
]
const accounts = signedOut.map((changes) => changes && anAccount(changes))

const eventsOf = (writes: readonly Write[]): readonly (readonly string[])[] =>
  writes.flatMap((write) => (write.write === 'append_event' ? [[write.event.kind, write.event.actor]] : []))

const governing = {
  'confirm connection': confirmConnection,
  'uninstall app': uninstallApp,
} as const

for (const [name, operation] of Object.entries(governing)) {
  const decide = (facts: GovernedFacts): Decision<Connection> =>
    operation.decide({ ...browser, connection: 1, scopesShown: ['read'] }, facts, moment)
  const pending = aConnection({ confirmation: 'pending' })
  const theirs = aConnection({ confirmation: 'pending', userId: 'other', organizationId: 'company' })
  const ofAll = aConnection({ confirmation: 'pending', userId: '', organizationId: 'company' })
  const own = { account: anAccount(), connection: pending }

  suite(`${name}: whose it is`, () => {
    const by = (changes: Partial<Account>) => (state: GovernedFacts) => ({
      ...state,
      account: anAccount(changes),
    })
    walksInOrder<GovernedFacts>(
      own,
      [
        ['signed_out', (state) => ({ ...state, account: undefined })],
        ['signed_out', by({ user: aUser({ status: 'disabled' }) })],
        ['signed_out', by({ session: aSession({ expires: noon }) })],
        ['record_unknown', (state) => ({ ...state, connection: undefined })],
        ['record_unknown', (state) => ({ ...state, connection: { ...pending, userId: 'other' } })],
      ],
      decide,
    )

    test('a member governs their own connection alone, an admin all of the organization', () => {
      for (const connection of [theirs, ofAll]) {
        const ruledBy = (...memberships: Membership[]) =>
          decide({ account: anAccount({ memberships }), connection })
        assert.equal(reasonOf(ruledBy()), 'record_unknown')
        assert.equal(reasonOf(ruledBy(memberOf('member'))), 'record_unknown')
        assert.equal(
          reasonOf(ruledBy(memberOf('admin', anOrganization({ id: 'another' })))),
          'record_unknown',
        )
        assert.equal(reasonOf(ruledBy(memberOf('admin'))), undefined)
      }
      // Of no organization, nobody is the admin.
      const personal = { ...theirs, organizationId: '' }
      const account = anAccount({ memberships: [memberOf('admin', anOrganization({ id: '' }))] })
      assert.equal(reasonOf(decide({ account, connection: personal })), 'record_unknown')
    })

    test('the event says who did it', () => {
      const { writes } = decide(own)
      const kind = operation === confirmConnection ? 'connection_confirmed' : 'connection_revoked'
      assert.deepEqual(eventsOf(writes), [[kind, 'user:user']])
    })
  })
}

suite('confirm connection', () => {
  test('nobody confirms more than they were shown', () => {
    const connection = aConnection({ confirmation: 'pending', scopes: ['read', 'write'] })
    const decide = (scopesShown: readonly string[]) =>
      confirmConnection.decide(
        { ...browser, connection: 1, scopesShown },
        { account: anAccount(), connection },
        moment,
      )
    assert.equal(reasonOf(decide(['read'])), 'parameter_malformed')
    assert.equal(decide(['read']).writes.length, 0)
    assert.equal(grantedBy(decide(['write', 'read'])).confirmation, 'confirmed')
  })
})

suite('uninstall app', () => {
  test('the connection ends, once', () => {
    const decide = (connection: Connection) =>
      uninstallApp.decide({ ...browser, connection: 1 }, { account: anAccount(), connection }, moment)
    const { writes, ...decision } = decide(aConnection({ liveGrants: [2, 3] }))
    assert.deepEqual(grantedBy({ writes, ...decision }), aConnection({ status: 'revoked', epoch: 2 }))
    assert.equal(writes[0]?.write, 'revoke_connection')
    assert.equal(reasonOf(decide(aConnection({ status: 'revoked' }))), 'nothing_to_change')
  })
})

suite('bar client', () => {
  const input = { ...browser, organizationId: 'company', clientId: 'app' }
  const whole: BarByAdminFacts = {
    account: anAccount({ memberships: [memberOf('admin')] }),
    organization: company,
    client: aClient(),
    barred: false,
  }
  const decided = (changes: Partial<BarByAdminFacts> = {}, operation = barClient) =>
    operation.decide(input, { ...whole, ...changes }, moment)
  const barred = { barred: true }

  test('only an admin of the organization bars an app, and lets it in', () => {
    for (const operation of [barClient, unbarClient]) {
      const state = operation === barClient ? {} : barred
      for (const account of accounts)
        assert.equal(reasonOf(decided({ ...state, account }, operation)), 'signed_out')
      const member = anAccount({ memberships: [memberOf('member')] })
      assert.equal(reasonOf(decided({ ...state, account: member }, operation)), 'record_unknown')
      assert.equal(reasonOf(decided({ ...state, client: undefined }, operation)), 'record_unknown')
      assert.equal(reasonOf(decided({ ...state, organization: undefined }, operation)), 'record_unknown')
      assert.equal(reasonOf(decided(state, operation)), undefined)
    }
  })

  test('it is barred once, and let in once', () => {
    assert.equal(reasonOf(decided(barred)), 'nothing_to_change')
    assert.equal(reasonOf(decided({}, unbarClient)), 'nothing_to_change')
  })

  test('the bar names the app by its own id, and the admin who set it', () => {
    const { writes } = decided({ client: aClient({ id: 'app-1', identifiers: ['app'] }) })
    const [bar] = writes
    assert.ok(bar?.write === 'bar_client')
    assert.deepEqual([bar.organizationId, bar.clientId, bar.by], ['company', 'app-1', 'user'])
    assert.deepEqual(eventsOf(writes), [['client_barred', 'user:user']])
    assert.deepEqual(eventsOf(decided(barred, unbarClient).writes), [['client_unbarred', 'user:user']])
  })

  test('an operator bars without a session, and is no user', () => {
    const actor = { actor: 'operator someone', address: undefined, requestId: undefined }
    const asked = { organizationId: 'company', clientId: 'app', actor }
    const { writes } = barClientForOperator.decide(asked, whole, moment)
    assert.ok(writes[0]?.write === 'bar_client')
    assert.equal(writes[0].by, undefined)
    assert.deepEqual(eventsOf(writes), [['client_barred', 'operator someone']])
    const back = unbarClientForOperator.decide(asked, { ...whole, barred: true }, moment)
    assert.deepEqual(grantedBy(back), { organizationId: 'company', clientId: 'app', barred: false })
  })
})

suite('end other session', () => {
  const own = aSession()
  const other = aSession({ hash: Buffer.alloc(32, 2) })
  const decided = (which: Uint8Array | 'others', sessions = [own, other], account?: Account | undefined) =>
    endOtherSession.decide(
      { sessionSecret: 'secret', which },
      { account: account ?? anAccount({ session: own }), sessions },
      moment,
    )
  const ended = (decision: Decision<SessionsEnded>): SessionsEnded => grantedBy(decision)

  test('nobody ends a session without one', () => {
    for (const account of accounts) {
      const facts = { account, sessions: [own, other] }
      const decision = endOtherSession.decide({ sessionSecret: 'secret', which: 'others' }, facts, moment)
      assert.equal(reasonOf(decision), 'signed_out')
    }
  })

  test('one of the user’s own ends, another’s is as good as none', () => {
    const decision = decided(other.hash)
    assert.deepEqual(ended(decision), { count: 1, isOwn: false })
    assert.deepEqual(decision.writes, [{ write: 'end_session', hash: other.hash }])
    assert.equal(ended(decided(own.hash)).isOwn, true)
    assert.equal(reasonOf(decided(Buffer.alloc(32, 9))), 'record_unknown')
    assert.equal(reasonOf(decided(Buffer.alloc(3))), 'record_unknown')
  })

  test('all others end, and the one that asks stays', () => {
    const decision = decided('others')
    assert.deepEqual(ended(decision), { count: 1, isOwn: false })
    assert.deepEqual(decision.writes, [{ write: 'end_other_sessions', userId: 'user', hash: own.hash }])
    assert.equal(reasonOf(decided('others', [own])), 'nothing_to_change')
  })
})
