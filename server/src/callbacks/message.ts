/** What an app is told of an event: who and why, and nothing that says more than the app knows already. */
import type { CallbackKind, Connection, Event } from '../kernel/records.ts'
import type { WebhookMessage } from './standard-webhook.ts'
import { isByClient } from './wanted.ts'

/** No number of a grant or connection is said: they are masked in tokens, so that nobody can count them. */
export const messageOf = (event: Event, kind: CallbackKind, connection?: Connection): WebhookMessage => ({
  type: kind,
  timestamp: new Date(event.at).toISOString(),
  // `stringify` leaves out what is `undefined`.
  data: {
    client_id: event.clientId,
    user_id: event.userId,
    organization_id: event.organizationId,
    actor: actorOf(event),
    reason: kind === 'grant.revoked' ? reasonOf(event) : undefined,
    confirmation: waitingOf(connection),
  },
})

/** Said only while the user has still to confirm: until then the app keeps its legacy token. */
const waitingOf = (connection: Connection | undefined): 'pending' | undefined =>
  connection?.status === 'live' && connection.confirmation === 'pending' ? 'pending' : undefined

/** What an operator sends to try an address out. */
export const pingMessage = (clientId: string, now: number): WebhookMessage => ({
  type: 'ping',
  timestamp: new Date(now).toISOString(),
  data: { client_id: clientId },
})

/** The kind of whoever did it: names of operators and admins are not the app's business. */
function actorOf(event: Event): 'app' | 'user' | 'admin' | 'operator' {
  if (isByClient(event)) return 'app'
  if (!event.actor.startsWith('user:')) return 'operator'
  return event.actor === `user:${event.userId}` ? 'user' : 'admin'
}

function reasonOf({ kind, detail }: Event): string {
  if (kind === 'connection_revoked') return 'uninstalled'
  if (kind !== 'grant_revoked') return kind
  // The detail of such an event is a word; of anything else that may stand there one day, nothing is said.
  return detail !== undefined && /^[a-z_]+$/.test(detail) ? detail : 'revoked'
}
