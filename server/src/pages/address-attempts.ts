/** Passwords tried from one address: whoever tries one name after the other gets few of them a minute. */
import type { FailedAttempts } from '../http/failed-attempts.ts'
import { networkOf } from '../kernel/addresses.ts'

export type AddressAttempts = {
  /**
   * `spent`: too many have failed. `full`: too many would have, if all that are looked at failed. What has
   * begun must end.
   */
  begin(address: string): 'begun' | 'full' | 'spent'
  end(address: string, hasFailed: boolean): void
  /** Until failures are counted anew. */
  secondsLeft(): number
}

export function addressAttempts(failures: FailedAttempts, failuresPerMinuteMax: number): AddressAttempts {
  /** Of this node alone: what is looked at elsewhere counts when it has failed. */
  const underWay = new Map<string, number>()

  return {
    begin(address) {
      const network = networkOf(address)
      const failed = failures.countOf(address)
      const begun = underWay.get(network) ?? 0
      if (failed >= failuresPerMinuteMax) return 'spent'
      if (failed + begun >= failuresPerMinuteMax) return 'full'
      underWay.set(network, begun + 1)
      return 'begun'
    },
    end(address, hasFailed) {
      const network = networkOf(address)
      const begun = underWay.get(network) ?? 0
      if (begun > 1) underWay.set(network, begun - 1)
      else underWay.delete(network)
      if (hasFailed) failures.note(address)
    },
    secondsLeft: failures.secondsLeft,
  }
}
