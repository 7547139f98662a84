import type { Actor, Decision, Write } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import type { CheckedPassword, SignInFailures } from '../sign-in.ts'
import { lockOfUser } from '../sign-in.ts'
import type { SignedIn, SigningBrowser } from './begin-session.ts'
import { beginSession } from './begin-session.ts'

export type PasswordInput = SigningBrowser &
  CheckedPassword & {
    readonly username: string
    readonly requestId: string
  }

type Facts = { readonly user: User | undefined; readonly failures: SignInFailures }

/**
 * Begins a session for a user whose password was verified. The verifying itself is slow on purpose and is
 * done before; here it counts only if the hash is still the user's own. A wrong password is counted, in one
 * commit, for a name that nobody has as for any other: so neither tells which it is, at whichever process.
 */
export const checkPassword: Operation<PasswordInput, Facts, SignedIn> = {
  async look(store, { username, failuresName: name }) {
    const [user, failures] = await Promise.all([
      store.findUserByUsername(username),
      store.findSignInFailures(name),
    ])
    return { user, failures }
  },

  decide(input, { user, failures }, moment) {
    const { failuresName: name, verifiedHash, renewedHash, requestId, ...browser } = input
    // The right password is refused too: else whoever guesses goes on until it is told from the others.
    const lock = lockOfUser(failures, user, moment.now)
    if (lock) return refuse(lock)
    if (!user || verifiedHash === undefined || user.passwordHash !== verifiedHash)
      return wrongPassword(user, name, { actor: 'tokenferry', address: browser.address, requestId }, moment)
    if (user.status === 'disabled') return refuse('user_disabled')
    const { signedIn, writes } = beginSession(user, 'password', browser, moment)
    const renews: Write[] =
      renewedHash === undefined
        ? []
        : [{ write: 'note_password_hash', userId: user.id, seen: verifiedHash, hash: renewedHash }]
    return granted(signedIn, ...writes, ...renews)
  },
}

/** The refusal, and the failure counted: alike for a name that somebody has and for one that nobody has. */
export function wrongPassword(
  user: User | undefined,
  name: string,
  actor: Actor,
  { now }: Moment,
): Decision<never> {
  // Who has no password has nothing to lock, and need not hear of it: anybody could bring that about.
  const userId = user?.passwordHash === undefined ? undefined : user.id
  return refuse('password_wrong', { write: 'note_failed_sign_in', name, userId, at: now, actor })
}
