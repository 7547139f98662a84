import { refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import type { GovernedFacts, GovernedInput } from './account.ts'
import { actorOf, governs, isSignedIn, lookAtGoverned } from './account.ts'
import { confirm } from './confirmation.ts'

/** The user, or an admin for them, agrees to what was moved over from a legacy token. */
export const confirmConnection: Operation<GovernedInput, GovernedFacts, Connection> = {
  look: lookAtGoverned,

  decide(input, { account, connection }, { now }) {
    if (!isSignedIn(account, now)) return refuse('signed_out')
    // Whose it is, nobody learns by trying numbers: another's is as good as none.
    if (!connection || !governs(account, connection)) return refuse('record_unknown')
    return confirm(connection, actorOf(account, input), now)
  },
}
