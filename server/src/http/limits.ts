/**
 * Limits: failed attempts by address, exchanges by client and day, on all nodes together. Counted in memory,
 * approximate within a second; never a lock on a client, which strangers could cause.
 */
import type { Milliseconds } from '../kernel/records.ts'
import type { Reason } from '../kernel/refusals.ts'
import type { Store } from '../kernel/store.ts'
import type { Budgets, Taken } from './budgets.ts'
import { budgets } from './budgets.ts'
import { failedAttempts } from './failed-attempts.ts'

export type Limits = {
  /** Counts a refusal, where it is a failed guess. */
  note(reason: Reason, address: string): void
  /** Counts a failed guess that was answered like a right one: an unknown token at revocation. */
  noteGuess(address: string): void
  isSpent(address: string): boolean
  /** Until failures are counted anew. */
  secondsLeft(): number
} & Budgets

/** Refusals that come of guessing; a client's honest mistakes are not among them. */
const guesses: ReadonlySet<Reason> = new Set<Reason>([
  'client_unproven',
  'legacy_token_unknown',
  'refresh_token_unknown',
  'code_unknown',
  'request_token_unknown',
])

export function limits(store: Store, failuresPerMinuteMax: number, now: () => Milliseconds): Limits {
  const guessed = failedAttempts({ store, kind: 'guess', perMinuteMax: failuresPerMinuteMax, now })
  const { reserve, take } = budgets(store, now)
  return {
    note(reason, address) {
      if (guesses.has(reason)) guessed.note(address)
    },
    noteGuess: guessed.note,
    isSpent: (address) => guessed.countOf(address) >= failuresPerMinuteMax,
    secondsLeft: guessed.secondsLeft,
    reserve,
    take: () => joined(guessed.take(), take()),
  }
}

const joined = (one: Taken, other: Taken): Taken => ({
  counts: [...one.counts, ...other.counts],
  settle(written) {
    one.settle(written)
    other.settle(written)
  },
})
