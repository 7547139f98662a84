import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import { sha256 } from '../ring.ts'

export type PasswordInput = {
  readonly username: string
  /** The hash that the password was found to fit; `undefined` where it fits none. */
  readonly verifiedHash: string | undefined
  /** The browser's session before: it ends, so that nobody goes on with one that they were handed. */
  readonly sessionSecret: string | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

export type SignedIn = { readonly user: User; readonly sessionSecret: string }

export const sessionSeconds = 12 * 3600

/**
 * Begins a session for a user whose password was verified. The verifying itself is slow on purpose and is
 * done before; here it counts only if the hash is still the user's own.
 */
export const checkPassword: Operation<PasswordInput, User | undefined, SignedIn> = {
  look: (store, { username }) => store.findUserByUsername(username),

  decide({ verifiedHash, sessionSecret, address, userAgent }, user, { now, random }) {
    if (!user || verifiedHash === undefined || user.passwordHash !== verifiedHash)
      return refuse('password_wrong')
    if (user.status === 'disabled') return refuse('user_disabled')
    const secret = Buffer.from(random(32)).toString('base64url')
    const session = {
      hash: sha256(secret),
      userId: user.id,
      created: now,
      expires: now + sessionSeconds * 1000,
      method: 'password',
      address,
      userAgent,
    } as const
    const begun = { write: 'add_session', session } as const
    const signedIn = { user, sessionSecret: secret }
    if (sessionSecret === undefined) return granted(signedIn, begun)
    return granted(signedIn, begun, { write: 'end_session', hash: sha256(sessionSecret) })
  },
}
