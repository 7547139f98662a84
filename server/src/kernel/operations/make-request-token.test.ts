import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aClient,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aSession,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Client, Membership } from '../records.ts'
import { hashOfRequestToken } from '../request-token.ts'
import type { NamedSubject } from '../subjects.ts'
import type { Account } from './account.ts'
import { endRequestToken } from './end-request-token.ts'
import type { MakingFacts, Policies } from './make-request-token.ts'
import { makeRequestToken } from './make-request-token.ts'
import { makeRequestTokenForOperator } from './make-request-token-for-operator.ts'

const moment = aMoment(aRing([aRingVersion()]))
const policies: Policies = { standard: { directGrants: ['authtoken'] } }
const company = anOrganization()
const anAccount = (role: Membership['role'] = 'admin'): Account => ({
  user: aUser({ id: 'admin' }),
  session: aSession(),
  memberships: [{ organization: company, role }],
})
const operator = { actor: 'operator someone', address: undefined, requestId: undefined }

type State = MakingFacts & { readonly account: Account | undefined; readonly policies: Policies }

const whole: State = {
  account: anAccount(),
  policies,
  client: aClient(),
  subject: {
    user: undefined,
    organization: company,
    connection: undefined,
    barred: undefined,
    enabled: false,
  },
}
const asked = { clientId: 'app', organizationId: 'company', policies }
const browser = { sessionSecret: 'secret', address: '192.0.2.1', requestId: 'r1' }
const byAdmin = ({ policies: known, ...facts }: State) =>
  makeRequestToken.decide({ ...asked, ...browser, policies: known }, facts, moment)
const byOperator = ({ policies: known, client, subject }: State, userId = '') =>
  makeRequestTokenForOperator.decide(
    { ...asked, policies: known, userId, actor: operator },
    { client, subject },
    moment,
  )

const withClient = (changes: Partial<Client>) => (state: State) => ({
  ...state,
  client: state.client && { ...state.client, ...changes },
})
const withSubject = (changes: Partial<NamedSubject>) => (state: State) => ({
  ...state,
  subject: state.subject && { ...state.subject, ...changes },
})
const enabledOnly: Policies = { standard: { directGrants: ['authtoken'], organizations: 'enabled' } }

const rules: readonly Rule<State>[] = [
  ['record_unknown', (state) => ({ ...state, client: undefined })],
  ['record_unknown', (state) => ({ ...state, subject: undefined })],
  ['client_disabled', withClient({ status: 'disabled' })],
  ['grant_type_not_allowed', withClient({ type: 'public' })],
  ['grant_type_not_allowed', withClient({ dialect: 'unmounted' })],
  ['grant_type_not_allowed', withClient({ policy: { directGrants: ['password', 'otp'] } })],
  ['organization_disabled', withSubject({ organization: { ...company, status: 'disabled' } })],
  ['client_barred', withSubject({ barred: 'organization' })],
  ['client_not_enabled', (state) => ({ ...state, policies: enabledOnly })],
]

suite('make a request token: an admin', () => {
  walksInOrder(
    whole,
    [
      ['signed_out', (state) => ({ ...state, account: undefined })],
      [
        'signed_out',
        (state) => ({ ...state, account: { ...anAccount(), session: aSession({ expires: noon }) } }),
      ],
      ['record_unknown', (state) => ({ ...state, account: anAccount('member') })],
      ...rules,
    ],
    byAdmin,
  )

  test('is shown the token once, and the row keeps its hash, their name and what the app may do now', () => {
    const decision = byAdmin(whole)
    const made = grantedBy(decision)
    assert.deepEqual(
      [made.clientId, made.subjectId, made.scopes, made.expires],
      ['app', 'company', ['read', 'write'], noon + 86_400_000],
    )
    const [write, told] = decision.writes
    assert.ok(write?.write === 'make_request_token')
    const { hash, ...row } = write.token
    assert.deepEqual(hash, hashOfRequestToken(made.requestToken))
    assert.ok(!JSON.stringify(decision.writes).includes(made.requestToken))
    assert.deepEqual(
      [row.userId, row.organizationId, row.authorizedBy, row.uses, row.grantNumber, row.keyVersion],
      ['', 'company', 'admin', 0, undefined, undefined],
    )
    assert.ok(told?.write === 'append_event')
    const { kind, actor, address, clientId, organizationId } = told.event
    assert.deepEqual(
      [kind, actor, address, clientId, organizationId],
      ['request_token_made', 'user:admin', '192.0.2.1', 'app', 'company'],
    )
  })

  test('of an app that must be let in first, once it is', () => {
    assert.equal(
      reasonOf(byAdmin(withSubject({ enabled: true })({ ...whole, policies: enabledOnly }))),
      undefined,
    )
  })

  test('two tokens are never the same', () => {
    assert.notEqual(grantedBy(byAdmin(whole)).requestToken, grantedBy(byAdmin(whole)).requestToken)
  })
})

suite('make a request token: the operator', () => {
  walksInOrder(whole, rules, byOperator)

  test('makes one without a session, and also for one user', () => {
    assert.deepEqual(grantedBy(byOperator(whole)).subjectId, 'company')
    const decision = byOperator(withSubject({ user: aUser() })(whole), 'user')
    assert.equal(grantedBy(decision).subjectId, 'user')
    const [write] = decision.writes
    assert.ok(write?.write === 'make_request_token')
    assert.deepEqual([write.token.userId, write.token.authorizedBy], ['user', ''])
  })

  test('makes none for a user who is disabled, or may not use the app', () => {
    const ofUser = (changes: Partial<NamedSubject>) => withSubject({ user: aUser(), ...changes })(whole)
    assert.equal(reasonOf(byOperator(ofUser({ user: aUser({ status: 'disabled' }) }))), 'user_disabled')
    assert.equal(reasonOf(byOperator(ofUser({ barred: 'user' }))), 'client_barred_for_user')
  })

  test('ends one that there is, under the app’s own id', () => {
    const input = { clientId: 'old-name', userId: '', organizationId: 'company', actor: operator }
    const client = aClient()
    const decision = endRequestToken.decide(input, { client, isThere: true }, moment)
    const of = { clientId: 'app', userId: '', organizationId: 'company' }
    assert.deepEqual(grantedBy(decision), of)
    assert.deepEqual(decision.writes[0], { write: 'end_request_token', of })
    for (const facts of [
      { client: undefined, isThere: true },
      { client, isThere: false },
    ])
      assert.equal(reasonOf(endRequestToken.decide(input, facts, moment)), 'record_unknown')
  })
})
