/**
 * Limits: failed attempts by address, exchanges by client and day. Counted in memory, approximate within a
 * second; never a lock on a client, which strangers could cause.
 */
import type { Client, Milliseconds } from '../kernel/records.ts'
import type { Reason } from '../kernel/refusals.ts'
import type { Store } from '../kernel/store.ts'

export type Limits = {
  /** Counts a refusal, where it is a failed guess. */
  note(reason: Reason, address: string): void
  /** Counts a failed guess that was answered like a right one: an unknown token at revocation. */
  noteGuess(address: string): void
  isSpent(address: string): boolean
  noteExchange(client: Client): void
  isBudgetSpent(client: Client): Promise<boolean>
  /** What was counted since the last call, to be written in a batch. */
  take(): readonly { readonly key: string; readonly window: Milliseconds; readonly count: number }[]
}

/** Refusals that come of guessing; a client's honest mistakes are not among them. */
const guesses: ReadonlySet<Reason> = new Set<Reason>([
  'client_unproven',
  'legacy_token_unknown',
  'refresh_token_unknown',
  'code_unknown',
  'password_wrong',
])

const minute = 60_000
const day = 86_400_000
const addressesMax = 100_000

export function limits(store: Store, failuresPerMinuteMax: number, now: () => Milliseconds): Limits {
  let failures = new Map<string, number>()
  let failuresWindow = 0
  let exchanged = new Map<string, number>()
  let exchangedWindow = 0
  let pending = new Map<string, number>()

  const turn = (): void => {
    const at = now()
    if (failuresWindow !== windowOf(at, minute) || failures.size > addressesMax) {
      failuresWindow = windowOf(at, minute)
      failures = new Map()
    }
    if (exchangedWindow !== windowOf(at, day)) {
      exchangedWindow = windowOf(at, day)
      exchanged = new Map()
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
    noteExchange(client) {
      if (client.exchangesPerDayMax === undefined) return
      turn()
      exchanged.set(client.id, (exchanged.get(client.id) ?? 0) + 1)
      pending.set(client.id, (pending.get(client.id) ?? 0) + 1)
    },
    async isBudgetSpent(client) {
      if (client.exchangesPerDayMax === undefined) return false
      turn()
      const known = exchanged.get(client.id) ?? (await store.findCount(keyOf(client.id), exchangedWindow))
      exchanged.set(client.id, known)
      return known >= client.exchangesPerDayMax
    },
    take() {
      const taken = [...pending].map(([id, count]) => ({ key: keyOf(id), window: exchangedWindow, count }))
      pending = new Map()
      return taken
    },
  }
}

const windowOf = (at: Milliseconds, length: Milliseconds): Milliseconds => at - (at % length)
const keyOf = (clientId: string): string => `exchanges:${clientId}`
