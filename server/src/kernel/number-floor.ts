/** Numbers by the clock, so that a database that went back gives none of them out again. */
import type { Milliseconds } from './records.ts'

const numbersPerMillisecond = 1_000
/** 2026-01-01, in UTC. */
const firstMoment = 1_767_225_600_000
/** Blocks are leased ahead, and clocks differ: some numbers are that much ahead of one's own clock. */
const aheadMillisecondsMax = 60_000

/**
 * What is given out at a moment is no lower than this; and all that was given out before it is lower, as long
 * as that is less than a million a second.
 */
export const numberFloorAt = (now: Milliseconds): number =>
  Math.max(1, Math.floor((now - firstMoment) * numbersPerMillisecond))

/**
 * Above all numbers that can have been given out until now, by this database or by one that was in its place:
 * `next` is what this one would give out, and would have when the same copy was restored before.
 */
export const numberAbove = (next: number, now: Milliseconds): number =>
  Math.max(next, numberFloorAt(now)) + aheadMillisecondsMax * numbersPerMillisecond
