import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, refusalOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { hearRefreshToken, locatorHash } from '../chain.ts'
import type { Decision } from '../decision.ts'
import type { Policy } from '../policy.ts'
import { defaultPolicy } from '../policy.ts'
import type { Grant } from '../records.ts'
import type { Ring } from '../ring.ts'
import type { GrantFacts, Numbering } from '../store.ts'
import type { Issued } from './issue.ts'
import type { RefreshInput } from './refresh-token-pair.ts'
import { refreshTokenPair } from './refresh-token-pair.ts'

const version = aRingVersion()
const locator = Buffer.alloc(16, 3)
const second = 1000
const day = 86_400 * second

type State = {
  readonly input: RefreshInput
  readonly generation: number
  readonly found: GrantFacts | undefined
  readonly numbering: Numbering | undefined
  readonly ring: Ring
  readonly now: number
}

/** A grant at generation 5, rotated an hour ago, whose current token is presented. */
const good: State = {
  input: { caller: aCaller(), refreshToken: 'tfr_' },
  generation: 5,
  found: {
    grant: aGrant({
      locatorHash: locatorHash(locator),
      generation: 5,
      rotatedAt: noon - 3600 * second,
      resource: ['https://api.example'],
      organizationId: 'company',
    }),
    connection: aConnection(),
    user: aUser(),
    organization: anOrganization(),
  },
  numbering: undefined,
  ring: aRing([version]),
  now: noon,
}

const decide = ({ input, generation, found, numbering, ring, now }: State): Decision<Issued> =>
  refreshTokenPair.decide(
    input,
    { heard: 'genuine', token: { version: 1, number: 2, locator, generation }, found, numbering },
    aMoment(ring, now),
  )

const withFound = (state: State, changes: Partial<GrantFacts>): State => ({
  ...state,
  found: state.found && { ...state.found, ...changes },
})
const withGrant = (state: State, changes: Partial<Grant>): State =>
  withFound(state, state.found ? { grant: { ...state.found.grant, ...changes } } : {})
const withInput = (state: State, changes: Partial<RefreshInput>): State => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withPolicy = (state: State, changes: Partial<Policy>, proven = state.input.caller.proven): State =>
  withInput(state, {
    caller: { ...state.input.caller, proven, policy: { ...defaultPolicy, ...changes } },
  })

suite('refresh token pair: the refusals, in order', () => {
  walksInOrder<State>(
    good,
    [
      ['state_behind', (state) => withGrant(state, { locatorHash: Buffer.alloc(32) })],
      ['refresh_token_of_other_client', (state) => withGrant(state, { clientId: 'other' })],
      [
        'client_disabled',
        (state) =>
          withInput(state, { caller: { ...state.input.caller, client: aClient({ status: 'disabled' }) } }),
      ],
      [
        'grant_type_not_allowed',
        (state) => {
          const { caller } = state.input
          return withInput(state, {
            caller: { ...caller, policy: { ...caller.policy, refreshAllowed: false } },
          })
        },
      ],
      [
        'lives_elsewhere',
        (state) => {
          const regions = { here: 'us', all: ['us', 'eu'] }
          const user = { ...(state.found?.user ?? aUser()), region: 'eu' }
          return withFound(withInput(state, { caller: { ...state.input.caller, regions } }), { user })
        },
      ],
      ['user_disabled', (state) => withFound(state, { user: aUser({ status: 'disabled' }) })],
      [
        'organization_disabled',
        (state) => withFound(state, { organization: anOrganization({ status: 'disabled' }) }),
      ],
      ['connection_revoked', (state) => withFound(state, { connection: aConnection({ status: 'revoked' }) })],
      ['grant_revoked', (state) => withGrant(state, { status: 'revoked' })],
      [
        'key_compromised',
        (state) => ({
          ...withInput(state, { caller: { ...state.input.caller, proven: false } }),
          ring: aRing([version], { compromised: new Set([1]) }),
        }),
      ],
      ['state_behind', (state) => withGrant(state, { generation: 4 })],
      ['refresh_token_reused', (state) => withGrant(state, { generation: 7 })],
      ['refresh_token_expired', (state) => withGrant(state, { refreshUntil: noon })],
      ['scope_widened', (state) => withInput(state, { scopes: ['read', 'write'] })],
      ['target_invalid', (state) => withInput(state, { resource: ['https://other.example'] })],
    ],
    decide,
  )

  test('a connection that was revoked since, or a client that was recovered since, is grant_revoked', () => {
    assert.equal(
      reasonOf(decide(withFound(good, { connection: aConnection({ epoch: 2 }) }))),
      'grant_revoked',
    )
    const recovered = { ...good.input.caller, client: aClient({ tokensValidAfter: noon + 1 }) }
    assert.equal(reasonOf(decide(withInput(good, { caller: recovered }))), 'grant_revoked')
  })

  test('a forged token is refresh_token_unknown, one of an unknown version is trouble, of a destroyed one expired', () => {
    const heard = (heard: 'forged' | 'version_unknown' | 'version_destroyed') =>
      reasonOf(refreshTokenPair.decide(good.input, { heard }, aMoment(good.ring)))
    assert.equal(heard('forged'), 'refresh_token_unknown')
    assert.equal(heard('version_unknown'), 'key_version_unknown')
    assert.equal(heard('version_destroyed'), 'refresh_token_expired')
  })
})

suite('refresh token pair: rotation', () => {
  const generationOf = (decision: Decision<Issued>): number | undefined => {
    const heard = hearRefreshToken(good.ring, grantedBy(decision).refreshToken ?? '')
    return heard.heard === 'genuine' ? heard.token.generation : undefined
  }

  test('the current token becomes the next one, with a guard that names the current', () => {
    const decision = decide(good)
    assert.equal(generationOf(decision), 6)
    const [guard, ...rest] = decision.writes
    assert.ok(guard?.write === 'rotate_refresh_token')
    assert.deepEqual([guard.number, guard.from, guard.to, guard.at], [2, 5, 6, noon])
    // A refresh is no event: the row's generation tells of it.
    assert.deepEqual(rest, [])
  })

  test('the same token has the same successor, whoever computes it', () => {
    assert.equal(grantedBy(decide(good)).refreshToken, grantedBy(decide(good)).refreshToken)
  })

  test('a young token is said again to a client that proved itself, and rotates for any other', () => {
    const young = withGrant(withPolicy(good, { rotate: { atMostEverySeconds: 60 } }), {
      rotatedAt: noon - 59 * second,
    })
    assert.equal(generationOf(decide(young)), 5)
    assert.deepEqual(decide(young).writes, [])
    assert.equal(generationOf(decide({ ...young, now: noon + second })), 6)
    assert.equal(generationOf(decide(withPolicy(young, young.input.caller.policy, false))), 6)
    // The first refresh of a grant always rotates: it is what proves that the pair arrived.
    assert.equal(generationOf(decide({ ...withGrant(young, { generation: 0 }), generation: 0 })), 1)
  })

  test('rotate: never says the same token, and notes its first use, and its use once a day', () => {
    const never = withPolicy(good, { rotate: 'never' })
    assert.equal(generationOf(decide(never)), 5)
    const [noted] = decide(never).writes
    assert.ok(noted?.write === 'rotate_refresh_token')
    assert.deepEqual([noted.from, noted.to, noted.usedAt], [5, 5, noon])
    const seen = withGrant(never, { usedAt: noon - second, rotatedAt: noon - second })
    assert.deepEqual(decide(seen).writes, [])
    assert.equal(decide({ ...seen, now: noon + day }).writes.length, 1)
  })

  test('a new version of the ring signs from the next generation on', () => {
    const decision = decide({ ...good, ring: aRing([aRingVersion(2), version]) })
    const [guard] = decision.writes
    assert.ok(guard?.write === 'rotate_refresh_token')
    assert.equal(guard.keyVersion, 2)
  })

  test('under a compromised version a proven client gets the next generation at once, however young the last', () => {
    const ring = aRing([aRingVersion(2), version], { compromised: new Set([1]) })
    const young = withGrant(withPolicy(good, { rotate: { atMostEverySeconds: 60 } }), { rotatedAt: noon })
    assert.equal(decide({ ...young, ring }).writes.length, 1)
  })
})

suite('refresh token pair: who the user is', () => {
  const known = withGrant(good, { scopes: ['openid', 'read'] })

  test('is said to an app with openid, without the nonce and the time of the sign-in', () => {
    const { identity } = grantedBy(decide(known))
    assert.deepEqual(
      [identity?.userId, identity?.clientId, identity?.nonce, identity?.authenticatedAt, identity?.issuedAt],
      ['user', 'app', undefined, undefined, noon],
    )
    assert.equal(grantedBy(decide(good)).identity, undefined)
  })

  test('is not said where the app asks for less, of a company, or while the user is waited for', () => {
    const waiting = withFound(known, { connection: aConnection({ confirmation: 'pending' }) })
    for (const state of [
      withInput(known, { scopes: ['read'] }),
      withGrant(known, { actsAs: 'organization', userId: '' }),
      withPolicy(waiting, { confirmation: 'required' }),
    ])
      assert.equal(grantedBy(decide(state)).identity, undefined)
    assert.ok(grantedBy(decide(withPolicy(waiting, { confirmation: 'notify' }))).identity)
  })
})

suite('refresh token pair: a lost answer', () => {
  /** The predecessor of the current token, a moment after its rotation. */
  const lost = withGrant({ ...good, generation: 4 }, { rotatedAt: noon })

  test('the predecessor says the current token again, and writes nothing', () => {
    const current = grantedBy(
      decide(withPolicy(withGrant(good, { rotatedAt: noon }), { rotate: { atMostEverySeconds: 60 } })),
    )
    const decision = decide(lost)
    assert.equal(grantedBy(decision).refreshToken, current.refreshToken)
    assert.equal(grantedBy(decision).repeated, true)
    assert.deepEqual(decision.writes, [])
  })

  test('for thirty days to a client that proved itself, for sixty seconds to any other', () => {
    assert.equal(reasonOf(decide({ ...lost, now: noon + 30 * day - 1 })), undefined)
    assert.equal(reasonOf(decide({ ...lost, now: noon + 30 * day })), 'refresh_token_reused')
    const unproven = withPolicy(lost, {}, false)
    assert.equal(reasonOf(decide({ ...unproven, now: noon + 60 * second - 1 })), undefined)
    assert.equal(reasonOf(decide({ ...unproven, now: noon + 60 * second })), 'refresh_token_reused')
  })

  test('a token that is older still is reuse: it ends the grant and says so in an event', () => {
    const decision = decide({ ...lost, generation: 3 })
    assert.equal(reasonOf(decision), 'refresh_token_reused')
    const [guard, noted] = decision.writes
    const ended = { write: 'end_grant', number: 2, reason: 'refresh_token_reused', whileConnected: true }
    assert.deepEqual(guard, ended)
    assert.ok(noted?.write === 'append_event')
    assert.equal(noted.event.kind, 'refresh_token_reused')
  })

  test('reuse: refuse changes nothing, and says whether the token can be recovered', () => {
    const refusing = withPolicy(lost, { reuse: 'refuse' }, false)
    const late = { ...refusing, now: noon + 61 * second }
    assert.deepEqual(refusalOf(decide(late)), { reason: 'refresh_token_reused', recoverable: true })
    assert.deepEqual(decide(late).writes, [])
    assert.equal(refusalOf(decide({ ...late, generation: 3 }))?.recoverable, false)
    assert.equal(refusalOf(decide({ ...late, now: noon + 31 * day }))?.recoverable, false)
  })

  test('recovery takes the immediate predecessor alone', () => {
    const recovering = withInput(lost, { recovering: true })
    assert.ok(grantedBy(decide(recovering)).refreshToken)
    for (const generation of [3, 5]) {
      const refused = decide({ ...recovering, generation })
      assert.equal(reasonOf(refused), 'recovery_unavailable')
      assert.deepEqual(refused.writes, [])
    }
  })

  test('a repeat is refused as any refresh would be: expired, or with a scope too many', () => {
    assert.equal(reasonOf(decide(withGrant(lost, { refreshUntil: noon }))), 'refresh_token_expired')
    assert.equal(reasonOf(decide(withInput(lost, { scopes: ['write'] }))), 'scope_widened')
  })
})

suite('refresh token pair: the past does not win', () => {
  const until = (healingUntil: number) => ({ at: noon, healingUntil, lostBelow: 1000 })
  const numbering = (changes: Partial<Numbering> = {}): Numbering => ({
    next: 1000,
    accountedFor: true,
    declared: undefined,
    ...changes,
  })
  const behind = { ...good, generation: 9, numbering: numbering() }

  test('a token ahead of its row is trouble of ours until the restore is declared', () => {
    assert.equal(reasonOf(decide(behind)), 'state_behind')
    assert.deepEqual(decide(behind).writes, [])
    const over = { ...behind, numbering: numbering({ declared: until(noon) }) }
    assert.equal(reasonOf(decide(over)), 'state_behind')
  })

  test('then its row follows it, and an event says so', () => {
    const { writes, answer } = decide({ ...behind, numbering: numbering({ declared: until(noon + 1) }) })
    assert.ok('granted' in answer)
    const [guard, noted] = writes
    assert.ok(guard?.write === 'rotate_refresh_token' && noted?.write === 'append_event')
    assert.deepEqual([guard.from, guard.to], [5, 10])
    assert.equal(noted.event.kind, 'grant_healed')
  })

  test('a jump of more than ten thousand generations heals nothing', () => {
    const healing = { ...behind, numbering: numbering({ declared: until(noon + 1) }) }
    assert.equal(reasonOf(decide({ ...healing, generation: 10_006 })), 'state_behind')
    assert.equal(reasonOf(decide({ ...healing, generation: 10_005 })), undefined)
  })

  test('without a row: swept, lost with the copy, or not yet known which', () => {
    const rowless = (changes: Partial<Numbering>): State => ({
      ...good,
      found: undefined,
      numbering: numbering(changes),
    })
    assert.equal(reasonOf(decide(rowless({}))), 'refresh_token_expired')
    assert.equal(reasonOf(decide(rowless({ accountedFor: false }))), 'state_behind')
    assert.equal(reasonOf(decide(rowless({ accountedFor: false }))), 'state_behind')
    assert.equal(reasonOf(decide(rowless({ accountedFor: false, declared: until(noon + 1) }))), 'grant_lost')
    assert.equal(reasonOf(decide(rowless({ accountedFor: false, declared: until(noon + 1) }))), 'grant_lost')
  })

  test("another grant at the token's number: the copy gave the number away again, and the caller is not blamed", () => {
    const displaced = (changes: Partial<Numbering>): State => ({
      ...withGrant(good, { locatorHash: Buffer.alloc(32), clientId: 'other' }),
      numbering: numbering(changes),
    })
    assert.equal(reasonOf(decide(displaced({}))), 'state_behind')
    assert.equal(reasonOf(decide(displaced({ declared: until(noon + 1) }))), 'grant_lost')
  })
})
