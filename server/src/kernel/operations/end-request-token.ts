import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client } from '../records.ts'
import type { RequestTokenKey } from '../request-token.ts'

type EndRequestTokenInput = RequestTokenKey & { readonly actor: Actor }
type Facts = { readonly client: Client | undefined; readonly isThere: boolean }

/** Ends a request token that has come into the wrong hands. The grant that it has brought lives on. */
export const endRequestToken: Operation<EndRequestTokenInput, Facts, RequestTokenKey> = {
  async look(store, { clientId, userId, organizationId }) {
    const client = await store.findClient(clientId)
    const isThere = client && (await store.hasRequestToken({ clientId: client.id, userId, organizationId }))
    return { client, isThere: isThere === true }
  },

  decide({ userId, organizationId, actor }, { client, isThere }, { now }) {
    if (!client || !isThere) return refuse('record_unknown')
    const of = { clientId: client.id, userId, organizationId }
    return granted(of, { write: 'end_request_token', of }, event('request_token_ended', now, actor, of))
  },
}
