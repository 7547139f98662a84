import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { isBehind } from '../lost-row.ts'
import { isAsleep } from './confirmation.ts'
import type { Caller } from './issue.ts'
import type { PresentedFacts, PresentedToken } from './presented-token.ts'
import { isAccessAlive, lookAtToken } from './presented-token.ts'

export type EndConnectionsInput = PresentedToken & { readonly caller: Caller }

/** Whose connections with the caller have ended; a company's own has no user. */
export type ConnectionsEnded = { readonly userId: string; readonly organizationId: string }

/**
 * Ends all that a user allowed the app whose access token for them this is, in whichever organization; with a
 * company's token, what the company allowed. One commit: an exchange or a refresh in flight loses.
 */
export const endConnections: Operation<EndConnectionsInput, PresentedFacts, ConnectionsEnded> = {
  look: (store, input, ring) => lookAtToken(store, input, input.caller.client.id, ring),

  decide({ caller }, facts, { now }) {
    const { client, policy, actor } = caller
    if (facts.kind === 'version_unknown') return refuse('key_version_unknown')
    if (facts.kind !== 'access') return refuse('access_token_invalid')
    const isExpired = facts.claims.expiresAt <= now
    if (!isExpired && isBehind(facts.lost)) return refuse('state_behind')
    const connection = (facts.grant ?? facts.alone)?.connection
    const isGood = !isExpired && facts.client?.id === client.id && isAccessAlive(facts, now)
    // One that waits for its user opens nothing yet, not even its own end.
    if (!isGood || !connection || isAsleep(connection, policy)) return refuse('access_token_invalid')
    if (client.status === 'disabled') return refuse('client_disabled')
    const { userId, organizationId } = connection
    return granted<ConnectionsEnded>(
      { userId, organizationId },
      { write: 'end_connections', connection, at: now, actor },
    )
  },
}
