import { locatorBytes } from '../chain.ts'
import type { Decision } from '../decision.ts'
import { refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Facts as CodeFacts, OneTimeCode, ReadableCode } from '../one-time-code.ts'
import { factsHmac, isSameOneTimeCode, readableCodes, sayOneTimeCode } from '../one-time-code.ts'
import type { User } from '../records.ts'
import { currentVersion, equal } from '../ring.ts'
import type { SignInFailures } from '../sign-in.ts'
import { failuresName, lockOfUser } from '../sign-in.ts'
import type { NamedSubject } from '../subjects.ts'
import type { DirectInput } from './direct-grant.ts'
import { beginDirectGrant, countProxies, refusalOfClient, refusalOfSubject } from './direct-grant.ts'
import type { Caller, Issued } from './issue.ts'
import { noFailures, onlyOne } from './send-one-time-code.ts'

export type RedeemOneTimeCodeInput = DirectInput & {
  /** The mail address that the code went to. */
  readonly address: string
  readonly code: string
  /** As they were when it was asked for. */
  readonly facts: CodeFacts
}

type Facts = {
  readonly subject: NamedSubject | undefined
  /** What failures of the user are counted under. */
  readonly name: string
  readonly failures: SignInFailures
  readonly codes: readonly OneTimeCode[]
  readonly proxiesKnown: number
}

/**
 * Trades a code that was mailed to a user for a pair. A wrong one is counted for each code that it might have
 * been, and as a failed sign-in of the user: whoever guesses kills the codes, and ends at the lock.
 */
export const redeemOneTimeCode: Operation<RedeemOneTimeCodeInput, Facts, Issued> = {
  async look(store, input, ring) {
    const { caller, address } = input
    const subject = onlyOne(await store.findUserSubjects(caller.client.id, 'email', address))
    if (!subject?.user) {
      return { subject: undefined, name: '', failures: noFailures, codes: [], proxiesKnown: 0 }
    }
    const name = failuresName(subject.user.username, ring)
    const [failures, codes, proxiesKnown] = await Promise.all([
      store.findSignInFailures(name),
      store.findOneTimeCodes(caller.client.id, subject.user.id),
      countProxies(store, input, subject),
    ])
    return { subject, name, failures, codes, proxiesKnown }
  },

  decide(input, { subject, name, failures, codes, proxiesKnown }, moment) {
    const { caller } = input
    const denied = refusalOfClient(caller, 'otp')
    if (denied) return refuse(denied)
    if (!subject?.user) return refuse('email_unknown')
    const lock = lockOfUser(failures, subject.user, moment.now)
    if (lock) return refuse(lock)
    const open = readableCodes(codes, caller.client, moment.ring, moment.now)
    if (open === 'version_unknown') return refuse('key_version_unknown')
    if (open.length === 0) return refuse('one_time_code_unknown')
    // The code itself is not looked at here, so this tells nothing of it and is no guess.
    const asked = open.filter(({ code, version }) =>
      equal(factsHmac(version, code.id, input.facts), code.facts),
    )
    if (asked.length === 0) return refuse('one_time_code_differs')
    const right = asked.find((one) => isIt(one, input))
    if (!right) return wrongCode(asked, subject.user, name, caller, moment)
    const refused = refusalOfSubject(input, subject, proxiesKnown)
    if (refused) return refuse(refused)
    return beginWith(input, subject, subject.user, { code: right.code, name }, moment)
  },
}

const isIt = (
  { code: { id }, version }: ReadableCode,
  { code, address }: Pick<RedeemOneTimeCodeInput, 'code' | 'address'>,
): boolean => isSameOneTimeCode(code, sayOneTimeCode(version, id, address))

function wrongCode(
  asked: readonly ReadableCode[],
  user: User,
  name: string,
  { actor }: Caller,
  { now: at }: Moment,
): Decision<never> {
  return refuse(
    'one_time_code_wrong',
    { write: 'note_wrong_one_time_code', codes: asked.map(({ code }) => code), failuresName: name, at },
    // Whoever guesses here has had a code sent to the user, who therefore has something to lock.
    { write: 'note_failed_sign_in', name, userId: user.id, at, actor: { ...actor, actor: 'tokenferry' } },
  )
}

function beginWith(
  input: RedeemOneTimeCodeInput,
  subject: NamedSubject,
  { id: userId }: User,
  { code, name }: { readonly code: OneTimeCode; readonly name: string },
  moment: Moment,
): Decision<Issued> {
  return beginDirectGrant(
    {
      input,
      subject,
      scopesMax: input.caller.client.scopes,
      authorizedBy: userId,
      number: moment.number(),
      locator: Buffer.from(moment.random(locatorBytes)),
      version: currentVersion(moment.ring, moment.now),
      guard: (connection) => ({
        write: 'redeem_one_time_code',
        code,
        failuresName: name,
        at: moment.now,
        connection,
      }),
    },
    moment,
  )
}
