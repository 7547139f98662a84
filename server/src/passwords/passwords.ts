/** Passwords, wherever they are heard: at the sign-in page, and in a token request of an app that may. */
import type { Answer } from '../kernel/decision.ts'
import type { World } from '../kernel/kernel.ts'
import type { Refusal } from '../kernel/refusals.ts'
import type { CheckedPassword } from '../kernel/sign-in.ts'
import { failuresAt, failuresName, lockOfUser } from '../kernel/sign-in.ts'
import { hashPassword, isOfOurCost, verifyPassword } from '../keys/password.ts'
import { attempts } from './attempts.ts'
import { turns } from './turns.ts'

export type Passwords = {
  /**
   * Verifies a password, where no failures before stand against its name, and has `perform` decide on what
   * was found. Nothing here may do more, or less, for a name that somebody has than for another: its answer,
   * its time, what is written.
   */
  check<Result>(
    asked: { readonly username: string; readonly password: string },
    perform: (checked: CheckedPassword) => Promise<Answer<Result>>,
  ): Promise<Answer<Result>>
}

/**
 * What an unknown user's password is verified against, so that the time taken does not tell who has an
 * account. It costs what `keys/password.ts` lets a real one cost, and belongs to no password that anybody
 * knows.
 */
export const decoyHash =
  '$argon2id$v=19$m=19456,t=2,p=1$Ms1WfwJKlkR58q07i2OUAA$rdYK3bQeqU9/Zpo5Bv+QnfD4m2EzdMUFZaWWzdGQkIs'

/** Verifying takes a core and 19 MiB: more at once would starve the requests that cost little. */
const verifyingMax = 2
const waitingMax = 50

export function passwordsOf(world: World): Passwords {
  const underWay = attempts()
  const verifications = turns(verifyingMax, waitingMax)

  return {
    async check({ username, password }, perform) {
      const { store } = world
      const { now, ring } = world.moment()
      const name = failuresName(username, ring)
      const user = await store.findUserByUsername(username)
      const failures = await store.findSignInFailures(name)
      const lock = lockOfUser(failures, user, now)
      if (lock) return { refused: lock }
      // Nothing is waited for between the look and the count.
      if (verifications.isFull() || !underWay.begin(name, failuresAt(failures, now))) return { refused: busy }
      try {
        const checked = await verifications.take(() => verify(user?.passwordHash, password))
        return await perform({ failuresName: name, ...checked })
      } finally {
        underWay.end(name)
      }
    },
  }
}

/** As many as there may be are being looked at: in a moment it is known what comes of them. */
export const busy: Refusal = { reason: 'contended', retryAfterSeconds: 1 }

async function verify(
  hash: string | undefined,
  password: string,
): Promise<Omit<CheckedPassword, 'failuresName'>> {
  const fits = await verifyPassword(hash ?? decoyHash, password)
  if (!fits || hash === undefined) return { verifiedHash: undefined, renewedHash: undefined }
  // At other costs than the decoy's, the time of a wrong password tells that somebody has the name.
  return { verifiedHash: hash, renewedHash: isOfOurCost(hash) ? undefined : await hashPassword(password) }
}
