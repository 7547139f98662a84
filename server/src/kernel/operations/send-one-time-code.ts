import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Facts as CodeFacts, OneTimeCode } from '../one-time-code.ts'
import { countUnexpired, factsHmac, oneTimeCodeIdBytes, oneTimeCodeLimits } from '../one-time-code.ts'
import type { Delivery, Milliseconds } from '../records.ts'
import { currentVersion } from '../ring.ts'
import type { SignInFailures } from '../sign-in.ts'
import { failuresName, lockOfUser } from '../sign-in.ts'
import type { NamedSubject } from '../subjects.ts'
import { refusalOfClient, refusalOfSubject } from './direct-grant.ts'
import type { Caller } from './issue.ts'

export type SendOneTimeCodeInput = {
  readonly caller: Caller
  /** The mail address that the user is named by. */
  readonly address: string
  /** What must be repeated when the code is redeemed. */
  readonly facts: CodeFacts
}

type Facts = {
  readonly subject: NamedSubject | undefined
  readonly failures: SignInFailures
  /** Of this client and user. */
  readonly codes: readonly OneTimeCode[]
}

/** Until when the code holds that was sent. */
export type SentOneTimeCode = { readonly expiresAt: Milliseconds }

/**
 * Sends a user six digits, by which the app that asked may have a grant of them. Its row and the mail are
 * planned in one commit; the digits come about when the mail goes.
 */
export const sendOneTimeCode: Operation<SendOneTimeCodeInput, Facts, SentOneTimeCode> = {
  async look(store, { caller, address }, ring) {
    const subject = onlyOne(await store.findUserSubjects(caller.client.id, 'email', address))
    if (!subject?.user) return { subject: undefined, failures: noFailures, codes: [] }
    const [failures, codes] = await Promise.all([
      store.findSignInFailures(failuresName(subject.user.username, ring)),
      store.findOneTimeCodes(caller.client.id, subject.user.id),
    ])
    return { subject, failures, codes }
  },

  decide({ caller, facts }, { subject, failures, codes }, moment) {
    const denied = refusalOfClient(caller, 'otp')
    if (denied) return refuse(denied)
    if (!subject?.user) return refuse('email_unknown')
    const lock = lockOfUser(failures, subject.user, moment.now)
    if (lock) return refuse(lock)
    const refused = refusalOfSubject({ caller, scopes: undefined, proxies: [] }, subject, 0)
    if (refused) return refuse(refused)
    const { unexpiredMax } = oneTimeCodeLimits
    if (countUnexpired(codes, moment.now) >= unexpiredMax) return refuse('one_time_codes_open')
    const code = newCode(caller, subject.user.id, facts, moment)
    return granted(
      { expiresAt: code.expires },
      { write: 'add_one_time_code', code, unexpiredMax },
      { write: 'plan_delivery', delivery: deliveryOf(code, moment) },
    )
  },
}

/** An address that several users have is nobody's: whose code it is could not be told. */
export const onlyOne = (subjects: readonly NamedSubject[]): NamedSubject | undefined =>
  subjects.length === 1 ? subjects[0] : undefined

export const noFailures: SignInFailures = { count: 0, window: 0, lockedUntil: undefined }

function newCode({ client }: Caller, userId: string, facts: CodeFacts, moment: Moment): OneTimeCode {
  const version = currentVersion(moment.ring, moment.now)
  const id = Buffer.from(moment.random(oneTimeCodeIdBytes))
  return {
    id,
    clientId: client.id,
    userId,
    keyVersion: version.version,
    facts: factsHmac(version, id, facts),
    guesses: 0,
    created: moment.now,
    expires: moment.now + oneTimeCodeLimits.lifeMilliseconds,
    status: 'open',
  }
}

/**
 * It names no client, so that it stands in no app's line: somebody waits for this mail, and must not wait for
 * thousands of others of that app. Its own id goes out with it, the code's does not.
 */
const deliveryOf = ({ id, userId }: OneTimeCode, { now, random }: Moment): Delivery => ({
  id: Buffer.from(random(16)).toString('base64url'),
  channel: 'mail',
  kind: 'one_time_code',
  clientId: undefined,
  userId,
  organizationId: undefined,
  connection: undefined,
  epoch: undefined,
  event: undefined,
  oneTimeCode: id,
  at: now,
  due: now,
  attempts: 0,
  status: 'waiting',
  claimedBy: undefined,
  problem: undefined,
})
