/**
 * Limits: failed attempts by address, exchanges by client and day. Counted in memory, approximate within a
 * second; never a lock on a client, which strangers could cause.
 */
import type { Milliseconds } from '../kernel/records.ts'
import type { Reason } from '../kernel/refusals.ts'
import type { Store } from '../kernel/store.ts'
import type { Budgets } from './budgets.ts'
import { budgets } from './budgets.ts'

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

const minute = 60_000
const addressesMax = 100_000

export function limits(store: Store, failuresPerMinuteMax: number, now: () => Milliseconds): Limits {
  let failures = new Map<string, number>()
  let failuresWindow = 0

  const turn = (): void => {
    const at = now()
    const windowAt = at - (at % minute)
    if (failuresWindow !== windowAt || failures.size > addressesMax) {
      failuresWindow = windowAt
      failures = new Map()
    }
  }

  const noteGuess = (address: string): void => {
    turn()
    failures.set(address, (failures.get(address) ?? 0) + 1)
  }

  return {
    note(reason, address) {
      if (guesses.has(reason)) noteGuess(address)
    },
    noteGuess,
    isSpent(address) {
      turn()
      return (failures.get(address) ?? 0) >= failuresPerMinuteMax
    },
    secondsLeft: () => Math.ceil((minute - (now() % minute)) / 1000),
    ...budgets(store, now),
  }
}
