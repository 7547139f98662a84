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
  aOneTimeCode,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { standingRules } from '../../testing/standing-rules.ts'
import type { OneTimeCode } from '../one-time-code.ts'
import { factsHmac, sayOneTimeCode } from '../one-time-code.ts'
import { defaultPolicy } from '../policy.ts'
import type { Ring } from '../ring.ts'
import type { NamedSubject } from '../subjects.ts'
import type { Caller } from './issue.ts'
import type { RedeemOneTimeCodeInput } from './redeem-one-time-code.ts'
import { redeemOneTimeCode } from './redeem-one-time-code.ts'

const version = aRingVersion()
const ring = aRing([version])
const address = 'alice@one.example'
const facts = new Map([
  ['device', 'phone'],
  ['state', ''],
])

/** A code that was asked for with these parameters. */
const asked = (changes: Partial<OneTimeCode> = {}, parameters = facts): OneTimeCode => {
  const code = aOneTimeCode(changes)
  return { ...code, facts: factsHmac(version, code.id, parameters), ...changes }
}
const digitsOf = ({ id }: OneTimeCode): string => sayOneTimeCode(version, id, address)
const wrong = (digits: string): string => String((Number(digits) + 1) % 1_000_000).padStart(6, '0')

const code = asked()

type State = {
  readonly input: RedeemOneTimeCodeInput
  readonly subject: NamedSubject | undefined
  readonly lockedUntil: number | undefined
  readonly codes: readonly OneTimeCode[]
  readonly proxiesKnown: number
  readonly ring: Ring
  readonly now: number
}

const whole: State = {
  input: {
    caller: aCaller({
      client: aClient({ scopes: ['read', 'openid'] }),
      policy: { ...defaultPolicy, directGrants: ['otp'] },
    }),
    address: 'Alice@One.example',
    code: digitsOf(code),
    facts,
    scopes: undefined,
    proxies: [],
  },
  subject: {
    user: aUser({ email: address }),
    organization: anOrganization(),
    connection: undefined,
    barred: undefined,
    enabled: false,
  },
  lockedUntil: undefined,
  codes: [code],
  proxiesKnown: 0,
  ring,
  now: noon + 1000,
}

const decide = ({ input, subject, lockedUntil, codes, proxiesKnown, ring, now }: State) =>
  redeemOneTimeCode.decide(
    input,
    { subject, name: 'the name', failures: { count: 0, window: 0, lockedUntil }, codes, proxiesKnown },
    aMoment(ring, now),
  )

const withInput = (changes: Partial<RedeemOneTimeCodeInput>) => (state: State) => ({
  ...state,
  input: { ...state.input, ...changes },
})
const withCaller = (changes: (caller: Caller) => Partial<Caller>) => (state: State) => ({
  ...state,
  input: { ...state.input, caller: { ...state.input.caller, ...changes(state.input.caller) } },
})
const withSubject = (changes: (subject: NamedSubject) => Partial<NamedSubject>) => (state: State) =>
  state.subject ? { ...state, subject: { ...state.subject, ...changes(state.subject) } } : state
const withCodes =
  (...codes: readonly OneTimeCode[]) =>
  (state: State) => ({ ...state, codes })

const standing = standingRules<State>({ withCaller, withSubject })

const rules: readonly Rule<State>[] = [
  ['client_disabled', withCaller(({ client }) => ({ client: { ...client, status: 'disabled' } }))],
  [
    'grant_type_not_allowed',
    withCaller(({ policy }) => ({ policy: { ...policy, directGrants: ['password'] } })),
  ],
  ['sign_in_locked', (state) => ({ ...state, lockedUntil: noon + 1001 })],
  ['one_time_code_unknown', withCodes()],
  ['one_time_code_differs', withInput({ facts: new Map() })],
  ['one_time_code_wrong', withInput({ code: wrong(digitsOf(code)) })],
  ...standing.ofUser,
  ['proxies_unknown', withInput({ proxies: ['one', 'two'] })],
  ['scope_not_allowed', withInput({ scopes: ['write'] })],
]

suite('redeem a one-time code: the refusals, in order', () => {
  walksInOrder(whole, rules, decide)

  test('an address that nobody has is refused as such', () => {
    assert.equal(reasonOf(decide({ ...whole, subject: undefined })), 'email_unknown')
  })

  test('only a wrong code changes anything: it is counted for the code and for the user', () => {
    for (const [reason, broken] of rules) {
      const { writes } = decide(broken(whole))
      const expected =
        reason === 'one_time_code_wrong' ? ['note_wrong_one_time_code', 'note_failed_sign_in'] : []
      assert.deepEqual(
        writes.map(({ write }) => write),
        expected,
        reason,
      )
    }
  })

  test('a code that is redeemed, guessed at five times, expired or from before a recovery is none', () => {
    const gone: readonly Partial<OneTimeCode>[] = [
      { status: 'redeemed' },
      { guesses: 5 },
      { expires: whole.now },
    ]
    for (const changes of gone)
      assert.equal(reasonOf(decide(withCodes(asked(changes))(whole))), 'one_time_code_unknown')
    const recovered = withCaller(({ client }) => ({ client: { ...client, tokensValidAfter: noon + 1 } }))
    assert.equal(reasonOf(decide(recovered(whole))), 'one_time_code_unknown')
    assert.equal(reasonOf(decide(withCodes(asked({ guesses: 4 }))(whole))), undefined)
  })

  test('a key that is not read yet is trouble of ours; one that leaked or is gone makes no code', () => {
    const { versions } = ring
    assert.equal(reasonOf(decide({ ...whole, ring: aRing([]) })), 'key_version_unknown')
    assert.equal(
      reasonOf(decide({ ...whole, ring: aRing(versions, { compromised: new Set([1]) }) })),
      'one_time_code_unknown',
    )
    assert.equal(
      reasonOf(decide({ ...whole, ring: aRing([], { destroyed: new Set([1]) }) })),
      'one_time_code_unknown',
    )
  })
})

suite('redeem a one-time code: what is right', () => {
  const second = asked({ id: Buffer.alloc(16, 9), guesses: 2 })
  const elsewhere = asked({ id: Buffer.alloc(16, 8) }, new Map())

  test('the parameters are the same in any order, and differ in name, value or number', () => {
    const turned = new Map([...facts].reverse())
    assert.equal(reasonOf(decide(withInput({ facts: turned })(whole))), undefined)
    for (const other of [
      [...facts, ['more', '1']],
      [['device', 'phone']],
      [
        ['device', 'phon'],
        ['state', 'e'],
      ],
      [
        ['devicephone', ''],
        ['state', ''],
      ],
      [
        ['Device', 'phone'],
        ['state', ''],
      ],
    ] as const) {
      const state = withInput({ facts: new Map(other as readonly (readonly [string, string])[]) })(whole)
      assert.equal(reasonOf(decide(state)), 'one_time_code_differs', String(other))
    }
  })

  test('of several that are open each is good, and a wrong one counts for all it might have been', () => {
    const several = withCodes(code, second, elsewhere)(whole)
    const [guard] = decide(withInput({ code: digitsOf(second) })(several)).writes
    assert.ok(guard?.write === 'redeem_one_time_code')
    assert.deepEqual([guard.code.id, guard.code.guesses], [second.id, 2])
    const digits = new Set([code, second].map(digitsOf))
    const none = ['000000', '000001', '000002'].find((one) => !digits.has(one))
    const [wrongGuard] = decide(withInput({ code: none ?? '' })(several)).writes
    assert.ok(wrongGuard?.write === 'note_wrong_one_time_code')
    assert.deepEqual(
      wrongGuard.codes.map(({ id, guesses }) => [id, guesses]),
      [
        [code.id, 0],
        [second.id, 2],
      ],
    )
  })

  test('it is the digits alone: neither shorter, longer nor of another address', () => {
    const right = whole.input.code
    for (const one of ['', right.slice(1), `${right}0`, ` ${right}`, `${right} `])
      assert.equal(reasonOf(decide(withInput({ code: one })(whole))), 'one_time_code_wrong')
    assert.notEqual(sayOneTimeCode(version, code.id, 'bob@one.example'), right)
  })

  test('digits are six, leading zeros included, and spread evenly', () => {
    const counts = Array.from({ length: 10 }, () => 0)
    for (let at = 0; at < 2000; at += 1) {
      const id = Buffer.alloc(16)
      id.writeUInt32BE(at)
      const digits = sayOneTimeCode(version, id, address)
      assert.match(digits, /^\d{6}$/)
      const first = Number(digits[0])
      counts[first] = (counts[first] ?? 0) + 1
    }
    // Some 200 each; a first digit that never came, or twice as often, would be no accident.
    assert.ok(
      counts.every((count) => count > 100 && count < 300),
      String(counts),
    )
  })

  test('the grant is the user’s, in their company, and says who they are where the scopes ask for it', () => {
    const decision = decide(whole)
    const granted = grantedBy(decision)
    assert.deepEqual([granted.userId, granted.authorizedBy, granted.actsAs], ['user', 'user', 'user'])
    assert.equal(granted.organization?.id, 'company')
    assert.deepEqual(granted.scopes, ['read', 'openid'])
    assert.equal(granted.identity?.authenticatedAt, whole.now)
    assert.ok(granted.refreshToken?.startsWith('tfr_'))
    const [guard] = decision.writes
    assert.ok(guard?.write === 'redeem_one_time_code')
    assert.deepEqual(guard.connection, {
      clientId: 'app',
      userId: 'user',
      organizationId: 'company',
      found: undefined,
    })
    assert.equal(guard.failuresName, 'the name')
  })

  test('a connection that was revoked is allowed again by the user’s own code', () => {
    const connection = aConnection({ organizationId: 'company', status: 'revoked', epoch: 2 })
    const { writes } = decide(withSubject(() => ({ connection }))(whole))
    const names = writes.map(({ write }) => write)
    assert.deepEqual(names.slice(0, 2), ['redeem_one_time_code', 'allow_connection'])
    assert.ok(names.includes('add_grant'))
  })
})
