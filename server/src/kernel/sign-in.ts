/** Sign-ins that fail too often lock an account for a while, in the same words whether it exists or not. */
import type { Milliseconds, User } from './records.ts'
import type { Refusal } from './refusals.ts'

/** So many passwords may be guessed within so long; then none is tried for as long again. */
export const signInLimits = {
  failuresMax: 10,
  windowMilliseconds: 15 * 60_000,
  lockMilliseconds: 15 * 60_000,
} as const

/** Changes of users that signing in makes. */
export type SignInWrite =
  | {
      /** Only where nobody has its id or name: of two sign-ins of one new user, one makes them. */
      readonly write: 'add_user'
      readonly user: User
    }
  | {
      /** Only where no lock holds at this moment: many failures at once lock once. */
      readonly write: 'lock_sign_in'
      readonly userId: string
      readonly at: Milliseconds
      readonly until: Milliseconds
    }
  | { readonly write: 'unlock_sign_in'; readonly userId: string; readonly at: Milliseconds }
  | {
      /** Only where none is known. */
      readonly write: 'note_language'
      readonly userId: string
      readonly language: string
    }

/** Why no password is tried at this moment; `undefined` where one may be. */
export function lockOf(user: Pick<User, 'lockedUntil'> | undefined, now: Milliseconds): Refusal | undefined {
  const until = user?.lockedUntil
  return until !== undefined && until > now ? lockedUntil(until, now) : undefined
}

/** The refusal while an account is locked. */
export const lockedUntil = (until: Milliseconds, now: Milliseconds): Refusal => ({
  reason: 'sign_in_locked',
  retryAfterSeconds: Math.max(1, Math.ceil((until - now) / 1000)),
})
