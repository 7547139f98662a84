import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aCode,
  aConnection,
  aGrant,
  aLegacyToken,
  aMoment,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { legacyLocator, locatorHash, wrapLocator } from '../chain.ts'
import type { Decision, Write } from '../decision.ts'
import type { Policy } from '../policy.ts'
import { defaultPolicy } from '../policy.ts'
import type { Connection } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { CodeFacts, LegacyFacts } from '../store.ts'
import { newsIn } from './confirmation.ts'
import type { ExchangeInput } from './exchange-legacy-token.ts'
import { exchangeLegacyToken } from './exchange-legacy-token.ts'
import type { Caller, Issued } from './issue.ts'
import { redeemAuthorizationCode } from './redeem-authorization-code.ts'
import { refreshTokenPair } from './refresh-token-pair.ts'

type Confirmation = Policy['confirmation']

const version = aRingVersion()
const moment = aMoment(aRing([version]))
const locator = legacyLocator(version, 'old', 'app', 0)

const callerUnder = (confirmation: Confirmation): Caller =>
  aCaller({ policy: { ...defaultPolicy, confirmation } })

const legacyFacts = (changes: Partial<LegacyFacts> = {}): LegacyFacts => ({
  token: aLegacyToken(),
  shared: undefined,
  alias: undefined,
  barred: undefined,
  grant: undefined,
  connection: undefined,
  user: aUser(),
  organization: undefined,
  ...changes,
})

const grantAt = (generation: number) =>
  aGrant({ number: 5, locatorHash: locatorHash(locator), generation, rotatedAt: noon - 1 })
const exchanged = aLegacyToken({ status: 'exchanged', boundTo: 'app', keyVersion: 1, grantNumber: 5 })

const codeFacts = (changes: Partial<CodeFacts> = {}): CodeFacts => ({
  code: aCode({
    hash: sha256('code'),
    kind: 'legacy',
    legacyLookup: aLegacyToken().lookup,
    legacyClientId: 'app',
    wrappedLocator: wrapLocator(version, 'code', locator),
    grantNumber: 5,
  }),
  legacy: aLegacyToken({ keyVersion: 1, grantNumber: 5 }),
  alias: undefined,
  barred: undefined,
  grant: undefined,
  connection: undefined,
  user: aUser(),
  organization: undefined,
  ...changes,
})

function exchange(
  confirmation: Confirmation,
  facts: Partial<LegacyFacts> = {},
  input: Partial<ExchangeInput> = {},
): Decision<Issued> {
  const caller = callerUnder(confirmation)
  const asked = { caller, legacyToken: 'old', as: 'user', wants: 'pair', ...input } as const
  return exchangeLegacyToken.decide(asked, legacyFacts(facts), moment)
}

const redeem = (
  confirmation: Confirmation,
  facts: Partial<CodeFacts> = {},
  withoutRefreshToken = false,
): Decision<Issued> =>
  redeemAuthorizationCode.decide(
    { caller: callerUnder(confirmation), code: 'code', withoutRefreshToken },
    codeFacts(facts),
    moment,
  )

function refresh(confirmation: Confirmation, connection: Connection, presented: number): Decision<Issued> {
  const token = { version: 1, number: 5, locator, generation: presented }
  const found = { grant: grantAt(3), connection, user: aUser(), organization: undefined }
  return refreshTokenPair.decide(
    { caller: callerUnder(confirmation), refreshToken: 'tfr_' },
    { heard: 'genuine', token, found, numbering: undefined },
    moment,
  )
}

const opened = ({ writes }: Decision<unknown>): Extract<Write, { write: 'open_connection' }> => {
  const write = writes.find((each) => each.write === 'open_connection')
  assert.ok(write?.write === 'open_connection')
  return write
}
/** The event of a decision: its kind, and what it says in detail. */
const toldBy = ({ writes }: Decision<unknown>) =>
  writes.flatMap((write) =>
    write.write === 'append_event' ? [[write.event.kind, newsIn(write.event.detail)]] : [],
  )[0]
const formatOf = (decision: Decision<Issued>) => grantedBy(decision).access?.format

suite('confirmation: what a migrated connection begins as', () => {
  const begins = { none: 'not_needed', notify: 'pending', required: 'pending' } as const
  for (const [policy, confirmation] of Object.entries(begins) as [Confirmation, Connection['confirmation']][])
    test(`under ${policy} it is ${confirmation}, whatever its token becomes`, () => {
      const company = aLegacyToken({ organizationId: 'company', kind: 'wsadmin' })
      const ways = [
        exchange(policy),
        exchange(policy, {}, { wants: 'refresh_token' }),
        exchange(policy, { token: company }, { as: 'organization', companyKinds: ['wsadmin'] }),
        redeem(policy),
      ]
      for (const way of ways) {
        assert.equal(opened(way).isNew, true)
        assert.equal(opened(way).connection.confirmation, confirmation)
      }
      assert.equal(opened(ways[2] ?? assert.fail()).connection.userId, '', 'an admin confirms for all')
    })

  test('an access token alone leaves something to confirm, although no grant begins', () => {
    const decision = redeem('required', {}, true)
    const [guard, allow] = decision.writes
    assert.equal(guard?.write, 'redeem_code')
    assert.ok(allow?.write === 'allow_connection')
    assert.equal(allow.connection.confirmation, 'pending')
    assert.deepEqual([allow.connection.liveGrants, allow.seen], [[], undefined])
    assert.deepEqual(toldBy(decision), ['connection_pending', 'connected'])
    assert.equal(redeem('none', {}, true).writes.length, 1)
    assert.equal(redeem('required', { connection: aConnection() }, true).writes.length, 1)
  })
})

suite('confirmation: what another token does to a connection that is there', () => {
  const company = { organizationId: 'company', kind: 'wsadmin' } as const
  type Way = (policy: Confirmation, connection: Connection, scopes: readonly string[]) => Decision<Issued>
  const exchanges: readonly (readonly [string, Way])[] = [
    [
      'a pair',
      (policy, connection, scopes) => exchange(policy, { connection, token: aLegacyToken({ scopes }) }),
    ],
    [
      'a refresh token alone',
      (policy, connection, scopes) =>
        exchange(policy, { connection, token: aLegacyToken({ scopes }) }, { wants: 'refresh_token' }),
    ],
    [
      'a company’s token',
      (policy, connection, scopes) =>
        exchange(
          policy,
          { connection, token: aLegacyToken({ ...company, scopes }) },
          { as: 'organization', companyKinds: ['wsadmin'] },
        ),
    ],
    [
      'a code',
      (policy, connection, scopes) => redeem(policy, { connection, code: { ...codeFacts().code, scopes } }),
    ],
    [
      'a code for an access token alone',
      (policy, connection, scopes) =>
        redeem(policy, { connection, code: { ...codeFacts().code, scopes } }, true),
    ],
  ]
  const live = { number: 1, epoch: 1, status: 'live' }
  const settled = ['not_needed', 'confirmed'] as const
  const widenings = ({ writes }: Decision<unknown>) =>
    writes.flatMap((write) =>
      write.write === 'widen_connection' ? [[write.connection.scopes, write.connection.confirmation]] : [],
    )
  const expectation = ({ writes: [guard] }: Decision<unknown>) => {
    assert.ok(guard?.write === 'exchange_legacy_token' || guard?.write === 'redeem_code')
    return guard.connection?.found
  }

  for (const [way, decide] of exchanges) {
    test(`${way} that may do no more changes nothing, and nobody is told`, () => {
      for (const confirmation of ['not_needed', 'pending', 'confirmed'] as const) {
        for (const policy of ['none', 'notify', 'required'] as const) {
          const connection = aConnection({ confirmation, scopes: ['write', 'read'] })
          const decision = decide(policy, connection, ['read'])
          assert.deepEqual([widenings(decision), toldBy(decision)?.[1]], [[], undefined])
          assert.deepEqual(expectation(decision), { ...live, confirmation, scopes: undefined })
        }
      }
    })

    test(`${way} that may do more makes it wait again, and its user is told`, () => {
      for (const confirmation of settled) {
        for (const policy of ['notify', 'required'] as const) {
          const decision = decide(policy, aConnection({ confirmation }), ['write', 'read'])
          assert.deepEqual(widenings(decision), [[['read', 'write'], 'pending']])
          assert.equal(toldBy(decision)?.[1], 'widened')
          // Decided on what it says: whoever changes that meanwhile makes this decide anew.
          assert.deepEqual(expectation(decision), { ...live, confirmation, scopes: ['read'] })
          const { access } = grantedBy(decision)
          if (access) assert.equal(access.format, policy === 'required' ? 'opaque' : 'jwt')
        }
      }
    })

    test(`${way} that may do more is said by what waits already, and by what nobody is asked about`, () => {
      const waiting = decide('required', aConnection({ confirmation: 'pending' }), ['write'])
      assert.deepEqual(widenings(waiting), [[['read', 'write'], 'pending']])
      assert.equal(toldBy(waiting)?.[1], undefined, 'they were told when it began to wait')
      for (const confirmation of settled) {
        const decision = decide('none', aConnection({ confirmation }), ['write'])
        assert.deepEqual(widenings(decision), [[['read', 'write'], confirmation]])
        assert.equal(toldBy(decision)?.[1], undefined)
      }
    })
  }
})

suite('confirmation: how access tokens are said', () => {
  const waiting = aConnection({ confirmation: 'pending' })
  const repeated: Partial<LegacyFacts> = { token: exchanged, grant: grantAt(0) }
  const ways: readonly (readonly [string, (policy: Confirmation, of: Connection) => Decision<Issued>])[] = [
    ['an exchange', (policy, connection) => exchange(policy, { connection })],
    ['an exchange that is repeated', (policy, connection) => exchange(policy, { ...repeated, connection })],
    ['a refresh', (policy, connection) => refresh(policy, connection, 3)],
    ['a refresh that is repeated', (policy, connection) => refresh(policy, connection, 2)],
    ['a code', (policy, connection) => redeem(policy, { connection })],
    [
      'a code of a token that was exchanged before',
      (policy, connection) => redeem(policy, { connection, legacy: exchanged, grant: grantAt(0) }),
    ],
    ['a code for an access token alone', (policy, connection) => redeem(policy, { connection }, true)],
    [
      'a code that a user allowed',
      (policy, connection) => redeem(policy, { connection, legacy: undefined, code: consented }),
    ],
  ]
  const consented = aCode({ hash: sha256('code') })
  for (const [way, decide] of ways) {
    test(`${way} says no JWT while its user is waited for, and one as soon as they have confirmed`, () => {
      assert.equal(formatOf(decide('required', waiting)), 'opaque')
      for (const confirmation of ['confirmed', 'not_needed'] as const) {
        assert.equal(formatOf(decide('required', { ...waiting, confirmation })), 'jwt')
      }
      for (const policy of ['none', 'notify'] as const) {
        assert.equal(formatOf(decide(policy, waiting)), 'jwt', policy)
      }
    })
  }

  test('the first answer of all says none, either: the connection it makes waits already', () => {
    assert.deepEqual(
      ['none', 'notify', 'required'].map((policy) => formatOf(exchange(policy as Confirmation))),
      ['jwt', 'jwt', 'opaque'],
    )
    for (const alone of [false, true]) assert.equal(formatOf(redeem('required', {}, alone)), 'opaque')
  })

  test('a client’s own policy is what counts', () => {
    const client = aClient({ policy: { confirmation: 'required' } })
    const caller = aCaller({ client, policy: { ...defaultPolicy, ...client.policy } })
    assert.equal(formatOf(exchange('none', { connection: waiting }, { caller })), 'opaque')
  })
})
