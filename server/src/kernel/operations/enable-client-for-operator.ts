import type { Actor } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Enabled, Enabling, EnablingFacts } from './enable-client.ts'
import { enabledIn, enablingEndedIn, lookAtEnabling } from './enable-client.ts'

type OperatorEnablesInput = Enabling & { readonly actor: Actor }

/** Lets an app into an organization for an admin who cannot do it on the page. */
export const enableClientForOperator: Operation<OperatorEnablesInput, EnablingFacts, Enabled> = {
  look: lookAtEnabling,
  decide: ({ actor }, facts, { now }) => enabledIn(facts, { actor, by: undefined }, now),
}

/** Nobody of the organization connects the app any more. */
export const endEnablingForOperator: Operation<OperatorEnablesInput, EnablingFacts, Enabled> = {
  look: lookAtEnabling,
  decide: ({ actor }, facts, { now }) => enablingEndedIn(facts, actor, now),
}
