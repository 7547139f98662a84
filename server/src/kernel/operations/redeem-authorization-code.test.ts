import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aCode,
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
import { hearRefreshToken, legacyLocator, locatorHash, wrapLocator } from '../chain.ts'
import type { Decision } from '../decision.ts'
import type { AuthorizationCode, LegacyToken } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { CodeFacts } from '../store.ts'
import type { Issued } from './issue.ts'
import type { RedeemInput } from './redeem-authorization-code.ts'
import { redeemAuthorizationCode } from './redeem-authorization-code.ts'

const version = aRingVersion()
const ring = aRing([version])
const verifier = 'v'.repeat(43)
const codeChallenge = sha256(verifier).toString('base64url')
const day = 86_400_000

type State = { readonly input: RedeemInput; readonly facts: CodeFacts; readonly now: number }

const decide = ({ input, facts, now }: State): Decision<Issued> =>
  redeemAuthorizationCode.decide(input, facts, aMoment(ring, now))

const withCode = (state: State, changes: Partial<AuthorizationCode>): State => ({
  ...state,
  facts: { ...state.facts, code: { ...state.facts.code, ...changes } },
})
const withFacts = (state: State, changes: Partial<CodeFacts>): State => ({
  ...state,
  facts: { ...state.facts, ...changes },
})
const withInput = (state: State, changes: Partial<RedeemInput>): State => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withLegacy = (state: State, changes: Partial<LegacyToken>): State =>
  withFacts(state, { legacy: state.facts.legacy && { ...state.facts.legacy, ...changes } })

/** A code that a user's consent was answered with. */
const consent: State = {
  now: noon,
  input: {
    caller: aCaller(),
    code: 'code',
    redirectUri: 'https://app.example/',
    codeVerifier: verifier,
  },
  facts: {
    code: aCode({ hash: sha256('code'), redirectUri: 'https://app.example/', codeChallenge }),
    legacy: undefined,
    alias: undefined,
    barred: undefined,
    grant: undefined,
    connection: aConnection({ number: 7, epoch: 3 }),
    user: aUser(),
    organization: anOrganization(),
  },
}

/** A code that a legacy token was exchanged for. */
const locator = legacyLocator(version, 'old', 'app', 0)
const migrated: State = {
  now: noon,
  input: { caller: aCaller(), code: 'code' },
  facts: {
    ...consent.facts,
    code: aCode({
      hash: sha256('code'),
      kind: 'legacy',
      legacyLookup: aLegacyToken().lookup,
      legacyClientId: 'app',
      wrappedLocator: wrapLocator(version, 'code', locator),
      grantNumber: 5,
    }),
    legacy: aLegacyToken({ keyVersion: 1, grantNumber: 5 }),
    connection: undefined,
  },
}

const disabledClient = (state: State): State =>
  withInput(state, { caller: aCaller({ client: aClient({ status: 'disabled' }) }) })

const elsewhere = (state: State): State => {
  const asked = { ...state.input.caller, regions: { here: 'us', all: ['us', 'eu'] } }
  const user = { ...(state.facts.user ?? aUser()), region: 'eu' }
  return withFacts(withInput(state, { caller: asked }), { user })
}

suite('redeem authorization code: the refusals, in order', () => {
  walksInOrder<State>(
    consent,
    [
      ['client_disabled', disabledClient],
      ['code_of_other_client', (state) => withCode(state, { clientId: 'other' })],
      ['redirect_uri_mismatch', (state) => withInput(state, { redirectUri: 'https://other.example/' })],
      ['code_verifier_mismatch', (state) => withInput(state, { codeVerifier: 'w'.repeat(43) })],
      ['lives_elsewhere', elsewhere],
      ['code_redeemed', (state) => withCode(state, { status: 'redeemed' })],
      ['code_expired', (state) => withCode(state, { expires: noon })],
      ['code_expired', (state) => withCode(state, { created: -1 })],
      ['user_disabled', (state) => withFacts(state, { user: aUser({ status: 'disabled' }) })],
      [
        'organization_disabled',
        (state) => withFacts(state, { organization: anOrganization({ status: 'disabled' }) }),
      ],
      ['client_barred', (state) => withFacts(state, { barred: 'organization' })],
      ['connection_revoked', (state) => withFacts(state, { connection: aConnection({ status: 'revoked' }) })],
    ],
    decide,
  )

  test('a code that nobody was given is code_unknown', () => {
    const decision = redeemAuthorizationCode.decide(consent.input, undefined, aMoment(ring))
    assert.equal(reasonOf(decision), 'code_unknown')
  })

  test('a verifier must be there where a challenge was, only there, and well-formed', () => {
    const without = { ...consent, input: { ...consent.input, codeVerifier: undefined } }
    assert.equal(reasonOf(decide(without)), 'code_verifier_mismatch')
    const short = 'v'.repeat(42)
    const weak = withCode(withInput(consent, { codeVerifier: short }), {
      codeChallenge: sha256(short).toString('base64url'),
    })
    assert.equal(reasonOf(decide(weak)), 'code_verifier_mismatch')
    assert.equal(reasonOf(decide(withCode(consent, { codeChallenge: undefined }))), 'code_verifier_mismatch')
    assert.equal(reasonOf(decide(withCode(without, { codeChallenge: undefined }))), undefined)
  })

  test('the address must be named where the request named it, but for a dialect that has none in its token request', () => {
    const unnamed = { ...consent, input: { ...consent.input, redirectUri: undefined } }
    assert.equal(reasonOf(decide(unnamed)), 'redirect_uri_mismatch')
    assert.equal(reasonOf(decide(withInput(unnamed, { redirectUriOptional: true }))), undefined)
    const wrong = { redirectUriOptional: true, redirectUri: 'https://other.example/' }
    assert.equal(reasonOf(decide(withInput(consent, wrong))), 'redirect_uri_mismatch')
  })
})

suite('redeem authorization code: of a consent', () => {
  test('a new grant under the connection that the consent made, behind one guard', () => {
    const decision = decide(consent)
    assert.deepEqual(
      decision.writes.map(({ write }) => write),
      ['redeem_code', 'open_connection', 'add_grant', 'append_event'],
    )
    const added = decision.writes.find((write) => write.write === 'add_grant')
    const heard = hearRefreshToken(ring, grantedBy(decision).refreshToken ?? '')
    assert.ok(added && heard.heard === 'genuine')
    assert.deepEqual([added.grant.connection, added.grant.epoch], [7, 3])
    assert.deepEqual(locatorHash(heard.token.locator), added.grant.locatorHash)
  })

  test('two redemptions that look at once compute two locators: only the guard decides', () => {
    assert.notEqual(grantedBy(decide(consent)).refreshToken, grantedBy(decide(consent)).refreshToken)
  })

  test('without the connection that the consent made, the user has taken it back', () => {
    assert.equal(reasonOf(decide(withFacts(consent, { connection: undefined }))), 'connection_revoked')
  })

  test('a second redemption that is otherwise valid ends the grant; any other ends nothing', () => {
    const twice = withFacts(withCode(consent, { status: 'redeemed' }), { grant: aGrant({ number: 9 }) })
    const [guard, noted] = decide(twice).writes
    assert.deepEqual(guard, { write: 'end_grant', number: 9, reason: 'code_redeemed_twice' })
    assert.ok(noted?.write === 'append_event')
    const strangers = [
      withInput(twice, { codeVerifier: 'w'.repeat(43) }),
      withInput(twice, { redirectUri: 'https://other.example/' }),
      withCode(twice, { clientId: 'other' }),
      elsewhere(twice),
    ]
    for (const stranger of strangers) assert.deepEqual(decide(stranger).writes, [])
    const over = withFacts(twice, { grant: aGrant({ status: 'revoked' }) })
    assert.deepEqual(decide(over).writes, [])
  })

  test('who signed in is said to an app with openid, with its nonce and the time', () => {
    const code = { nonce: 'the nonce', authenticatedAt: noon - 5000, scopes: ['openid'] }
    const { identity } = grantedBy(decide(withCode(consent, code)))
    assert.deepEqual(
      [identity?.userId, identity?.nonce, identity?.authenticatedAt, identity?.issuedAt],
      ['user', 'the nonce', noon - 5000, noon],
    )
    const without = withCode(consent, { ...code, scopes: ['read'] })
    assert.equal(grantedBy(decide(without)).identity, undefined)
    const company = withCode(consent, { ...code, actsAs: 'organization', userId: '' })
    assert.equal(grantedBy(decide(company)).identity, undefined)
  })
})

suite('redeem authorization code: of a legacy token', () => {
  test('the first one redeemed exchanges the token: the guard names token and code', () => {
    const decision = decide(migrated)
    const [guard] = decision.writes
    assert.ok(guard?.write === 'exchange_legacy_token')
    assert.deepEqual([guard.grantNumber, guard.codeHash, guard.status], [5, sha256('code'), 'exchanged'])
    const heard = hearRefreshToken(ring, grantedBy(decision).refreshToken ?? '')
    assert.ok(heard.heard === 'genuine')
    assert.deepEqual(Buffer.from(heard.token.locator), locator)
  })

  const after = withFacts(withLegacy(migrated, { status: 'exchanged', boundTo: 'app' }), {
    grant: aGrant({ number: 5, locatorHash: locatorHash(locator) }),
    connection: aConnection(),
  })

  test('another code of it says the same refresh token, until that was used or its window has closed', () => {
    assert.equal(grantedBy(decide(after)).refreshToken, grantedBy(decide(migrated)).refreshToken)
    assert.equal(grantedBy(decide(after)).repeated, true)
    assert.deepEqual(
      decide(after).writes.map(({ write }) => write),
      ['redeem_code'],
    )
    const used = withFacts(after, { grant: aGrant({ locatorHash: locatorHash(locator), generation: 1 }) })
    assert.equal(reasonOf(decide(used)), 'legacy_token_exchanged')
    const open = withCode(after, { expires: noon + 30 * day })
    assert.equal(reasonOf(decide({ ...open, now: noon + 7 * day })), 'legacy_token_exchanged')
    const unproven = withInput(open, { caller: aCaller({ proven: false }) })
    assert.equal(reasonOf(decide({ ...unproven, now: noon + day })), 'legacy_token_exchanged')
    assert.equal(reasonOf(decide({ ...unproven, now: noon + day - 1 })), undefined)
  })

  test('a second redemption of one code is denied, and the grant lives on', () => {
    const twice = decide(withCode(after, { status: 'redeemed' }))
    assert.equal(reasonOf(twice), 'code_redeemed')
    assert.deepEqual(twice.writes, [])
  })

  test('what became of the token since: reset, revoked, or gone', () => {
    assert.equal(reasonOf(decide(withLegacy(migrated, { grantNumber: undefined }))), 'code_expired')
    assert.equal(reasonOf(decide(withLegacy(migrated, { status: 'revoked' }))), 'legacy_token_revoked')
    const allowedAgain = withFacts(migrated, { connection: aConnection({ epoch: 2 }) })
    assert.equal(reasonOf(decide(allowedAgain)), 'legacy_token_revoked')
    assert.equal(reasonOf(decide(withFacts(migrated, { alias: 'revoked' }))), 'legacy_token_revoked')
    assert.equal(reasonOf(decide(withFacts(migrated, { alias: 'exchanged' }))), 'legacy_token_exchanged')
    assert.equal(reasonOf(decide(withFacts(migrated, { legacy: undefined }))), 'code_unknown')
    assert.equal(reasonOf(decide(withLegacy(migrated, { keyVersion: 9 }))), 'key_version_unknown')
  })

  test('a row whose locator another code wrapped opens nothing', () => {
    const swapped = withCode(after, { wrappedLocator: wrapLocator(version, 'other', locator) })
    assert.equal(reasonOf(decide(swapped)), 'code_unknown')
  })

  test('for an access token alone the code is used up, the legacy token is not', () => {
    const decision = decide(withInput(migrated, { withoutRefreshToken: true }))
    const issued = grantedBy(decision)
    assert.deepEqual([issued.refreshToken, issued.access?.grantNumber], [undefined, 0])
    assert.deepEqual(
      decision.writes.map(({ write }) => write),
      ['redeem_code'],
    )
  })
})
