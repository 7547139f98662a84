/**
 * Whether a connection waits for its user, what that means for its tokens, and how the waiting ends.
 */
import type { Actor, Decision, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Policy } from '../policy.ts'
import type { Connection, Milliseconds } from '../records.ts'
import { union, within } from '../scopes.ts'

/**
 * Whether the tokens of this connection open nothing yet. What counts is the policy of now: an operator who
 * asks for less wakes every connection that waits.
 */
export const isAsleep = (
  connection: Pick<Connection, 'confirmation'> | undefined,
  { confirmation }: Pick<Policy, 'confirmation'>,
): boolean => confirmation === 'required' && connection?.confirmation === 'pending'

/** What an app still reaches while its connection waits. */
export type Reach =
  | 'all'
  /** Its new tokens open nothing; the legacy token that it exchanged does, as before. */
  | 'old_token'
  /** So it does, but not for long. */
  | 'old_token_for_now'
  | 'nothing'

/** Told to users, so it must not promise less access than there is. */
export function reachWhileWaiting({
  confirmation,
  legacyAfterExchange,
}: Pick<Policy, 'confirmation' | 'legacyAfterExchange'>): Reach {
  if (confirmation !== 'required') return 'all'
  if (legacyAfterExchange === 'retire') return 'nothing'
  return typeof legacyAfterExchange === 'object' ? 'old_token_for_now' : 'old_token'
}

/**
 * The connection once it carries these scopes too, so that it always says all that its grants may do. Where
 * policy wants the user's word, what they have not seen makes it wait again: else they would confirm a narrow
 * token, and a wide one would follow it unasked.
 */
export function widenedBy(
  connection: Connection,
  scopes: readonly string[],
  { confirmation }: Pick<Policy, 'confirmation'>,
): Connection {
  if (within(scopes, connection.scopes)) return connection
  return {
    ...connection,
    scopes: union(connection.scopes, scopes),
    confirmation: confirmation === 'none' ? connection.confirmation : 'pending',
  }
}

/** What an event says in detail where a connection began with it. */
export const connected = 'connected'

/** The same where a connection that its user had settled waits for them again. */
export const widened = 'widened'

/** The one of these that an event says, first of its detail. */
export const newsIn = (detail: string | undefined): typeof connected | typeof widened | undefined =>
  ([connected, widened] as const).find((word) => detail?.split(' ')[0] === word)

/** What there is to tell the user of a connection that was so before, and is so now. */
export function newsOf(
  before: Connection | undefined,
  after: Connection,
): typeof connected | typeof widened | undefined {
  if (!before) return connected
  return before.confirmation !== 'pending' && after.confirmation === 'pending' ? widened : undefined
}

/** The user, or an admin of the organization that the connection is of, agrees to what was moved over. */
export function confirm(
  connection: Connection | undefined,
  actor: Actor,
  now: Milliseconds,
): Decision<Connection> {
  if (!connection) return refuse('record_unknown')
  if (connection.status === 'revoked') return refuse('connection_revoked')
  if (connection.confirmation !== 'pending') return refuse('nothing_to_change')
  return granted<Connection>(
    { ...connection, confirmation: 'confirmed' },
    { write: 'confirm_connection', connection },
    confirmed(connection, actor, now),
  )
}

/** Of whichever way the user's word came. */
export const confirmed = (connection: Connection, actor: Actor, now: Milliseconds): Write =>
  event('connection_confirmed', now, actor, { ...connection, detail: `connection ${connection.number}` })
