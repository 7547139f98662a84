import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Rule } from '../../testing/decisions.ts'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aCaller,
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
import type { NamedSubject } from '../subjects.ts'
import type { Caller } from './issue.ts'
import type { SendOneTimeCodeInput } from './send-one-time-code.ts'
import { onlyOne, sendOneTimeCode } from './send-one-time-code.ts'

const version = aRingVersion(3)
const moment = aMoment(aRing([version]))

type State = {
  readonly input: SendOneTimeCodeInput
  readonly subject: NamedSubject | undefined
  readonly lockedUntil: number | undefined
  readonly codes: readonly OneTimeCode[]
}

const whole: State = {
  input: {
    caller: aCaller({ policy: { ...defaultPolicy, directGrants: ['otp'] } }),
    address: 'Alice@one.example',
    facts: new Map([['device', 'phone']]),
  },
  subject: {
    user: aUser({ email: 'alice@one.example' }),
    organization: anOrganization(),
    connection: undefined,
    barred: undefined,
    enabled: false,
  },
  lockedUntil: undefined,
  codes: [],
}

const decide = ({ input, subject, lockedUntil, codes }: State) =>
  sendOneTimeCode.decide(input, { subject, failures: { count: 0, window: 0, lockedUntil }, codes }, moment)

const withCaller = (changes: (caller: Caller) => Partial<Caller>) => (state: State) => ({
  ...state,
  input: { ...state.input, caller: { ...state.input.caller, ...changes(state.input.caller) } },
})
const withSubject = (changes: (subject: NamedSubject) => Partial<NamedSubject>) => (state: State) =>
  state.subject ? { ...state, subject: { ...state.subject, ...changes(state.subject) } } : state
const withCodes =
  (...codes: readonly OneTimeCode[]) =>
  (state: State) => ({ ...state, codes })

const five = [1, 2, 3, 4, 5].map((one) => aOneTimeCode({ id: Buffer.alloc(16, one) }))

const standing = standingRules<State>({ withCaller, withSubject })

const rules: readonly Rule<State>[] = [
  ['client_disabled', withCaller(({ client }) => ({ client: { ...client, status: 'disabled' } }))],
  [
    'grant_type_not_allowed',
    withCaller(({ policy }) => ({ policy: { ...policy, directGrants: ['password'] } })),
  ],
  ['sign_in_locked', (state) => ({ ...state, lockedUntil: noon + 1 })],
  ...standing.ofUser,
  ['one_time_codes_open', withCodes(...five)],
]

suite('send a one-time code', () => {
  walksInOrder(whole, rules, decide)

  test('an address that nobody has, or two have, is refused, and nothing is written', () => {
    const { answer, writes } = decide({ ...whole, subject: undefined })
    assert.deepEqual(answer, { refused: { reason: 'email_unknown' } })
    assert.deepEqual(writes, [])
    const { subject } = whole
    assert.ok(subject)
    assert.deepEqual(onlyOne([subject]), subject)
    assert.equal(onlyOne([subject, subject]), undefined)
    assert.equal(onlyOne([]), undefined)
  })

  test('no refusal writes anything', () => {
    for (const [reason, broken] of rules) assert.deepEqual(decide(broken(whole)).writes, [], reason)
  })

  test('the row and its mail go in one commit, and neither holds the code', () => {
    const decision = decide(whole)
    const [add, plan] = decision.writes
    assert.ok(add?.write === 'add_one_time_code' && plan?.write === 'plan_delivery')
    assert.equal(decision.writes.length, 2)
    const { code } = add
    assert.deepEqual(
      [code.clientId, code.userId, code.keyVersion, code.guesses, code.status],
      ['app', 'user', 3, 0, 'open'],
    )
    assert.equal(code.expires, noon + 600_000)
    assert.equal(grantedBy(decision).expiresAt, code.expires)
    const { delivery } = plan
    assert.deepEqual([delivery.channel, delivery.kind, delivery.due], ['mail', 'one_time_code', noon])
    assert.deepEqual([delivery.userId, delivery.oneTimeCode], ['user', code.id])
    assert.deepEqual(code.facts, factsHmac(version, code.id, new Map([['device', 'phone']])))
    const digits = sayOneTimeCode(version, code.id, 'alice@one.example')
    assert.ok(!JSON.stringify(decision).includes(digits))
  })

  test('no two requests have one code, nor one mail', () => {
    const [one, other] = [decide(whole), decide(whole)].map(({ writes }) => writes)
    const idsOf = (writes: typeof one) =>
      writes?.map((write) =>
        write.write === 'add_one_time_code'
          ? Buffer.from(write.code.id).toString('hex')
          : write.write === 'plan_delivery' && write.delivery.id,
      )
    assert.equal(new Set([...(idsOf(one) ?? []), ...(idsOf(other) ?? [])]).size, 4)
  })

  test('codes that were redeemed or guessed at count as well, until their time is over', () => {
    const used = five.map((code) => ({ ...code, status: 'redeemed', guesses: 5 }) as const)
    assert.equal(reasonOf(decide(withCodes(...used)(whole))), 'one_time_codes_open')
    const [first, ...rest] = used
    assert.ok(first)
    assert.equal(reasonOf(decide(withCodes({ ...first, expires: noon }, ...rest)(whole))), undefined)
  })
})
