/**
 * Promise 12: what a genuine token tells whose row is not there. Either the row was swept, since all that
 * hung on it had expired; or it went with a copy of the database, and the caller must not be blamed for that.
 */
import type { Numbering } from './store.ts'

export type LostRow = {
  readonly number: number
  readonly numbering: Numbering | undefined
  /**
   * At this number stands another grant: the number was leased once more by a copy that did not know of the
   * first time, and was not yet declared to be one.
   */
  readonly displaced: boolean
}

export type LostReason = 'refresh_token_expired' | 'state_behind' | 'grant_lost'

export function reasonWithoutRow({ number, numbering, displaced }: LostRow): LostReason {
  if (!numbering) return 'state_behind'
  if (!displaced && numbering.accountedFor) return 'refresh_token_expired'
  const { declared } = numbering
  return declared && number < declared.lostBelow ? 'grant_lost' : 'state_behind'
}

/** Whether the database went back, and nobody has declared it yet. */
export const isBehind = (lost: LostRow | undefined): boolean =>
  lost !== undefined && reasonWithoutRow(lost) === 'state_behind'
