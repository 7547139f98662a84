/** Sign-ins that fail too often lock an account for a while, in the same words whether it exists or not. */
import type { Actor } from './decision.ts'
import type { Milliseconds, User } from './records.ts'
import type { Refusal } from './refusals.ts'
import type { Ring } from './ring.ts'
import { fields, hmac } from './ring.ts'

/** So many passwords may be guessed within so long; then none is tried for as long again. */
export const signInLimits = {
  failuresMax: 10,
  windowMilliseconds: 15 * 60_000,
  lockMilliseconds: 15 * 60_000,
} as const

/**
 * What failures of a name are counted under. The database says nothing of names that were only tried: some
 * are passwords, typed into the wrong field.
 */
export function failuresName(username: string, { versions, compromised }: Ring): string {
  // The oldest that is good: with the current one, each rotation would begin to count anew.
  const version = versions.findLast((one) => !compromised.has(one.version))
  if (!version) throw new Error('The key ring has no version that is good.')
  return hmac(version.keys.sign_in, fields(username)).toString('base64url')
}

/** What is known of a name's failures, whether or not anybody has it. */
export type SignInFailures = {
  /** Of the newest window in which there was one. */
  readonly count: number
  readonly window: Milliseconds
  /** Until when the newest lock holds, or held. */
  readonly lockedUntil: Milliseconds | undefined
}

export type SignInFinders = { findSignInFailures(name: string): Promise<SignInFailures> }

/** Changes that signing in makes. */
export type SignInWrite =
  | {
      /** Only where nobody has its id or name: of two sign-ins of one new user, one makes them. */
      readonly write: 'add_user'
      readonly user: User
    }
  | {
      /**
       * Counts it. One too many locks the name; and the user, where somebody has it, with an event. Of many
       * at once one is the one too many.
       */
      readonly write: 'note_failed_sign_in'
      readonly name: string
      readonly userId: string | undefined
      readonly at: Milliseconds
      readonly actor: Actor
    }
  | {
      readonly write: 'unlock_sign_in'
      readonly userId: string
      readonly name: string
      readonly at: Milliseconds
    }
  | {
      /** Only where the hash is the one that the password was found to fit. */
      readonly write: 'note_password_hash'
      readonly userId: string
      readonly seen: string
      readonly hash: string
    }
  | {
      /** Only where none is known. */
      readonly write: 'note_language'
      readonly userId: string
      readonly language: string
    }

/** What was found of a password that somebody sent. */
export type CheckedPassword = {
  /** What failures of the username are counted under. */
  readonly failuresName: string
  /** The hash that the password was found to fit; `undefined` where it fits none. */
  readonly verifiedHash: string | undefined
  /** The same password hashed again, where that hash is of other costs than ours. */
  readonly renewedHash: string | undefined
}

/** Which quarter of an hour failures of this moment count in. */
export const failuresWindow = (now: Milliseconds): Milliseconds =>
  now - (now % signInLimits.windowMilliseconds)

/** How many have failed in the window of this moment. */
export const failuresAt = ({ count, window }: SignInFailures, now: Milliseconds): number =>
  window === failuresWindow(now) ? count : 0

/** Why no password is tried at this moment; `undefined` where one may be. */
export const lockOf = (
  { lockedUntil: until }: Pick<User, 'lockedUntil'>,
  now: Milliseconds,
): Refusal | undefined =>
  until !== undefined && until > now
    ? { reason: 'sign_in_locked', retryAfterSeconds: Math.max(1, Math.ceil((until - now) / 1000)) }
    : undefined

/**
 * The same of a name and of whoever has it. The user's own row says it, too: a name that is counted under
 * another key since must not open what the row still calls locked.
 */
export const lockOfUser = (
  failures: SignInFailures,
  user: Pick<User, 'lockedUntil'> | undefined,
  now: Milliseconds,
): Refusal | undefined => lockOf(failures, now) ?? (user && lockOf(user, now))
