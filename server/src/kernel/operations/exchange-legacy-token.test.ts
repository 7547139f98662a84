import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, refusalOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aLegacyToken,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { hearRefreshToken, legacyLocator, locatorHash } from '../chain.ts'
import type { Decision } from '../decision.ts'
import { defaultPolicy } from '../policy.ts'
import type { LegacyFacts } from '../store.ts'
import type { ExchangeInput } from './exchange-legacy-token.ts'
import { exchangeLegacyToken } from './exchange-legacy-token.ts'
import type { Issued } from './issue.ts'

type State = { readonly input: ExchangeInput; readonly facts: LegacyFacts | undefined }

const version = aRingVersion()
const ring = aRing([version])
const second = 1000
const day = 86_400 * second

const facts = (changes: Partial<LegacyFacts> = {}): LegacyFacts => ({
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

const input = (changes: Partial<ExchangeInput> = {}): ExchangeInput => ({
  caller: aCaller(),
  legacyToken: 'old',
  as: 'user',
  wants: 'pair',
  ...changes,
})

const decide = ({ input, facts }: State, now = noon, moment = aMoment(ring, now)): Decision<Issued> =>
  exchangeLegacyToken.decide(input, facts, moment)

const withClient = (state: State, changes: Parameters<typeof aClient>[0]): State => ({
  ...state,
  input: {
    ...state.input,
    caller: { ...state.input.caller, client: { ...state.input.caller.client, ...changes } },
  },
})
const withToken = (state: State, changes: Parameters<typeof aLegacyToken>[0]): State => ({
  ...state,
  facts: state.facts && { ...state.facts, token: { ...state.facts.token, ...changes } },
})
const withFacts = (state: State, changes: Partial<LegacyFacts>): State => ({
  ...state,
  facts: state.facts && { ...state.facts, ...changes },
})
const withInput = (state: State, changes: Partial<ExchangeInput>): State => ({
  ...state,
  input: { ...state.input, ...changes },
})

/** As the server would find things after a first exchange. */
function afterFirst(state: State = { input: input(), facts: facts() }): {
  readonly state: State
  readonly first: Issued
} {
  const first = grantedBy(decide(state))
  const locator = legacyLocator(version, state.input.legacyToken, 'app', 0)
  const exchanged = withFacts(
    withToken(state, { status: 'exchanged', boundTo: 'app', keyVersion: 1, grantNumber: 100 }),
    {
      grant: aGrant({ number: 100, locatorHash: locatorHash(locator), connection: 101 }),
      connection: aConnection({ number: 101, liveGrants: [100] }),
    },
  )
  return { state: exchanged, first }
}

suite('exchange legacy token: the refusals, in order', () => {
  const company: State = {
    input: input({
      as: 'organization',
      organizationId: 'company',
      companyKinds: ['wsadmin'],
      scopes: ['read'],
      caller: aCaller({ policy: { ...defaultPolicy, legacyScopesBeyondClient: 'refuse' } }),
    }),
    facts: facts({
      token: aLegacyToken({ organizationId: 'company', kind: 'wsadmin' }),
      organization: anOrganization(),
      connection: aConnection({ userId: '', organizationId: 'company' }),
    }),
  }
  walksInOrder<State>(
    company,
    [
      ['client_disabled', (state) => withClient(state, { status: 'disabled' })],
      ['legacy_token_of_other_client', (state) => withToken(state, { clientId: 'other' })],
      ['legacy_token_of_other_dialect', (state) => withToken(state, { dialect: 'other' })],
      ['subject_mismatch', (state) => withInput(state, { organizationId: 'another' })],
      ['company_token_not_allowed', (state) => withToken(state, { kind: 'user' })],
      ['user_disabled', (state) => withFacts(state, { user: aUser({ status: 'disabled' }) })],
      [
        'organization_disabled',
        (state) => withFacts(state, { organization: anOrganization({ status: 'disabled' }) }),
      ],
      ['client_barred', (state) => withFacts(state, { barred: 'organization' })],
      ['legacy_token_revoked', (state) => withToken(state, { status: 'revoked' })],
      ['legacy_token_revoked', (state) => withFacts(state, { alias: 'revoked' })],
      ['connection_revoked', (state) => withFacts(state, { connection: aConnection({ status: 'revoked' }) })],
      ['legacy_token_exchanged', (state) => withFacts(state, { alias: 'exchanged' })],
      ['exchange_window_closed', (state) => withClient(state, { exchangeStatus: 'off' })],
      ['legacy_token_retired', (state) => withToken(state, { status: 'retired' })],
      ['legacy_token_expired', (state) => withToken(state, { expires: noon })],
      ['exchange_budget_spent', (state) => withInput(state, { budgetSpent: true })],
      ['target_invalid', (state) => withInput(state, { resource: ['x'.repeat(2_000)] })],
      ['legacy_scopes_exceed_client', (state) => withToken(state, { scopes: ['read', 'admin'] })],
      ['scope_widened', (state) => withInput(state, { scopes: ['read', 'write'] })],
    ],
    decide,
  )
})

suite('exchange legacy token: what is refused for more than one cause', () => {
  const good: State = { input: input(), facts: facts() }

  test('an unknown token is legacy_token_unknown; one of ours is legacy_token_is_ours', () => {
    const unknown = (legacyToken: string): State => ({ input: input({ legacyToken }), facts: undefined })
    const jwt = (claims: object): string =>
      `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`
    assert.equal(reasonOf(decide(unknown('old'))), 'legacy_token_unknown')
    assert.equal(reasonOf(decide(unknown('tfr_something'))), 'legacy_token_is_ours')
    assert.equal(reasonOf(decide(unknown(jwt({ jti: 'a'.repeat(80) })))), 'legacy_token_is_ours')
    assert.equal(reasonOf(decide(unknown(jwt({ jti: 'another maker’s' })))), 'legacy_token_unknown')
    assert.equal(reasonOf(decide(unknown('not.a.jwt'))), 'legacy_token_unknown')
  })

  test('the exchange window has a beginning and an end', () => {
    assert.equal(reasonOf(decide(withClient(good, { exchangeFrom: noon + 1 }))), 'exchange_window_closed')
    assert.equal(reasonOf(decide(withClient(good, { exchangeUntil: noon }))), 'exchange_window_closed')
    assert.equal(
      reasonOf(decide(withClient(good, { exchangeFrom: noon, exchangeUntil: noon + 1 }))),
      undefined,
    )
  })

  test('a token of a connection that was revoked since is legacy_token_revoked, though a consent came later', () => {
    assert.equal(
      reasonOf(decide(withFacts(good, { connection: aConnection({ epoch: 2 }) }))),
      'legacy_token_revoked',
    )
  })

  test('where every app has a row of its own, a revoked imported row ends them all', () => {
    const shared = aLegacyToken({ clientId: '', status: 'revoked' })
    assert.equal(reasonOf(decide(withFacts(good, { shared }))), 'legacy_token_revoked')
  })

  test('a budget that is spent says when to come back', () => {
    assert.equal(refusalOf(decide(withInput(good, { budgetSpent: true })))?.retryAfterSeconds, 60)
  })

  test('a version of the ring that is not known here is key_version_unknown, and nothing is written', () => {
    const decision = decide(withToken(good, { keyVersion: 9, grantNumber: 5 }))
    assert.equal(reasonOf(decision), 'key_version_unknown')
    assert.deepEqual(decision.writes, [])
  })
})

suite('exchange legacy token: what is granted', () => {
  const good: State = { input: input(), facts: facts() }

  test('a new grant, its connection and its event, behind one guard', () => {
    const decision = decide(good)
    assert.deepEqual(
      decision.writes.map(({ write }) => write),
      ['exchange_legacy_token', 'open_connection', 'add_grant', 'append_event'],
    )
    const issued = grantedBy(decision)
    const heard = hearRefreshToken(ring, issued.refreshToken ?? '')
    assert.equal(heard.heard, 'genuine')
    const added = decision.writes.find((write) => write.write === 'add_grant')
    assert.ok(heard.heard === 'genuine' && added)
    assert.deepEqual(locatorHash(heard.token.locator), added.grant.locatorHash)
    assert.equal(heard.token.generation, 0)
    assert.equal(issued.access?.grantNumber, added.grant.number)
    assert.equal(issued.repeated, false)
  })

  test('scopes: recorded ones in their new names; none recorded, all of the client; too many are left out', () => {
    const policy = { ...defaultPolicy, scopeMap: { READ: 'read' } }
    const mapped = withInput(good, { caller: aCaller({ policy }) })
    const scopesOf = (state: State) => grantedBy(decide(state)).grantScopes
    assert.deepEqual(scopesOf(withToken(mapped, { scopes: ['READ', 'read'] })), ['read'])
    const inherited = aCaller({ policy, client: aClient({ scopes: ['constructor', 'toString'] }) })
    const unmapped = withToken(withInput(good, { caller: inherited }), {
      scopes: ['constructor', 'toString'],
    })
    assert.deepEqual(scopesOf(unmapped), ['constructor', 'toString'])
    assert.deepEqual(scopesOf(withToken(good, { scopes: undefined })), ['read', 'write'])
    assert.deepEqual(scopesOf(withToken(good, { scopes: [] })), [])
    assert.deepEqual(scopesOf(withToken(good, { scopes: ['read', 'admin'] })), ['read'])
  })

  test('an access token may have fewer scopes than the grant', () => {
    const issued = grantedBy(decide(withInput(withToken(good, { scopes: undefined }), { scopes: ['write'] })))
    assert.deepEqual([issued.scopes, issued.grantScopes], [['write'], ['read', 'write']])
  })

  test('a refresh token alone comes without an access token', () => {
    const issued = grantedBy(decide(withInput(good, { wants: 'refresh_token' })))
    assert.equal(issued.access, undefined)
    assert.ok(issued.refreshToken)
  })

  test('where every app may exchange a token, the guard makes the app’s own row', () => {
    const policy = { ...defaultPolicy, cardinality: 'each_client' } as const
    const shared = withToken(withInput(good, { caller: aCaller({ policy }) }), { clientId: '' })
    const [guard] = decide(shared).writes
    assert.ok(guard?.write === 'exchange_legacy_token')
    assert.equal(guard.insertFor, 'app')
  })
})

suite('exchange legacy token: a lost answer', () => {
  test('the same request says the same refresh token and a fresh access token, and writes nothing', () => {
    const { state, first } = afterFirst()
    const decision = decide(state, noon + 6 * day)
    const again = grantedBy(decision)
    assert.equal(again.refreshToken, first.refreshToken)
    assert.notEqual(again.access?.jti, first.access?.jti)
    assert.equal(again.repeated, true)
    assert.deepEqual(decision.writes, [])
  })

  test('it is answered under the version of its grant, whatever was rotated since', () => {
    const { state, first } = afterFirst()
    const rotated = aRing([aRingVersion(2), version])
    assert.equal(grantedBy(decide(state, noon, aMoment(rotated))).refreshToken, first.refreshToken)
    const destroyed = aRing([aRingVersion(2)], { destroyed: new Set([1]) })
    assert.equal(reasonOf(decide(state, noon, aMoment(destroyed))), 'legacy_token_exchanged')
    assert.equal(reasonOf(decide(state, noon, aMoment(aRing([aRingVersion(2)])))), 'key_version_unknown')
  })

  test('though the clock went back, its access token is not older than the grant, as one of a lost grant is', () => {
    const { state } = afterFirst()
    const { access } = grantedBy(decide(state, noon - 5 * second))
    assert.equal(access?.issuedAt, noon)
    assert.equal(access?.expiresAt, noon + defaultPolicy.accessSeconds * second)
  })

  test('for seven days to a client that proved itself, for one to any other', () => {
    const { state } = afterFirst()
    const unproven = withInput(state, { caller: aCaller({ proven: false }) })
    assert.equal(reasonOf(decide(state, noon + 7 * day - 1)), undefined)
    assert.equal(reasonOf(decide(state, noon + 7 * day)), 'legacy_token_exchanged')
    assert.equal(reasonOf(decide(unproven, noon + day - 1)), undefined)
    assert.equal(reasonOf(decide(unproven, noon + day)), 'legacy_token_exchanged')
  })

  test('not after the pair was used, or its grant was ended', () => {
    const { state } = afterFirst()
    const grant = state.facts?.grant ?? aGrant()
    for (const changed of [{ generation: 1 }, { status: 'revoked' as const }, { epoch: 0 }]) {
      const used = withFacts(state, { grant: { ...grant, ...changed } })
      assert.equal(reasonOf(decide(used)), 'legacy_token_exchanged', JSON.stringify(changed))
    }
    const policy = { ...defaultPolicy, rotate: 'never' } as const
    const seen = withFacts(state, { grant: { ...grant, usedAt: noon } })
    assert.equal(reasonOf(decide(withInput(seen, { caller: aCaller({ policy }) }))), 'legacy_token_exchanged')
  })

  test('although the legacy token has expired or retired since, and the exchange window has closed', () => {
    const { state, first } = afterFirst()
    const late = withClient(withToken(state, { expires: noon - 1, status: 'retired' }), {
      exchangeStatus: 'off',
    })
    assert.equal(grantedBy(decide(late)).refreshToken, first.refreshToken)
  })

  test('a repeat that asks for something else is exchange_differs; a narrower access token is fine', () => {
    const { state } = afterFirst()
    assert.equal(
      reasonOf(decide(withInput(state, { resource: ['https://api.example'] }))),
      'exchange_differs',
    )
    assert.deepEqual(grantedBy(decide(withInput(state, { scopes: [] }))).scopes, [])
    assert.equal(reasonOf(decide(withInput(state, { scopes: ['write'] }))), 'scope_widened')
  })

  test('another client that holds the token hears that it was exchanged, and no more', () => {
    const { state } = afterFirst()
    const first = withToken(state, { clientId: '', boundTo: 'app' })
    assert.equal(reasonOf(decide(withClient(first, { id: 'thief' }))), 'legacy_token_exchanged')
  })

  test('while its client is being recovered the token is put off, not refused', () => {
    const { state } = afterFirst()
    const recalled = withClient(state, { tokensValidAfter: noon + 1 })
    assert.equal(reasonOf(decide(recalled, noon + 2)), 'contended')
    assert.equal(reasonOf(decide(withClient(state, { tokensValidAfter: noon }))), undefined)
  })

  test('after a reset the token is another: one that leaked is never said again', () => {
    const reset = withToken({ input: input(), facts: facts() }, { exchange: 1 })
    const { first } = afterFirst()
    const again = grantedBy(decide(reset))
    assert.notEqual(again.refreshToken, first.refreshToken)
  })

  test('another token that ends in the same imported part does not get the grant', () => {
    const { state } = afterFirst()
    assert.equal(reasonOf(decide(withInput(state, { legacyToken: 'other|old' }))), 'legacy_token_exchanged')
  })
})
