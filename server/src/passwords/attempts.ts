/**
 * Passwords of one name that are being looked at. Failures are counted in the database, for all processes;
 * what is under way is not yet among them, so many guesses at once would all find few of them.
 */
import { signInLimits } from '../kernel/sign-in.ts'

export type Attempts = {
  /** Whether one more may be looked at, where so many have failed. Each that has begun must end. */
  begin(name: string, failures: number): boolean
  end(name: string): void
}

export function attempts(): Attempts {
  const underWay = new Map<string, number>()
  const of = (name: string): number => underWay.get(name) ?? 0

  return {
    begin(name, failures) {
      if (failures + of(name) >= signInLimits.failuresMax) return false
      underWay.set(name, of(name) + 1)
      return true
    },
    end(name) {
      if (of(name) > 1) underWay.set(name, of(name) - 1)
      else underWay.delete(name)
    },
  }
}
