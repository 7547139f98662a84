/**
 * One-time codes: six digits by mail, computed from an id that lies in a row, and lying nowhere themselves.
 */
import type { Milliseconds } from './records.ts'

/** A code that was mailed to somebody. It is computed from the id. */
export type OneTimeCode = {
  readonly id: Uint8Array
  readonly clientId: string
  readonly userId: string
  /** The ring version that it is computed with. */
  readonly keyVersion: number
  /** HMAC of the parameters that must be repeated when it is redeemed. */
  readonly facts: Uint8Array
  /** Wrong ones that were tried while it was open. */
  readonly guesses: number
  readonly created: Milliseconds
  readonly expires: Milliseconds
  readonly status: 'open' | 'redeemed'
}

/** Each change of them. */
export type OneTimeCodeWrite = never

export type OneTimeCodeFinders = object
