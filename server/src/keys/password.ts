/**
 * Passwords: argon2id (RFC 9106), because a person's password can be guessed and nothing else kept here can.
 */
import { hash, verify } from '@node-rs/argon2'

/** The OWASP floor: 19 MiB, two passes. More memory would let a few sign-ins exhaust a small machine. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** The password as the users table keeps it: `$argon2id$…`, with its own salt. */
export const hashPassword = (password: string): Promise<string> => hash(password, cost)

/** Whether it costs what ours do. A hash of other costs is made anew when its user signs in. */
export const isOfOurCost = (stored: string): boolean =>
  stored.startsWith(`$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$`)

/**
 * Whether this is the password. A hash of another kind (an imported one that is not argon2) verifies nothing.
 */
export async function verifyPassword(stored: string, password: string): Promise<boolean> {
  try {
    return await verify(stored, password)
  } catch {
    return false
  }
}
