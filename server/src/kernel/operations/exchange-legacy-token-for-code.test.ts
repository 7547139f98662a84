import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  type aClient,
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
import { legacyLocator, wrapLocator } from '../chain.ts'
import type { Decision } from '../decision.ts'
import { defaultPolicy } from '../policy.ts'
import { sha256 } from '../ring.ts'
import type { LegacyFacts } from '../store.ts'
import type { ExchangeForCodeInput, IssuedCode } from './exchange-legacy-token-for-code.ts'
import { exchangeLegacyTokenForCode } from './exchange-legacy-token-for-code.ts'

const version = aRingVersion()
const day = 86_400_000

type State = { readonly input: ExchangeForCodeInput; readonly facts: LegacyFacts; readonly now: number }

const good: State = {
  now: noon,
  input: {
    caller: aCaller({ policy: { ...defaultPolicy, legacyScopesBeyondClient: 'refuse' } }),
    legacyToken: 'old',
    organizationId: 'company',
    as: 'user',
    codeChallenge: 'challenge',
  },
  facts: {
    token: aLegacyToken({ organizationId: 'company' }),
    shared: undefined,
    alias: undefined,
    barred: undefined,
    grant: undefined,
    connection: aConnection({ organizationId: 'company' }),
    user: aUser(),
    organization: anOrganization(),
  },
}

const decide = ({ input, facts, now }: State): Decision<IssuedCode> =>
  exchangeLegacyTokenForCode.decide(input, facts, aMoment(aRing([version]), now))
const withToken = (state: State, changes: Parameters<typeof aLegacyToken>[0]): State => ({
  ...state,
  facts: { ...state.facts, token: { ...state.facts.token, ...changes } },
})
const withFacts = (state: State, changes: Partial<LegacyFacts>): State => ({
  ...state,
  facts: { ...state.facts, ...changes },
})
const withInput = (state: State, changes: Partial<ExchangeForCodeInput>): State => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withClient = (state: State, changes: Parameters<typeof aClient>[0]): State =>
  withInput(state, {
    caller: { ...state.input.caller, client: { ...state.input.caller.client, ...changes } },
  })
const addedBy = (decision: Decision<IssuedCode>) => {
  const added = decision.writes.find((write) => write.write === 'add_code')
  assert.ok(added)
  return added
}

suite('exchange legacy token for code: the refusals, in order', () => {
  walksInOrder<State>(
    good,
    [
      ['client_disabled', (state) => withClient(state, { status: 'disabled' })],
      ['legacy_token_of_other_client', (state) => withToken(state, { clientId: 'other' })],
      ['subject_mismatch', (state) => withInput(state, { organizationId: 'another' })],
      ['user_disabled', (state) => withFacts(state, { user: aUser({ status: 'disabled' }) })],
      ['legacy_token_revoked', (state) => withToken(state, { status: 'revoked' })],
      ['legacy_token_exchanged', (state) => withToken(state, { status: 'exchanged' })],
      ['exchange_window_closed', (state) => withClient(state, { exchangeStatus: 'off' })],
      ['legacy_token_expired', (state) => withToken(state, { expires: noon })],
      ['exchange_budget_spent', (state) => withInput(state, { budgetSpent: true })],
      [
        'code_challenge_missing',
        (state) =>
          withClient({ ...state, input: { ...state.input, codeChallenge: undefined } }, { type: 'public' }),
      ],
      ['legacy_scopes_exceed_client', (state) => withToken(state, { scopes: ['admin'] })],
      ['key_version_unknown', (state) => withToken(state, { keyVersion: 9 })],
    ],
    decide,
  )
})

suite('exchange legacy token for code: what is granted', () => {
  test('the first code fixes number and version in the token’s row, which stays active', () => {
    const decision = decide(good)
    const [guard, added] = decision.writes
    assert.ok(guard?.write === 'reserve_grant' && added?.write === 'add_code')
    assert.deepEqual([guard.keyVersion, guard.grantNumber], [1, added.code.grantNumber])
    assert.equal(added.openMax, 5)
  })

  test('the row has the code’s hash and a locator that only the code unwraps', () => {
    const decision = decide(good)
    const { code } = grantedBy(decision)
    const added = addedBy(decision)
    assert.deepEqual(added.code.hash, sha256(code))
    const locator = legacyLocator(version, 'old', 'app', 0)
    assert.deepEqual(wrapLocator(version, code, added.code.wrappedLocator ?? Buffer.alloc(0)), locator)
  })

  test('every code of one token leads to one grant, and no two codes are the same', () => {
    const reserved = withToken(good, { keyVersion: 1, grantNumber: 5 })
    const [one, two] = [decide(reserved), decide(reserved)]
    assert.deepEqual(
      [one, two].map((decision) => addedBy(decision).code.grantNumber),
      [5, 5],
    )
    assert.deepEqual(
      one.writes.map(({ write }) => write),
      ['add_code'],
    )
    assert.notEqual(grantedBy(one).code, grantedBy(two).code)
    assert.deepEqual(
      [good, reserved].map((state) => grantedBy(decide(state)).repeated),
      [false, true],
    )
    assert.equal(reasonOf(decide(withInput(reserved, { budgetSpent: true }))), undefined)
  })

  test('it expires on a whole second, which is what the caller is told', () => {
    const { expiresAt } = grantedBy(decide({ ...good, now: noon + 999 }))
    assert.equal(expiresAt, noon + 60_000)
  })

  test('a pair that was lost is recovered by a new code, until it was used or its window has closed', () => {
    const token = { status: 'exchanged', boundTo: 'app', keyVersion: 1, grantNumber: 5 } as const
    const after = withFacts(withToken(good, token), { grant: aGrant({ number: 5 }) })
    assert.equal(addedBy(decide(after)).code.grantNumber, 5)
    assert.equal(reasonOf(decide({ ...after, now: noon + 7 * day })), 'legacy_token_exchanged')
    const used = withFacts(after, { grant: aGrant({ number: 5, generation: 1 }) })
    assert.equal(reasonOf(decide(used)), 'legacy_token_exchanged')
    // An app without a secret can prove nothing later either, so its window is the shorter one.
    const open = withClient(after, { type: 'public' })
    assert.equal(reasonOf(decide({ ...open, now: noon + day })), 'legacy_token_exchanged')
  })
})
