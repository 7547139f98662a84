import { grant as granted } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { sha256 } from '../ring.ts'

export type EndSessionInput = { readonly sessionSecret: string }

/** Signs a browser out. A session that is gone already is no trouble. */
export const endSession: Operation<EndSessionInput, boolean, object> = {
  look: async (store, { sessionSecret }) => (await store.findSession(sha256(sessionSecret))) !== undefined,

  decide({ sessionSecret }, found) {
    return found ? granted({}, { write: 'end_session', hash: sha256(sessionSecret) }) : granted({})
  },
}
