import { refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import { within } from '../scopes.ts'
import type { GovernedFacts, GovernedInput } from './account.ts'
import { actorOf, governs, isSignedIn, lookAtGoverned } from './account.ts'
import { confirm } from './confirmation.ts'

export type ConfirmInput = GovernedInput & {
  /** What the page said that the app may do: nobody confirms what came to it since. */
  readonly scopesShown: readonly string[]
}

/** The user, or an admin for them, agrees to what was moved over from a legacy token. */
export const confirmConnection: Operation<ConfirmInput, GovernedFacts, Connection> = {
  look: lookAtGoverned,

  decide(input, { account, connection }, { now }) {
    if (!isSignedIn(account, now)) return refuse('signed_out')
    // Whose it is, nobody learns by trying numbers: another's is as good as none.
    if (!connection || !governs(account, connection)) return refuse('record_unknown')
    if (connection.confirmation === 'pending' && !within(connection.scopes, input.scopesShown)) {
      return refuse({ reason: 'parameter_malformed', parameter: 'scopes' })
    }
    return confirm(connection, actorOf(account, input), now)
  },
}
