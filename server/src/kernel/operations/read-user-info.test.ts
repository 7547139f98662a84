import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, refusalOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aMoment,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { defaultPolicy } from '../policy.ts'
import type { GrantFacts } from '../store.ts'
import type { PresentedFacts } from './presented-token.ts'
import { readUserInfo } from './read-user-info.ts'

type Access = Extract<PresentedFacts, { kind: 'access' }>

const hanging = (changes: Partial<GrantFacts> = {}): GrantFacts => ({
  grant: aGrant(),
  connection: aConnection(),
  user: aUser(),
  organization: undefined,
  ...changes,
})

const access = (changes: Partial<Access> = {}, claims: Partial<Access['claims']> = {}): Access => ({
  kind: 'access',
  claims: {
    jti: 'jti',
    scopes: ['openid', 'profile', 'email'],
    resource: [],
    issuedAt: noon,
    expiresAt: noon + 1,
    clientId: 'app',
    userId: 'user',
    organizationId: '',
    issuer: undefined,
    ...claims,
  },
  number: 2,
  grant: hanging(),
  client: aClient(),
  revoked: false,
  lost: undefined,
  ...changes,
})

const alice = aUser({ username: 'alice', name: 'Alice', email: 'alice@example.com' })

const decide = (presented: PresentedFacts, caller = aCaller(), who: 'alice' | 'nobody' = 'alice') =>
  readUserInfo.decide(
    { caller, token: 'token', signed: undefined },
    { presented, user: who === 'alice' ? alice : undefined },
    aMoment(aRing([aRingVersion()])),
  )

/** What may be wrong, one after the other. */
type State = {
  readonly versionKnown: boolean
  readonly behind: boolean
  readonly good: boolean
  readonly scopes: readonly string[]
}

const numbering = { next: 2, accountedFor: false, declared: undefined }

suite('read user info: what is refused, in order', () => {
  const whole: State = { versionKnown: true, behind: false, good: true, scopes: ['openid'] }
  const rules: readonly Rule<State>[] = [
    ['key_version_unknown', (state) => ({ ...state, versionKnown: false })],
    ['state_behind', (state) => ({ ...state, behind: true })],
    ['access_token_invalid', (state) => ({ ...state, good: false })],
    ['scope_insufficient', (state) => ({ ...state, scopes: ['profile', 'email'] })],
  ]
  walksInOrder(whole, rules, ({ versionKnown, behind, good, scopes }) => {
    const lost = { number: 2, displaced: false, numbering }
    const changes = { revoked: !good, ...(behind && { grant: undefined, lost }) }
    return decide(versionKnown ? access(changes, { scopes }) : { kind: 'version_unknown' })
  })
})

suite('read user info', () => {
  const told = (scopes: readonly string[]) => {
    const { seen: _, ...info } = grantedBy(decide(access({}, { scopes })))
    return JSON.parse(JSON.stringify(info))
  }

  test('says as much as the scopes reach, and writes nothing', () => {
    assert.deepEqual(told(['openid']), { userId: 'user' })
    assert.deepEqual(told(['openid', 'profile']), { userId: 'user', name: 'Alice', username: 'alice' })
    assert.deepEqual(told(['openid', 'email']), { userId: 'user', email: 'alice@example.com' })
    assert.deepEqual(decide(access()).writes, [])
  })

  test('whom nobody has described is still who they are', () => {
    const { userId, name } = grantedBy(decide(access(), aCaller(), 'nobody'))
    assert.deepEqual([userId, name], ['user', undefined])
  })

  test('that a connection is in use is noted', () => {
    const grant = hanging({ connection: aConnection({ number: 7 }) })
    assert.deepEqual(grantedBy(decide(access({ grant }))).seen, { connection: 7 })
  })

  test('a company’s token tells of nobody, and says which scope would', () => {
    const refusal = refusalOf(decide(access({}, { userId: '', organizationId: 'company' })))
    assert.deepEqual(refusal, { reason: 'scope_insufficient', accepted: ['openid'] })
  })

  const invalid: readonly (readonly [string, PresentedFacts])[] = [
    ['a string that nobody issued', { kind: 'unknown' }],
    [
      'a refresh token',
      { kind: 'refresh', generation: 0, grant: hanging(), client: aClient(), lost: undefined },
    ],
    ['an expired token', access({}, { expiresAt: noon })],
    ['a token whose grant has ended', access({ grant: hanging({ grant: aGrant({ status: 'revoked' }) }) })],
    [
      'a token whose connection was revoked',
      access({ grant: hanging({ connection: aConnection({ status: 'revoked' }) }) }),
    ],
    ['a token of a disabled user', access({ grant: hanging({ user: aUser({ status: 'disabled' }) }) })],
    ['a token of another client', access({ client: aClient({ id: 'other' }) })],
  ]
  for (const [name, presented] of invalid) {
    test(`${name} tells of nobody`, () => assert.equal(reasonOf(decide(presented)), 'access_token_invalid'))
  }

  test('nor does the token of a disabled client', () => {
    const client = aClient({ status: 'disabled' })
    assert.equal(reasonOf(decide(access({ client }), aCaller({ client }))), 'access_token_invalid')
  })

  test('a token that waits for its user tells of them only where waiting is not required', () => {
    const waiting = access({ grant: hanging({ connection: aConnection({ confirmation: 'pending' }) }) })
    const required = aCaller({ policy: { ...defaultPolicy, confirmation: 'required' } })
    assert.equal(reasonOf(decide(waiting, required)), 'access_token_invalid')
    assert.equal(reasonOf(decide(waiting)), undefined)
  })
})
