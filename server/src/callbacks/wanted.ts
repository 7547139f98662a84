/** What an event means for an app: which of the five kinds of message it becomes, or none. */
import type { Dialect } from '../dialects/dialect.ts'
import type { EventKind } from '../kernel/event-kinds.ts'
import type { CallbackKind, Client, Event } from '../kernel/records.ts'

/** Every kind, with what it tells; also the order in which they are listed. */
export const callbackKinds: Readonly<Record<CallbackKind, string>> = {
  'grant.created': 'a user allowed the app',
  'grant.confirmed': 'a user confirmed an app that was moved over',
  'grant.revoked': 'a grant, or all that a user allowed, has ended',
  'legacy_token.exchanged': 'a legacy token became a grant',
  'refresh_token.reused': 'a spent refresh token came again, so its grant has ended',
}

const kinds: Readonly<Partial<Record<EventKind, CallbackKind>>> = {
  grant_created: 'grant.created',
  connection_confirmed: 'grant.confirmed',
  grant_revoked: 'grant.revoked',
  connection_revoked: 'grant.revoked',
  legacy_token_exchanged: 'legacy_token.exchanged',
  refresh_token_reused: 'refresh_token.reused',
}

/** Ends of legacy tokens that end their grant with them, where there was one. */
const endsOfBoth: ReadonlySet<EventKind> = new Set<EventKind>(['legacy_token_reset', 'legacy_token_revoked'])

/** What this client is to be told because of this event; `undefined`: nothing. */
export function wantedCallback(
  event: Event,
  client: Client,
  dialect: Dialect | undefined,
): CallbackKind | undefined {
  if (client.callback === undefined || client.callbackStatus === 'off') return undefined
  if (event.clientId !== client.id) return undefined
  if (dialect?.uninstalled) {
    // Such a call says one thing, and only to an app that does not know it yet.
    const isUninstalled = event.kind === 'connection_revoked' && !isByClient(event)
    return isUninstalled ? 'grant.revoked' : undefined
  }
  const kind = kindOf(event)
  const isWanted = kind !== undefined && isSubscribed(client, kind)
  return isWanted ? kind : undefined
}

function kindOf(event: Event): CallbackKind | undefined {
  // An app that gives up a legacy token keeps the grant that came of it.
  const endsGrant = endsOfBoth.has(event.kind) && event.grantNumber !== undefined && !isByClient(event)
  return endsGrant ? 'grant.revoked' : kinds[event.kind]
}

const isSubscribed = ({ callbackEvents }: Client, kind: CallbackKind): boolean =>
  callbackEvents.length === 0 || callbackEvents.includes(kind)

/** The app did it itself. */
export const isByClient = ({ actor, clientId }: Event): boolean => actor === `client:${clientId}`
