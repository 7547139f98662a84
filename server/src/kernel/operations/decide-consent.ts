import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import { sameSet, union } from '../scopes.ts'
import type { AuthorizationFacts, AuthorizationInput, Checked, Step, Subject } from './authorization.ts'
import { answerWithCode, checkAuthorization, lookForAuthorization } from './authorization.ts'

export type ConsentInput = AuthorizationInput & {
  readonly decision: 'allow' | 'cancel'
  /** The organization that the user chose, where there was a choice. */
  readonly organizationId: string | undefined
  /** The scopes that the page showed: nobody allows what they have not seen. */
  readonly scopesShown: readonly string[]
}

/** Writes down what the user decided, and sends them back to the app with a code or a refusal. */
export const decideConsent: Operation<ConsentInput, AuthorizationFacts, Step> = {
  look: lookForAuthorization,

  decide(input, facts, moment) {
    const checked = checkAuthorization(input, facts, moment.now)
    if ('reason' in checked) return refuse(checked)
    const { client, redirectUri, scopes, user, refusal } = checked
    const to = { client, redirectUri }
    if (refusal) return granted<Step>({ ...to, next: 'refuse', refusal })
    if (!user) return granted<Step>({ ...to, next: 'sign in' })
    if (input.decision === 'cancel') {
      return granted<Step>({ ...to, next: 'refuse', refusal: { reason: 'consent_refused' } })
    }
    const subject = chosen(facts.subjects, input.organizationId)
    if (!subject || !sameSet(scopes, input.scopesShown)) {
      return granted<Step>({ ...to, next: 'ask', user, scopes, subjects: facts.subjects })
    }
    const { step, write } = answerWithCode(input, checked, subject, user, moment)
    const connection = connectionOf(checked, subject, moment)
    return granted(step, { write: 'allow_connection', connection }, write)
  },
}

/** The only one there is, or the one that the user named. */
function chosen(subjects: readonly Subject[], organizationId: string | undefined): Subject | undefined {
  const [only, another] = subjects
  if (only && !another && organizationId === undefined) return only
  return subjects.find((subject) => subject.organizationId === organizationId)
}

/** What was allowed before stays allowed, unless the user has taken it back since. */
function connectionOf(
  { client, scopes }: Checked,
  { userId, organizationId, connection }: Subject,
  { now, number }: Moment,
): Connection {
  if (!connection) {
    return {
      number: number(),
      clientId: client.id,
      userId,
      organizationId,
      scopes,
      since: now,
      origin: 'authorized',
      confirmation: 'not_needed',
      status: 'live',
      // As in a migration: a legacy token is dead once its connection stands above the epoch it came in at.
      epoch: 1,
      liveGrants: [],
      lastUsed: undefined,
    }
  }
  const { status, confirmation } = connection
  return {
    ...connection,
    scopes: status === 'live' ? union(connection.scopes, scopes) : scopes,
    since: now,
    origin: 'authorized',
    confirmation: confirmation === 'pending' ? 'confirmed' : confirmation,
    status: 'live',
  }
}
