import { refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import type { GovernedFacts, GovernedInput } from './account.ts'
import { actorOf, governs, isSignedIn, lookAtGoverned } from './account.ts'
import { revoked } from './revoke-connection.ts'

/** The user, or an admin for them, takes back what an app was allowed: a connection, with all its grants. */
export const uninstallApp: Operation<GovernedInput, GovernedFacts, Connection> = {
  look: lookAtGoverned,

  decide(input, { account, connection }, { now }) {
    if (!isSignedIn(account, now)) return refuse('signed_out')
    if (!connection || !governs(account, connection)) return refuse('record_unknown')
    return revoked(connection, actorOf(account, input), now)
  },
}
