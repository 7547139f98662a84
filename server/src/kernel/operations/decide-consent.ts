import type { Actor } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import { union, within } from '../scopes.ts'
import { answerRequest } from './answer-authorization.ts'
import type { AuthorizationFacts, AuthorizationInput, Checked, Step, Subject } from './authorization.ts'
import { lookForAuthorization } from './authorization.ts'
import { checkAuthorization } from './check-authorization.ts'
import { confirmed } from './confirmation.ts'
import { ask, hasShownAll } from './consent-memory.ts'

export type ConsentInput = AuthorizationInput & {
  readonly decision: 'allow' | 'cancel'
  /** The organization that the user chose, where there was a choice. */
  readonly organizationId: string | undefined
  /** The scopes that the page asked for; those that it showed as allowed before are not among them. */
  readonly scopesShown: readonly string[]
  /** Where the form came from, for the event. */
  readonly from: Omit<Actor, 'actor'>
}

/** Writes down what the user decided, and sends them back to the app with a code or a refusal. */
export const decideConsent: Operation<ConsentInput, AuthorizationFacts, Step> = {
  look: lookForAuthorization,

  decide(input, facts, moment) {
    const checked = checkAuthorization(input, facts, moment.now)
    if ('reason' in checked) return refuse(checked)
    const { client, redirectUri, responseMode, user, refusal, subjects, denied } = checked
    const to = { client, redirectUri, responseMode }
    if (refusal) return granted<Step>({ ...to, next: 'refuse', refusal })
    if (!user) return granted<Step>({ ...to, next: 'sign in' })
    if (input.decision === 'cancel') {
      return granted<Step>({ ...to, next: 'refuse', refusal: { reason: 'consent_refused' } })
    }
    if (denied && input.rules.denied) return granted<Step>({ ...to, next: 'refuse', refusal: denied })
    const subject = chosen(subjects, input.organizationId)
    if (!subject || !hasShownAll(subject, checked, input.scopesShown)) {
      return granted<Step>(ask(checked, user))
    }
    const { step, writes } = answerRequest(input, checked, subject, user, moment)
    const connection = connectionOf(checked, subject, moment)
    const allow = { write: 'allow_connection', connection, seen: subject.connection } as const
    const hadWaited = subject.connection?.confirmation === 'pending'
    if (!hadWaited || connection.confirmation !== 'confirmed') return granted(step, allow, ...writes)
    const actor = { actor: `user:${user.id}`, ...input.from }
    return granted(step, allow, ...writes, confirmed(connection, actor, moment.now))
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
  const anew = { ...connection, since: now, origin: 'authorized', status: 'live' } as const
  // Whatever waited in it ended when it was revoked: what begins here, the user has just allowed.
  if (connection.status === 'revoked') return { ...anew, scopes, confirmation: 'not_needed' }
  // Who allows a part of what waits has not seen the rest.
  const isConfirmed = connection.confirmation === 'pending' && within(connection.scopes, scopes)
  return {
    ...anew,
    scopes: union(connection.scopes, scopes),
    confirmation: isConfirmed ? 'confirmed' : connection.confirmation,
  }
}
