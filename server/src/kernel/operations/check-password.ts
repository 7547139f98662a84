import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import { lockOf } from '../sign-in.ts'
import type { SignedIn, SigningBrowser } from './begin-session.ts'
import { beginSession } from './begin-session.ts'

export type PasswordInput = SigningBrowser & {
  readonly username: string
  /** The hash that the password was found to fit; `undefined` where it fits none. */
  readonly verifiedHash: string | undefined
}

/**
 * Begins a session for a user whose password was verified. The verifying itself is slow on purpose and is
 * done before; here it counts only if the hash is still the user's own.
 */
export const checkPassword: Operation<PasswordInput, User | undefined, SignedIn> = {
  look: (store, { username }) => store.findUserByUsername(username),

  decide({ verifiedHash, ...browser }, user, moment) {
    // The right password is refused too: else whoever guesses goes on until it is told from the others.
    const lock = lockOf(user, moment.now)
    if (lock) return refuse(lock)
    if (!user || verifiedHash === undefined || user.passwordHash !== verifiedHash)
      return refuse('password_wrong')
    if (user.status === 'disabled') return refuse('user_disabled')
    const { signedIn, writes } = beginSession(user, 'password', browser, moment)
    return granted(signedIn, ...writes)
  },
}
