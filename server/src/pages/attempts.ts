/**
 * Failed sign-ins by account: whoever guesses a password gets few guesses, from however many addresses.
 * Counted in memory and forgotten by themselves; no client is ever locked by them.
 */
import type { Milliseconds } from '../kernel/records.ts'
import { sha256 } from '../kernel/ring.ts'

export type Attempts = {
  /** Counts an attempt before its outcome is known: many at once count, too. False: too many failed. */
  begin(username: string): boolean
  /** The password was right: the account starts anew. */
  succeed(username: string): void
}

const failuresMax = 10
const windowLength = 15 * 60_000
const accountsMax = 100_000

export function attempts(now: () => Milliseconds): Attempts {
  // A map keeps the order of insertion, so the first windows are the first to be over.
  const counted = new Map<string, { count: number; readonly until: Milliseconds }>()

  const forget = (): void => {
    for (const [account, { until }] of counted) {
      if (until > now() && counted.size < accountsMax) return
      counted.delete(account)
    }
  }

  return {
    begin(username) {
      forget()
      const account = keyOf(username)
      const found = counted.get(account)
      if (!found) {
        counted.set(account, { count: 1, until: now() + windowLength })
        return true
      }
      if (found.count >= failuresMax) return false
      found.count += 1
      return true
    },
    succeed(username) {
      counted.delete(keyOf(username))
    },
  }
}

/** A name may be as long as a form, a key not. */
const keyOf = (username: string): string => sha256(username).toString('base64')
