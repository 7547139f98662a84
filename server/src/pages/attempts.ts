/**
 * Failed sign-ins by account: whoever guesses a password gets few guesses, from however many addresses.
 * Counted in memory and forgotten by themselves. What they lead to is the same for a name that nobody has:
 * the lock of a real account is then in the database, that of no account stays here. (A start in between
 * forgets the second and not the first: who waits for one learns that a name exists, ten guesses a name.)
 */
import type { Milliseconds } from '../kernel/records.ts'
import { sha256 } from '../kernel/ring.ts'
import { signInLimits } from '../kernel/sign-in.ts'

export type Attempts = {
  /**
   * Counts an attempt before its outcome is known: many at once count, too. Says until when the name is
   * locked, or that as many as there may be are being looked at.
   */
  begin(username: string): { readonly lockedUntil: Milliseconds } | 'begun' | 'full'
  /** It failed. Says until when the name is locked from now on, where this was one too many. */
  fail(username: string): Milliseconds | undefined
  /** It neither failed nor succeeded. */
  forgive(username: string): void
  /** The account starts anew: its password was right, or its lock is in the database. */
  reset(username: string): void
}

type Counted = {
  /** Those whose outcome is not known, too. */
  begun: number
  failed: number
  until: Milliseconds
  isLocked: boolean
}

const { failuresMax, windowMilliseconds, lockMilliseconds } = signInLimits
const accountsMax = 100_000

export function attempts(now: () => Milliseconds): Attempts {
  // A map keeps the order of insertion, so the first windows are the first to be over.
  const counted = new Map<string, Counted>()

  const forget = (): void => {
    for (const [account, { until }] of counted) {
      if (until > now() && counted.size < accountsMax) return
      counted.delete(account)
    }
  }

  /** A lock counts from its own moment, so it stands behind whatever began before. */
  const lock = (account: string): Milliseconds => {
    const until = now() + lockMilliseconds
    counted.delete(account)
    counted.set(account, { begun: failuresMax, failed: failuresMax, until, isLocked: true })
    return until
  }

  return {
    begin(username) {
      forget()
      const account = keyOf(username)
      const found = counted.get(account)
      if (!found || found.until <= now()) {
        counted.delete(account)
        counted.set(account, { begun: 1, failed: 0, until: now() + windowMilliseconds, isLocked: false })
        return 'begun'
      }
      if (found.isLocked) return { lockedUntil: found.until }
      if (found.begun >= failuresMax) return 'full'
      found.begun += 1
      return 'begun'
    },
    fail(username) {
      const account = keyOf(username)
      const found = counted.get(account)
      if (!found || found.isLocked) return undefined
      found.failed += 1
      return found.failed >= failuresMax ? lock(account) : undefined
    },
    forgive(username) {
      const found = counted.get(keyOf(username))
      if (found && !found.isLocked && found.begun > 0) found.begun -= 1
    },
    reset(username) {
      counted.delete(keyOf(username))
    },
  }
}

/** A name may be as long as a form, a key not. */
const keyOf = (username: string): string => sha256(username).toString('base64')
