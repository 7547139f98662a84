import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aMoment,
  anOrganization,
  aRequestToken,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { standingRules } from '../../testing/standing-rules.ts'
import { hearRefreshToken, locatorHash } from '../chain.ts'
import { defaultPolicy } from '../policy.ts'
import type { Grant } from '../records.ts'
import type { RequestToken, RequestTokenFacts } from '../request-token.ts'
import { hashOfRequestToken, requestLocator, sayRequestToken } from '../request-token.ts'
import type { NamedSubject } from '../subjects.ts'
import type { Caller } from './issue.ts'
import type { RedeemRequestTokenInput } from './redeem-request-token.ts'
import { redeemRequestToken } from './redeem-request-token.ts'

const version = aRingVersion()
const ring = aRing([version])
const moment = aMoment(ring)
const requestToken = sayRequestToken(Buffer.alloc(32, 200))
const hash = hashOfRequestToken(requestToken) ?? assert.fail('it is not heard')

type State = {
  readonly input: RedeemRequestTokenInput
  readonly isSubject: boolean
  readonly found: RequestTokenFacts | undefined
  readonly proxiesKnown: number
}

const whole: State = {
  input: {
    caller: aCaller({
      client: aClient({ scopes: ['read', 'openid'] }),
      policy: { ...defaultPolicy, directGrants: ['authtoken'] },
    }),
    subjectId: 'company',
    requestToken,
    scopes: undefined,
    proxies: [],
  },
  isSubject: true,
  found: {
    token: aRequestToken({ hash, scopes: ['read', 'openid'], authorizedBy: 'admin' }),
    subject: {
      user: undefined,
      organization: anOrganization(),
      connection: undefined,
      barred: undefined,
      enabled: false,
    },
    belongs: true,
    authorized: true,
    grant: undefined,
  },
  proxiesKnown: 0,
}

const decide = ({ input, ...facts }: State, at = moment) => redeemRequestToken.decide(input, facts, at)

const withInput = (changes: Partial<RedeemRequestTokenInput>) => (state: State) => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withCaller = (changes: (caller: Caller) => Partial<Caller>) => (state: State) =>
  withInput({ caller: { ...state.input.caller, ...changes(state.input.caller) } })(state)
const withFound = (changes: (found: RequestTokenFacts) => Partial<RequestTokenFacts>) => (state: State) =>
  state.found ? { ...state, found: { ...state.found, ...changes(state.found) } } : state
const withToken = (changes: Partial<RequestToken>) =>
  withFound(({ token }) => ({ token: { ...token, ...changes } }))
const withSubject = (changes: (subject: NamedSubject) => Partial<NamedSubject>) =>
  withFound(({ subject }) => ({ subject: { ...subject, ...changes(subject) } }))

/** Its first use was answered, and the answer got lost. */
const usedOnce = (changes: Partial<Grant> = {}): State => {
  const connection = aConnection({ userId: '', organizationId: 'company', scopes: ['read', 'openid'] })
  const grant = aGrant({
    number: 7,
    userId: '',
    organizationId: 'company',
    actsAs: 'organization',
    authorizedBy: 'admin',
    scopes: ['read', 'openid'],
    locatorHash: locatorHash(requestLocator(version, requestToken, 'app')),
    ...changes,
  })
  return withSubject(() => ({ connection }))(
    withFound(({ token }) => ({ token: { ...token, uses: 1, keyVersion: 1, grantNumber: 7 }, grant }))(whole),
  )
}

const standing = standingRules<State>({ withCaller, withSubject })

const rulesOfAll: readonly Rule<State>[] = [
  ['client_disabled', withCaller(({ client }) => ({ client: { ...client, status: 'disabled' } }))],
  ['grant_type_not_allowed', withCaller(({ policy }) => ({ policy: { ...policy, directGrants: ['otp'] } }))],
  ['subject_unknown', (state) => ({ ...state, isSubject: false })],
  ['request_token_unknown', (state) => ({ ...state, found: undefined })],
  ['request_token_of_other', withToken({ clientId: 'other' })],
  ['request_token_of_other', withToken({ organizationId: 'other' })],
  ['request_token_of_other', withToken({ userId: 'user' })],
  ['request_token_of_other', withFound(() => ({ belongs: false }))],
  ['request_token_used_up', withToken({ uses: 5 })],
]
const rulesOfLate: readonly Rule<State>[] = [
  ['request_token_expired', withToken({ expires: noon })],
  ['request_token_expired', withFound(() => ({ authorized: false }))],
  [
    'request_token_expired',
    withCaller(({ client }) => ({ client: { ...client, tokensValidAfter: noon - 1 } })),
  ],
]
const rulesOfSubject: readonly Rule<State>[] = [
  ...standing.ofCompany,
  ['proxies_unknown', withInput({ proxies: ['one', 'two'] })],
]

suite('redeem a request token: the first time', () => {
  walksInOrder(
    whole,
    [
      ...rulesOfAll,
      ...rulesOfLate,
      ...rulesOfSubject,
      ['scope_not_allowed', withInput({ scopes: ['write'] })],
    ],
    decide,
  )

  test('the pair is the organization’s, by the word of whoever made the token', () => {
    const { answer, writes } = decide(whole)
    const issued = grantedBy({ answer, writes })
    assert.deepEqual(
      [issued.actsAs, issued.userId, issued.authorizedBy, issued.scopes, issued.repeated],
      ['organization', '', 'admin', ['read', 'openid'], false],
    )
    assert.equal(issued.identity, undefined)
    const [guard, ...followers] = writes
    assert.ok(guard?.write === 'redeem_request_token')
    assert.deepEqual([guard.seen, guard.keyVersion, guard.usesMax], [undefined, 1, 5])
    assert.deepEqual(
      followers.map(({ write }) => write),
      ['open_connection', 'add_grant', 'append_event'],
    )
  })

  test('one of a user is theirs; an id_token of it says of no sign-in', () => {
    const ofUser = withSubject(() => ({ user: aUser() }))(withToken({ userId: 'user' })(whole))
    const issued = grantedBy(decide(withInput({ subjectId: 'user' })(ofUser)))
    assert.deepEqual([issued.actsAs, issued.userId], ['user', 'user'])
    assert.ok(issued.identity)
    assert.equal(issued.identity.authenticatedAt, undefined)
    assert.equal(reasonOf(decide(ofUser)), 'request_token_of_other', 'the company is not the user')
  })

  test('what was taken from the app since, the token does not bring back', () => {
    const fewer = withCaller(({ client }) => ({ client: { ...client, scopes: ['openid'] } }))(whole)
    assert.deepEqual(grantedBy(decide(fewer)).scopes, ['openid'])
    assert.equal(reasonOf(decide(withInput({ scopes: ['read'] })(fewer))), 'scope_not_allowed')
  })

  test('after an uninstall a new token brings the connection back', () => {
    const connection = aConnection({ userId: '', organizationId: 'company', status: 'revoked', epoch: 3 })
    const { writes } = decide(withSubject(() => ({ connection }))(whole))
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['redeem_request_token', 'allow_connection', 'open_connection', 'add_grant', 'append_event'],
    )
  })
})

suite('redeem a request token: again', () => {
  const grantIs = (changes: Partial<Grant>) =>
    withFound(({ grant }) => ({ grant: grant && { ...grant, ...changes } }))
  walksInOrder(
    usedOnce(),
    [
      ...rulesOfAll,
      ['request_token_used_up', withFound(() => ({ grant: undefined }))],
      ['request_token_used_up', grantIs({ status: 'revoked' })],
      ['request_token_used_up', grantIs({ epoch: 9 })],
      ['request_token_used_up', grantIs({ generation: 1 })],
      ...rulesOfLate,
      ...rulesOfSubject,
      ['scope_widened', withInput({ scopes: ['write'] })],
      ['key_version_unknown', grantIs({ keyVersion: 9 })],
    ],
    decide,
  )

  test('the refresh token is the one that was said, the access token a fresh one', () => {
    // What the first use said is what the second says: both are made of the token alone.
    const first = grantedBy(decide(whole))
    const heard = hearRefreshToken(ring, first.refreshToken ?? '')
    assert.ok(heard.heard === 'genuine')
    const state = usedOnce({ number: heard.token.number })
    const again = decide(withToken({ grantNumber: heard.token.number })(state))
    const issued = grantedBy(again)
    assert.equal(issued.refreshToken, first.refreshToken)
    assert.notEqual(issued.access?.jti, first.access?.jti)
    assert.equal(issued.repeated, true)
    const [guard, ...followers] = again.writes
    assert.ok(guard?.write === 'redeem_request_token')
    assert.deepEqual([guard.seen, guard.grantNumber, followers], [heard.token.number, heard.token.number, []])
  })

  test('a key rotated in between changes nothing; one that was destroyed ends it', () => {
    const rotated = aMoment(aRing([aRingVersion(2), version]))
    assert.equal(
      grantedBy(decide(usedOnce(), rotated)).refreshToken,
      grantedBy(decide(usedOnce())).refreshToken,
    )
    const destroyed = aMoment(aRing([aRingVersion(2)], { destroyed: new Set([1]) }))
    assert.equal(reasonOf(decide(usedOnce(), destroyed)), 'request_token_used_up')
  })

  test('another grant at its number, as after a restore, is not said', () => {
    assert.equal(reasonOf(decide(usedOnce({ locatorHash: Buffer.alloc(32, 3) }))), 'request_token_used_up')
  })

  test('where refresh tokens stay the same, the first refresh is what uses it', () => {
    const never = withCaller(({ policy }) => ({ policy: { ...policy, rotate: 'never' } }))
    assert.equal(reasonOf(decide(never(usedOnce()))), undefined)
    assert.equal(reasonOf(decide(never(usedOnce({ usedAt: noon })))), 'request_token_used_up')
  })

  test('a narrower access token is fine', () => {
    assert.deepEqual(grantedBy(decide(withInput({ scopes: ['read'] })(usedOnce()))).scopes, ['read'])
  })
})

suite('a request token', () => {
  test('has a checksum, and only the one spelling', () => {
    assert.match(requestToken, /^tfq_[0-9A-Za-z]{49}$/)
    assert.equal(sayRequestToken(Buffer.alloc(32, 255)).length, sayRequestToken(Buffer.alloc(32)).length)
    const mistyped = [requestToken.replace('tfq_', 'tfr_'), `${requestToken} `, requestToken.slice(1), '']
    const last = requestToken.endsWith('a') ? 'b' : 'a'
    for (const text of [...mistyped, requestToken.slice(0, -1) + last])
      assert.equal(hashOfRequestToken(text), undefined, text)
  })
})
