import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import { failuresName, lockOf } from '../sign-in.ts'

export type UnlockInput = { readonly userId: string; readonly actor: Actor }

/** Lets a user try again at once: by their id or name. */
export const unlockSignIn: Operation<UnlockInput, User | undefined, User> = {
  look: async (store, { userId }) => (await store.findUser(userId)) ?? store.findUserByUsername(userId),

  decide({ actor }, user, { now, ring }) {
    if (!user) return refuse('record_unknown')
    if (!lockOf(user, now)) return refuse('nothing_to_change')
    const name = failuresName(user.username, ring)
    return granted(
      { ...user, lockedUntil: undefined },
      { write: 'unlock_sign_in', userId: user.id, name, at: now },
      event('user_changed', now, actor, { userId: user.id, detail: 'unlocked' }),
    )
  },
}
