/** How long to wait between two tries: longer each time, up to a length, until a time in all has gone by. */
import type { Milliseconds } from '../kernel/records.ts'

export type Pacing = {
  readonly firstSeconds: number
  readonly growth: number
  readonly longestSeconds: number
  /** All pauses together: after the last of them it is tried once more, and given up. */
  readonly totalSeconds: number
}

/** A mail server that is down is back within a day, or somebody must look at it. */
export const mailPacing: Pacing = { firstSeconds: 60, growth: 2, longestSeconds: 3600, totalSeconds: 86_400 }

/** An app may be down over a weekend (Standard Webhooks: retried over several days). */
export const callbackPacing: Pacing = {
  firstSeconds: 5,
  growth: 4,
  longestSeconds: 28_800,
  totalSeconds: 3 * 86_400,
}

/** The pauses in seconds, in order; there is one try more than there are pauses. */
export function pausesOf({ firstSeconds, growth, longestSeconds, totalSeconds }: Pacing): readonly number[] {
  const pauses: number[] = []
  let next = firstSeconds
  for (let left = totalSeconds; left > 0; ) {
    const pause = Math.min(next, left)
    pauses.push(pause)
    left -= pause
    next = Math.min(next * growth, longestSeconds)
  }
  return pauses
}

/** Jittered by up to a fifth, so that what failed together is not tried together. `chance`: 0 to 1. */
export const jittered = (seconds: number, chance: number): Milliseconds =>
  Math.round(seconds * 1000 * (0.8 + 0.4 * chance))
