import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Milliseconds, User } from '../records.ts'
import { lockOf } from '../sign-in.ts'

export type LockInput = {
  readonly userId: string
  /** Until when: said to whoever guesses, the same for an account that does not exist. */
  readonly until: Milliseconds
  readonly actor: Actor
}

/**
 * Locks an account after too many failures. Open sessions and sign-ins through a provider go on: who guesses
 * passwords must not be able to throw a user out. Many attempts that fail at once lock it once.
 */
export const lockSignIn: Operation<LockInput, User | undefined, { readonly isNew: boolean }> = {
  look: (store, { userId }) => store.findUser(userId),

  decide({ userId, until, actor }, user, { now }) {
    if (!user) return refuse('record_unknown')
    if (lockOf(user, now)) return granted({ isNew: false })
    return granted(
      { isNew: true },
      { write: 'lock_sign_in', userId, at: now, until },
      event('sign_in_locked', now, actor, { userId }),
    )
  },
}

export type UnlockInput = { readonly userId: string; readonly actor: Actor }

/** Lets a user try again at once: by their id or name. */
export const unlockSignIn: Operation<UnlockInput, User | undefined, User> = {
  look: async (store, { userId }) => (await store.findUser(userId)) ?? store.findUserByUsername(userId),

  decide({ actor }, user, { now }) {
    if (!user) return refuse('record_unknown')
    if (!lockOf(user, now)) return refuse('nothing_to_change')
    return granted(
      { ...user, lockedUntil: undefined },
      { write: 'unlock_sign_in', userId: user.id, at: now },
      event('user_changed', now, actor, { userId: user.id, detail: 'unlocked' }),
    )
  },
}
