/**
 * Whether a connection waits for its user, what that means for its tokens, and how the waiting ends.
 */
import type { Actor, Decision, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Policy } from '../policy.ts'
import type { Connection, Milliseconds } from '../records.ts'

/**
 * Whether the tokens of this connection open nothing yet. What counts is the policy of now: an operator who
 * asks for less wakes every connection that waits.
 */
export const isAsleep = (
  connection: Pick<Connection, 'confirmation'> | undefined,
  { confirmation }: Pick<Policy, 'confirmation'>,
): boolean => confirmation === 'required' && connection?.confirmation === 'pending'

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
