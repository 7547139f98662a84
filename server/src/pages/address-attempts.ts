/** Passwords tried from one address: whoever tries one name after the other gets few of them a minute. */
import type { FailedAttempts } from '../http/failed-attempts.ts'

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
      const group = groupOf(address)
      const failed = failures.countOf(group)
      const begun = underWay.get(group) ?? 0
      if (failed >= failuresPerMinuteMax) return 'spent'
      if (failed + begun >= failuresPerMinuteMax) return 'full'
      underWay.set(group, begun + 1)
      return 'begun'
    },
    end(address, hasFailed) {
      const group = groupOf(address)
      const begun = underWay.get(group) ?? 0
      if (begun > 1) underWay.set(group, begun - 1)
      else underWay.delete(group)
      if (hasFailed) failures.note(group)
    },
    secondsLeft: failures.secondsLeft,
  }
}

/** One line at home has as many IPv6 addresses as it likes, all within a /64 (RFC 6177 §2). */
export function groupOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = tail === undefined ? [] : Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0)
  const network = [...before, ...zeros, ...after].slice(0, 4)
  return `${network.map((group) => group.toString(16)).join(':')}::/64`
}

const groupsOf = (part: string): readonly number[] =>
  part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
