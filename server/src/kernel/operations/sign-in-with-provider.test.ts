import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import { aMoment, aRing, aRingVersion, aUser } from '../../testing/records.ts'
import { sha256 } from '../ring.ts'
import type { ProviderInput } from './sign-in-with-provider.ts'
import { signInWithProvider } from './sign-in-with-provider.ts'

const moment = aMoment(aRing([aRingVersion()]))
const provided = {
  value: 'u-1',
  isUnverified: false,
  usernames: ['alice', 'alice@acme.example'],
  email: 'alice@acme.example',
  name: 'Alice',
  language: 'de',
}
const asked: ProviderInput = {
  provided,
  by: 'id',
  unknownUsers: 'refuse',
  sessionSecret: 'before',
  address: '192.0.2.1',
  userAgent: 'A browser',
  language: 'en',
  actor: { actor: 'provider', address: '192.0.2.1', requestId: 'r' },
}
type Facts = Parameters<typeof signInWithProvider.decide>[1]
const known: Facts = { found: [aUser({ language: 'en' })], freeUsername: undefined }
const nobody: Facts = { found: [], freeUsername: 'alice' }

suite('sign in with provider', () => {
  type State = { readonly input: ProviderInput; readonly facts: Facts }
  const rules: readonly Rule<State>[] = [
    [
      'email_unverified',
      (state) => ({ ...state, input: { ...state.input, provided: { ...provided, isUnverified: true } } }),
    ],
    [
      'user_ambiguous',
      (state) => ({ ...state, facts: { ...state.facts, found: [...state.facts.found, aUser()] } }),
    ],
    [
      'user_disabled',
      (state) => ({ ...state, facts: { ...state.facts, found: [aUser({ status: 'disabled' })] } }),
    ],
    ['user_unknown', (state) => ({ ...state, facts: { ...state.facts, found: [] } })],
  ]
  // Whoever is not there is neither disabled nor there twice: those rules are walked by themselves.
  walksInOrder({ input: asked, facts: known }, rules.slice(0, 3), ({ input, facts }) =>
    signInWithProvider.decide(input, facts, moment),
  )

  test('an unknown user is refused, or made where the operator says so', () => {
    const refused = (unknownUsers: ProviderInput['unknownUsers'], facts: Facts) =>
      reasonOf(signInWithProvider.decide({ ...asked, unknownUsers }, facts, moment))
    assert.equal(refused('refuse', nobody), 'user_unknown')
    assert.equal(refused('create', { ...nobody, freeUsername: undefined }), undefined)
    assert.equal(refused('create', nobody), undefined)
  })

  test('a known user gets a session of the provider’s, the one before it ends, and nothing else changes', () => {
    const decision = signInWithProvider.decide(asked, known, moment)
    const { user, sessionSecret } = grantedBy(decision)
    assert.equal(user.id, 'user')
    const [begun, ended, ...others] = decision.writes
    assert.ok(begun?.write === 'add_session')
    assert.equal(begun.session.method, 'provider')
    assert.equal(begun.session.address, '192.0.2.1')
    assert.deepEqual(begun.session.hash, sha256(sessionSecret))
    assert.deepEqual(ended, { write: 'end_session', hash: sha256('before') })
    assert.deepEqual(others, [])
  })

  test('who guesses passwords keeps nobody from signing in at the provider', () => {
    const found = [aUser({ lockedUntil: moment.now + 1 })]
    assert.equal(reasonOf(signInWithProvider.decide(asked, { ...known, found }, moment)), undefined)
  })

  test('a new user is made by a guard, with what the provider says of them', () => {
    const made = (by: ProviderInput['by']) => {
      const { writes } = signInWithProvider.decide({ ...asked, by, unknownUsers: 'create' }, nobody, moment)
      const [added, told, begun] = writes
      assert.ok(added?.write === 'add_user')
      assert.ok(told?.write === 'append_event')
      assert.deepEqual([told.event.kind, told.event.detail], ['user_changed', 'added'])
      assert.ok(begun?.write === 'add_session')
      assert.equal(begun.session.userId, added.user.id)
      return added.user
    }
    const { id, ...rest } = made('id')
    assert.equal(id, 'u-1')
    assert.deepEqual(rest, {
      username: 'alice',
      email: 'alice@acme.example',
      name: 'Alice',
      passwordHash: undefined,
      status: 'enabled',
      language: 'de',
      lockedUntil: undefined,
      region: undefined,
    })
    assert.match(made('email').id, /^[0-9A-Za-z]{17}$/)
  })
})
