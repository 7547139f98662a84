import type { Actor } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Bar, BarFacts, Barred } from './bar-client.ts'
import { barredIn, lookAtBar, unbarredIn } from './bar-client.ts'

export type OperatorBarsInput = Bar & { readonly actor: Actor }

/** Takes an app out of an organization for an admin who cannot do it on the page. */
export const barClientForOperator: Operation<OperatorBarsInput, BarFacts, Barred> = {
  look: lookAtBar,
  decide: ({ actor }, facts, { now }) => barredIn(facts, { actor, by: undefined }, now),
}

/** Lets an app back into an organization. */
export const unbarClientForOperator: Operation<OperatorBarsInput, BarFacts, Barred> = {
  look: lookAtBar,
  decide: ({ actor }, facts, { now }) => unbarredIn(facts, actor, now),
}
