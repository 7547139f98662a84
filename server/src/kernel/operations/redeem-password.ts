import { locatorBytes } from '../chain.ts'
import type { Decision } from '../decision.ts'
import { refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import { currentVersion } from '../ring.ts'
import type { CheckedPassword, SignInFailures } from '../sign-in.ts'
import { lockOfUser } from '../sign-in.ts'
import type { NamedSubject } from '../subjects.ts'
import { wrongPassword } from './check-password.ts'
import type { DirectInput } from './direct-grant.ts'
import { beginDirectGrant, countProxies, refusalOfClient, refusalOfSubject } from './direct-grant.ts'
import type { Issued } from './issue.ts'

export type RedeemPasswordInput = DirectInput & {
  readonly username: string
  /** As it is heard, and then what was found of it: verifying is slow on purpose, and no decision. */
  readonly credential: { readonly password: string } | CheckedPassword
}

type Facts = {
  readonly subject: NamedSubject | undefined
  readonly failures: SignInFailures
  readonly proxiesKnown: number
}

/**
 * Trades a user's own password for a pair (RFC 6749 §4.3; off unless a client is allowed it, RFC 9700 §2.4).
 * A wrong one is counted as at the sign-in page, for a name that nobody has as for any other.
 */
export const redeemPassword: Operation<RedeemPasswordInput, Facts, Issued> = {
  async look(store, input) {
    const { caller, username } = input
    const { failuresName, verifiedHash } = checkedIn(input)
    const [[subject], failures] = await Promise.all([
      store.findUserSubjects(caller.client.id, 'username', username),
      store.findSignInFailures(failuresName),
    ])
    // Asked only of who has the password: else the time that it takes would tell who has an account.
    const proxiesKnown = verifiedHash === undefined ? 0 : await countProxies(store, input, subject)
    return { subject, failures, proxiesKnown }
  },

  decide(input, { subject, failures, proxiesKnown }, moment) {
    const { caller } = input
    const { failuresName: name, verifiedHash, renewedHash } = checkedIn(input)
    const denied = refusalOfClient(caller, 'password')
    if (denied) return refuse(denied)
    const lock = lockOfUser(failures, subject?.user, moment.now)
    if (lock) return refuse(lock)
    const user = subject?.user
    if (!user || verifiedHash === undefined || user.passwordHash !== verifiedHash)
      return wrongPassword(user, name, { ...caller.actor, actor: 'tokenferry' }, moment)
    const refused = refusalOfSubject(input, subject, proxiesKnown)
    if (refused) return refuse(refused)
    const begun = beginWith(input, subject, { id: user.id, hash: verifiedHash }, moment)
    if (renewedHash === undefined || 'refused' in begun.answer) return begun
    const renew = {
      write: 'note_password_hash',
      userId: user.id,
      seen: verifiedHash,
      hash: renewedHash,
    } as const
    return { ...begun, writes: [...begun.writes, renew] }
  },
}

function beginWith(
  input: RedeemPasswordInput,
  subject: NamedSubject,
  { id, hash }: { readonly id: string; readonly hash: string },
  moment: Moment,
): Decision<Issued> {
  const { client } = input.caller
  return beginDirectGrant(
    {
      input,
      subject,
      scopesMax: client.scopes,
      authorizedBy: id,
      number: moment.number(),
      locator: Buffer.from(moment.random(locatorBytes)),
      version: currentVersion(moment.ring, moment.now),
      guard: (connection) => ({
        write: 'begin_grant',
        clientId: client.id,
        userId: id,
        passwordHash: hash,
        at: moment.now,
        connection,
      }),
    },
    moment,
  )
}

function checkedIn({ credential }: RedeemPasswordInput): CheckedPassword {
  if ('password' in credential) throw new Error('The password was not verified.')
  return credential
}
