import type { Actor } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { MakingFacts, RequestTokenMade, WantedRequestToken } from './make-request-token.ts'
import { lookAtMaking, madeOf } from './make-request-token.ts'

type OperatorMakesInput = WantedRequestToken & { readonly actor: Actor }

/** Makes a request token for an admin who cannot do it on the page, or for one user. */
export const makeRequestTokenForOperator: Operation<OperatorMakesInput, MakingFacts, RequestTokenMade> = {
  look: lookAtMaking,
  decide: ({ policies, actor }, facts, moment) => madeOf(facts, policies, { actor, by: '' }, moment),
}
