import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { standingRules } from '../../testing/standing-rules.ts'
import { defaultPolicy } from '../policy.ts'
import type { CheckedPassword } from '../sign-in.ts'
import type { NamedSubject } from '../subjects.ts'
import type { RedeemPasswordInput } from './redeem-password.ts'
import { redeemPassword } from './redeem-password.ts'

const moment = aMoment(aRing([aRingVersion()]))

type State = {
  readonly input: RedeemPasswordInput
  readonly subject: NamedSubject | undefined
  readonly lockedUntil: number | undefined
  readonly proxiesKnown: number
}

const whole: State = {
  input: {
    caller: aCaller({
      client: aClient({ scopes: ['read', 'openid'] }),
      policy: { ...defaultPolicy, directGrants: ['password'] },
    }),
    username: 'user@example',
    credential: { failuresName: 'the name', verifiedHash: 'the hash', renewedHash: undefined },
    scopes: undefined,
    proxies: [],
  },
  subject: {
    user: aUser({ passwordHash: 'the hash' }),
    organization: anOrganization(),
    connection: undefined,
    barred: undefined,
    enabled: false,
  },
  lockedUntil: undefined,
  proxiesKnown: 0,
}

const decide = ({ input, subject, lockedUntil, proxiesKnown }: State) =>
  redeemPassword.decide(
    input,
    { subject, failures: { count: 0, window: 0, lockedUntil }, proxiesKnown },
    moment,
  )

const withInput = (changes: Partial<RedeemPasswordInput>) => (state: State) => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withCaller =
  (changes: (caller: RedeemPasswordInput['caller']) => Partial<RedeemPasswordInput['caller']>) =>
  (state: State) => ({
    ...state,
    input: { ...state.input, caller: { ...state.input.caller, ...changes(state.input.caller) } },
  })
const withSubject = (changes: (subject: NamedSubject) => Partial<NamedSubject>) => (state: State) =>
  state.subject ? { ...state, subject: { ...state.subject, ...changes(state.subject) } } : state
const found = (changes: Partial<CheckedPassword>): CheckedPassword => ({
  failuresName: 'the name',
  verifiedHash: 'the hash',
  renewedHash: undefined,
  ...changes,
})

const standing = standingRules<State>({ withCaller, withSubject })

const rules: readonly Rule<State>[] = [
  ['client_disabled', withCaller(({ client }) => ({ client: { ...client, status: 'disabled' } }))],
  ['grant_type_not_allowed', withCaller(({ policy }) => ({ policy: { ...policy, directGrants: ['otp'] } }))],
  ['sign_in_locked', (state) => ({ ...state, lockedUntil: noon + 1 })],
  ['password_wrong', withInput({ credential: found({ verifiedHash: undefined }) })],
  ...standing.ofUser,
  ['proxies_unknown', withInput({ proxies: ['one', 'two'] })],
  ['scope_not_allowed', withInput({ scopes: ['write'] })],
]

suite('redeem a password', () => {
  walksInOrder(whole, rules, decide)

  test('a user who is barred is told apart from a company that is', () => {
    assert.equal(reasonOf(decide(withSubject(() => ({ barred: 'user' }))(whole))), 'client_barred_for_user')
  })

  test('whoever does not prove itself may not use it, whatever it is allowed', () => {
    assert.equal(reasonOf(decide(withCaller(() => ({ proven: false }))(whole))), 'grant_type_not_allowed')
    const shipped = withCaller(({ client }) => ({ client: { ...client, type: 'public' } }))
    assert.equal(reasonOf(decide(shipped(whole))), 'grant_type_not_allowed')
  })

  test('a wrong password is counted, alike for a name that nobody has; nothing else is refused with a change', () => {
    const wrong = withInput({ credential: found({ verifiedHash: undefined }) })(whole)
    for (const state of [wrong, { ...whole, subject: undefined }]) {
      const { answer, writes } = decide(state)
      assert.deepEqual(answer, { refused: { reason: 'password_wrong' } })
      assert.deepEqual(
        writes.map(({ write }) => write),
        ['note_failed_sign_in'],
      )
    }
    for (const [reason, broken] of rules.filter(([reason]) => reason !== 'password_wrong'))
      assert.deepEqual(decide(broken(whole)).writes, [], reason)
  })

  test('the hash that was verified must still be the user’s own', () => {
    const changed = withSubject(({ user }) => ({ user: user && { ...user, passwordHash: 'another' } }))
    assert.equal(reasonOf(decide(changed(whole))), 'password_wrong')
  })

  test('the grant is the user’s in their company, guarded by their password and the connection', () => {
    const decision = decide(whole)
    const issued = grantedBy(decision)
    assert.equal(issued.actsAs, 'user')
    assert.deepEqual(issued.scopes, ['read', 'openid'])
    const [guard, opened, added] = decision.writes
    assert.ok(guard?.write === 'begin_grant' && guard.passwordHash === 'the hash')
    assert.equal(guard.connection.found, undefined)
    assert.ok(opened?.write === 'open_connection' && opened.isNew)
    assert.ok(added?.write === 'add_grant')
    assert.deepEqual([added.grant.userId, added.grant.organizationId], ['user', 'company'])
  })

  test('a connection that was revoked lives again by the user’s own word, under its raised epoch', () => {
    const connection = aConnection({
      organizationId: 'company',
      status: 'revoked',
      epoch: 4,
      scopes: ['write'],
    })
    const { writes } = decide(withSubject(() => ({ connection }))(whole))
    const [guard, revived] = writes
    assert.ok(guard?.write === 'begin_grant' && guard.connection.found?.status === 'revoked')
    assert.ok(revived?.write === 'allow_connection')
    assert.deepEqual([revived.connection.status, revived.connection.epoch], ['live', 4])
    assert.deepEqual(revived.connection.scopes, ['read', 'openid'])
    const added = writes.find(({ write }) => write === 'add_grant')
    assert.ok(added?.write === 'add_grant' && added.grant.epoch === 4)
  })

  test('who the user is, is said only where the app asks for that', () => {
    assert.equal(grantedBy(decide(whole)).identity?.userId, 'user')
    assert.equal(grantedBy(decide(withInput({ scopes: ['read'] })(whole))).identity, undefined)
  })

  test('a hash of other costs is replaced in the same commit', () => {
    const { writes } = decide(withInput({ credential: found({ renewedHash: 'the new hash' }) })(whole))
    const renewed = { write: 'note_password_hash', userId: 'user', seen: 'the hash', hash: 'the new hash' }
    assert.deepEqual(writes.at(-1), renewed)
  })
})
