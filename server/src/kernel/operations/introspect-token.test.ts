import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aLegacyToken,
  aMoment,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Policy } from '../policy.ts'
import type { Connection } from '../records.ts'
import type { GrantFacts, LegacyFacts } from '../store.ts'
import type { Introspected } from './introspect-token.ts'
import { introspectToken } from './introspect-token.ts'
import type { PresentedFacts } from './presented-token.ts'

type Of<Kind> = Extract<PresentedFacts, { kind: Kind }>

const ring = aRing([aRingVersion()])
const decide = (facts: PresentedFacts, caller = aCaller(), policy: Partial<Policy> = {}, now = noon) =>
  introspectToken.decide(
    { caller, token: 'token', signed: undefined, policies: { standard: policy } },
    facts,
    aMoment(ring, now),
  )
const isActive = (...asked: Parameters<typeof decide>): boolean => grantedBy(decide(...asked)).active

const grantFacts = (changes: Partial<GrantFacts> = {}): GrantFacts => ({
  grant: aGrant(),
  connection: aConnection(),
  user: aUser(),
  organization: undefined,
  ...changes,
})
const access = (changes: Partial<Of<'access'>> = {}): PresentedFacts => ({
  kind: 'access',
  claims: {
    jti: 'jti',
    scopes: ['read'],
    resource: [],
    issuedAt: noon,
    expiresAt: noon + 1,
    clientId: 'app',
    userId: 'user',
    organizationId: '',
    issuer: 'https://auth.example',
  },
  number: 2,
  grant: grantFacts(),
  client: aClient(),
  revoked: false,
  lost: undefined,
  ...changes,
})
const refresh = (changes: Partial<Of<'refresh'>> = {}): PresentedFacts => ({
  kind: 'refresh',
  generation: 0,
  grant: grantFacts(),
  client: aClient(),
  lost: undefined,
  ...changes,
})
const legacy = (token = aLegacyToken(), changes: Partial<LegacyFacts> = {}): Of<'legacy'> => ({
  kind: 'legacy',
  legacy: {
    token,
    shared: undefined,
    alias: undefined,
    barred: undefined,
    grant: undefined,
    connection: undefined,
    user: aUser(),
    organization: undefined,
    ...changes,
  },
  client: aClient(),
  connection: undefined,
  barred: false,
})
const shared: readonly (readonly [string, Partial<GrantFacts>])[] = [
  ['its grant was revoked', { grant: aGrant({ status: 'revoked' }) }],
  ['its connection was revoked', { connection: aConnection({ status: 'revoked' }) }],
  ['its connection was revoked since, and allowed again', { connection: aConnection({ epoch: 2 }) }],
  ['its user was disabled', { user: aUser({ status: 'disabled' }) }],
]

suite('introspect token: who may ask', () => {
  test('a client that is disabled, or did not prove itself, is told nothing', () => {
    const disabled = aCaller({ client: aClient({ status: 'disabled' }) })
    assert.equal(reasonOf(decide(access(), disabled)), 'client_disabled')
    assert.equal(reasonOf(decide(access(), aCaller({ proven: false }))), 'client_secret_missing')
  })

  test('another client’s token is simply not active, but for a resource server', () => {
    const stranger = aCaller({ client: aClient({ id: 'other' }) })
    const resourceServer = aCaller({ client: aClient({ id: 'api', mayIntrospect: true }) })
    for (const facts of [access(), refresh(), legacy()]) {
      assert.equal(isActive(facts, stranger), false)
      assert.equal(isActive(facts, resourceServer), true)
    }
  })

  test('a string that is no token of the client’s counts as a guess, whether it is another’s or nobody’s', () => {
    const other = aCaller({ client: aClient({ id: 'other' }) })
    const api = aCaller({ client: aClient({ id: 'api', mayIntrospect: true }) })
    for (const facts of [{ kind: 'unknown' }, legacy()] as const)
      assert.deepEqual(grantedBy(decide(facts, other)), { active: false, unknown: true })
    assert.deepEqual(grantedBy(decide({ kind: 'unknown' }, api)), { active: false })
  })

  test('a token whose row went with a copy of the database is trouble of ours', () => {
    const numbering = { next: 2, accountedFor: false, declared: undefined }
    const lost = { number: 2, numbering, displaced: false }
    for (const facts of [access({ grant: undefined, lost }), refresh({ grant: undefined, lost })]) {
      assert.equal(reasonOf(decide(facts)), 'state_behind')
    }
  })

  test('a token of an unknown version is trouble of ours, an unknown token is not active', () => {
    assert.equal(reasonOf(decide({ kind: 'version_unknown' })), 'key_version_unknown')
    assert.equal(isActive({ kind: 'unknown' }), false)
  })
})

suite('introspect token: an access token', () => {
  test('says whose it is and what it may do, and writes nothing', () => {
    const decision = decide(access())
    const told: Introspected = grantedBy(decision)
    assert.ok(told.active)
    assert.deepEqual(
      [told.kind, told.clientId, told.userId, told.scopes],
      ['access', 'app', 'user', ['read']],
    )
    assert.deepEqual(decision.writes, [])
  })

  const dead: readonly (readonly [string, PresentedFacts])[] = [
    ['it was revoked alone', access({ revoked: true })],
    ['its grant is gone', access({ grant: undefined })],
    ['its client was disabled', access({ client: aClient({ status: 'disabled' }) })],
    ['its client was recovered since', access({ client: aClient({ tokensValidAfter: noon + 1 }) })],
    ...shared.map(([why, changes]) => [why, access({ grant: grantFacts(changes) })] as const),
  ]
  for (const [why, facts] of dead) {
    test(`is not active where ${why}`, () => assert.equal(isActive(facts), false))
  }

  test('is not active from its last second on', () => {
    assert.equal(isActive(access(), aCaller(), {}, noon + 1), false)
  })

  test('its first use is noted where that retires the legacy token', () => {
    const told = grantedBy(decide(access(), aCaller(), { legacyAfterExchange: 'retire_on_first_use' }))
    assert.deepEqual(told.active && told.seen, { connection: 1, firstUseOf: 2 })
  })

  test('whenever it is used, that its connection is in use is noted', () => {
    const told = grantedBy(decide(access()))
    assert.deepEqual(told.active && told.seen, { connection: 1, firstUseOf: undefined })
  })

  test('one without a grant dies with its client’s recovery', () => {
    const alone = (tokensValidAfter: number): PresentedFacts =>
      access({ number: 0, grant: undefined, client: aClient({ tokensValidAfter }) })
    assert.equal(isActive(alone(noon)), true)
    assert.equal(isActive(alone(noon + 1)), false)
  })

  test('one without a grant is dead where an admin has taken its app out', () => {
    const facts = { user: aUser(), organization: undefined, connection: undefined }
    const without = (barred: boolean): PresentedFacts =>
      access({ number: 0, grant: undefined, alone: { ...facts, barred } })
    assert.equal(isActive(without(false)), true)
    assert.equal(isActive(without(true)), false)
  })
})

suite('introspect token: a refresh token', () => {
  test('is active while it is the current one', () => {
    assert.equal(isActive(refresh()), true)
    assert.equal(isActive(refresh({ generation: 1 })), false)
    assert.equal(isActive(refresh({ grant: grantFacts({ grant: aGrant({ generation: 1 }) }) })), false)
    assert.equal(isActive(refresh({ grant: grantFacts({ grant: aGrant({ refreshUntil: noon }) }) })), false)
    assert.equal(isActive(refresh({ grant: undefined })), false)
  })

  for (const [why, changes] of shared) {
    test(`is not active where ${why}`, () =>
      assert.equal(isActive(refresh({ grant: grantFacts(changes) })), false))
  }
})

suite('introspect token: a legacy token', () => {
  test('is active until it expires, and its use is noted', () => {
    const told = grantedBy(decide(legacy(aLegacyToken({ scopes: undefined }))))
    assert.ok(told.active)
    assert.equal(told.scopes, undefined)
    assert.deepEqual(told.seen, { legacy: { lookup: aLegacyToken().lookup, clientId: 'app' } })
    assert.equal(isActive(legacy(aLegacyToken({ expires: noon }))), false)
    assert.equal(isActive(legacy(aLegacyToken({ status: 'revoked' }))), false)
    const revoked = { ...legacy(), connection: aConnection({ epoch: 2 }) }
    assert.equal(isActive(revoked), false)
  })

  test('is not active where an admin has taken its app out of the organization', () => {
    assert.equal(isActive({ ...legacy(), barred: true }), false)
  })

  test('once exchanged, it is worth what policy says', () => {
    const exchanged = legacy(aLegacyToken({ status: 'exchanged' }), { grant: aGrant() })
    const used = legacy(aLegacyToken({ status: 'exchanged' }), { grant: aGrant({ generation: 1 }) })
    const worth = (legacyAfterExchange: Policy['legacyAfterExchange'], facts = exchanged, now = noon) =>
      isActive(facts, aCaller(), { legacyAfterExchange }, now)
    assert.equal(worth('keep'), true)
    assert.equal(worth('retire'), false)
    assert.equal(worth('retire_on_first_use'), true)
    assert.equal(worth('retire_on_first_use', used), false)
    assert.equal(worth({ retireAfterSeconds: 60 }, exchanged, noon + 59_999), true)
    assert.equal(worth({ retireAfterSeconds: 60 }, exchanged, noon + 60_000), false)
  })
})

suite('introspect token: a connection that waits for its user', () => {
  const waiting = aConnection({ confirmation: 'pending' })
  const grant = grantFacts({ connection: waiting })
  const user = aUser()
  const alone = { connection: waiting, barred: false, user, organization: undefined }
  const tokens: readonly (readonly [string, PresentedFacts])[] = [
    ['an access token', access({ grant })],
    ['an access token without a grant', access({ number: 0, grant: undefined, alone })],
    ['a refresh token', refresh({ grant })],
  ]
  const required = { confirmation: 'required' } as const
  const asleep = { active: false, inactiveReason: 'confirmation_pending' }
  for (const [kind, facts] of tokens) {
    test(`${kind} is not active under required, and active under any other policy`, () => {
      assert.deepEqual(grantedBy(decide(facts, aCaller(), required)), asleep)
      for (const confirmation of ['notify', 'none'] as const)
        assert.equal(isActive(facts, aCaller(), { confirmation }), true)
    })

    test(`why ${kind} is not active is told to its app and to APIs, and to nobody else`, () => {
      const api = aCaller({ client: aClient({ id: 'api', mayIntrospect: true }) })
      assert.deepEqual(grantedBy(decide(facts, api, required)), asleep)
      const stranger = aCaller({ client: aClient({ id: 'other' }) })
      assert.deepEqual(grantedBy(decide(facts, stranger, required)), { active: false })
    })
  }

  test('the policy of the token’s client is what counts, not that of whoever asks', () => {
    const api = aCaller({ client: aClient({ id: 'api', mayIntrospect: true, policy: required }) })
    assert.equal(isActive(access({ grant }), api), true)
    const client = aClient({ policy: required })
    assert.deepEqual(grantedBy(decide(access({ grant, client }), api)), asleep)
  })

  test('what is dead is not said to wait: its user’s word would not wake it', () => {
    for (const [why, changes] of shared) {
      const dead = grantFacts({ connection: waiting, ...changes })
      if (changes.connection) continue
      assert.deepEqual(
        grantedBy(decide(access({ grant: dead }), aCaller(), required)),
        { active: false },
        why,
      )
    }
    const uninstalled = grantFacts({ connection: { ...waiting, status: 'revoked', epoch: 2 } })
    for (const facts of [access({ grant: uninstalled }), refresh({ grant: uninstalled })])
      assert.deepEqual(grantedBy(decide(facts, aCaller(), required)), { active: false })
    assert.deepEqual(grantedBy(decide(access({ grant }), aCaller(), required, noon + 1)), { active: false })
  })

  test('a legacy token that its first use retires works on: nothing can be done with its successor yet', () => {
    const retiring = { ...required, legacyAfterExchange: 'retire_on_first_use' } as const
    const used = aGrant({ generation: 1, usedAt: noon })
    const token = aLegacyToken({ status: 'exchanged', boundTo: 'app', grantNumber: 2 })
    const facts = (connection: Connection) => ({ ...legacy(token, { grant: used }), connection })
    assert.equal(isActive(facts(waiting), aCaller(), retiring), true)
    assert.equal(isActive(facts({ ...waiting, confirmation: 'confirmed' }), aCaller(), retiring), false)
    assert.equal(isActive(facts({ ...waiting, status: 'revoked' }), aCaller(), retiring), false)
  })
})
