/** What decision tests share: reading an answer, and walking the refusals in order of precedence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../kernel/decision.ts'
import type { Reason, Refusal } from '../kernel/refusals.ts'

/** Why a decision says no; `undefined` where it says yes. */
export const refusalOf = ({ answer }: Decision<unknown>): Refusal | undefined =>
  'refused' in answer ? answer.refused : undefined

export const reasonOf = (decision: Decision<unknown>): Reason | undefined => refusalOf(decision)?.reason

/** What a decision grants. Fails where it refuses. */
export function grantedBy<Result>({ answer }: Decision<Result>): Result {
  if ('refused' in answer) assert.fail(`refused: ${answer.refused.reason}`)
  return answer.granted
}

/** A rule, and what breaks it. */
export type Rule<State> = readonly [Reason, (state: State) => State]

/**
 * A test for each rule, in order: broken alone it is the answer, and it still is where every rule below it is
 * broken too. So a swapped pair of lines fails.
 */
export function walksInOrder<State>(
  whole: State,
  rules: readonly Rule<State>[],
  decide: (state: State) => Decision<unknown>,
): void {
  test('nothing is wrong, and nothing is refused', () => {
    assert.equal(reasonOf(decide(whole)), undefined)
  })
  for (const [at, [reason, broken]] of rules.entries()) {
    test(`${reason} comes before what stands below it`, () => {
      assert.equal(reasonOf(decide(broken(whole))), reason, 'broken alone')
      const all = rules.slice(at).reduceRight((state, [, breakIt]) => breakIt(state), whole)
      assert.equal(reasonOf(decide(all)), reason, 'with every rule below it broken')
    })
  }
}
