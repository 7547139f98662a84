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
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { defaultPolicy } from '../policy.ts'
import type { Client, Connection } from '../records.ts'
import type { GrantFacts } from '../store.ts'
import { endConnections } from './end-connections.ts'
import type { AloneFacts, PresentedFacts } from './presented-token.ts'

type Access = Extract<PresentedFacts, { kind: 'access' }>

const hanging = (changes: Partial<GrantFacts> = {}): GrantFacts => ({
  grant: aGrant(),
  connection: aConnection({ epoch: 1 }),
  user: aUser(),
  organization: undefined,
  ...changes,
})

const access = (changes: Partial<Access> = {}): Access => ({
  kind: 'access',
  claims: {
    jti: 'jti',
    scopes: [],
    resource: [],
    issuedAt: noon,
    expiresAt: noon + 1,
    clientId: 'app',
    userId: 'user',
    organizationId: '',
    issuer: undefined,
  },
  number: 2,
  grant: hanging(),
  client: aClient(),
  revoked: false,
  lost: undefined,
  ...changes,
})

const decide = (facts: PresentedFacts, caller = aCaller()) =>
  endConnections.decide(
    { caller, token: 'token', signed: undefined },
    facts,
    aMoment(aRing([aRingVersion()])),
  )

/** What may be wrong, one after the other. */
type State = {
  readonly versionKnown: boolean
  readonly behind: boolean
  readonly good: boolean
  readonly client: Client
}

const numbering = { next: 2, accountedFor: false, declared: undefined }

const stated = ({ versionKnown, behind, good, client }: State) =>
  decide(
    versionKnown
      ? access({
          client,
          revoked: !good,
          ...(behind && { grant: undefined, lost: { number: 2, displaced: false, numbering } }),
        })
      : { kind: 'version_unknown' },
    aCaller({ client }),
  )

const rules: readonly Rule<State>[] = [
  ['key_version_unknown', (state) => ({ ...state, versionKnown: false })],
  ['state_behind', (state) => ({ ...state, behind: true })],
  ['access_token_invalid', (state) => ({ ...state, good: false })],
  ['client_disabled', (state) => ({ ...state, client: aClient({ status: 'disabled' }) })],
]

suite('end connections: what is refused, in order', () => {
  const whole: State = { versionKnown: true, behind: false, good: true, client: aClient() }
  walksInOrder(whole, rules, stated)
})

suite('end connections', () => {
  test('with a token that is good, all that its user allowed its client ends in one write', () => {
    const connection = aConnection({ number: 7, organizationId: 'company' })
    const decision = decide(access({ grant: hanging({ connection }) }))
    assert.deepEqual(grantedBy(decision), { userId: 'user', organizationId: 'company' })
    assert.deepEqual(decision.writes, [
      { write: 'end_connections', connection, at: noon, actor: aCaller().actor },
    ])
  })

  test('with a token that hangs on no grant, what its connection says is whose it is', () => {
    const connection = aConnection({ userId: '', organizationId: 'company' })
    const alone: AloneFacts = {
      connection,
      barred: false,
      user: undefined,
      organization: anOrganization(),
    }
    assert.deepEqual(grantedBy(decide(access({ number: 0, grant: undefined, alone }))), {
      userId: '',
      organizationId: 'company',
    })
  })

  const invalid: readonly (readonly [string, PresentedFacts])[] = [
    ['a string that nobody issued', { kind: 'unknown' }],
    [
      'a refresh token',
      { kind: 'refresh', generation: 0, grant: hanging(), client: aClient(), lost: undefined },
    ],
    ['an expired token', access({ claims: { ...access().claims, expiresAt: noon } })],
    ['a token that was revoked alone', access({ revoked: true })],
    ['a token whose grant has ended', access({ grant: hanging({ grant: aGrant({ status: 'revoked' }) }) })],
    [
      'a token whose connection was revoked since',
      access({ grant: hanging({ connection: aConnection({ epoch: 2 }) }) }),
    ],
    [
      'a token of a user who is disabled',
      access({ grant: hanging({ user: aUser({ status: 'disabled' }) }) }),
    ],
    ['a token of another client', access({ client: aClient({ id: 'other' }) })],
    ['an application token', access({ number: 0, grant: undefined })],
  ]
  for (const [name, facts] of invalid) {
    test(`${name} ends nothing`, () => {
      const decision = decide(facts)
      assert.equal(reasonOf(decision), 'access_token_invalid')
      assert.equal(decision.writes.length, 0)
    })
  }

  test('a token that waits for its user ends nothing, where waiting is required', () => {
    const connection: Connection = aConnection({ confirmation: 'pending' })
    const facts = access({ grant: hanging({ connection }) })
    const required = aCaller({ policy: { ...defaultPolicy, confirmation: 'required' } })
    assert.equal(reasonOf(decide(facts, required)), 'access_token_invalid')
    assert.equal(reasonOf(decide(facts)), undefined)
  })
})
