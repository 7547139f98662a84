import type { Actor } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'
import { confirm } from './confirmation.ts'

export type OperatorConfirmsInput = { readonly connection: number; readonly actor: Actor }

/** Confirms a connection for a user who has said so elsewhere, to the operator's support for example. */
export const confirmConnectionForOperator: Operation<
  OperatorConfirmsInput,
  Connection | undefined,
  Connection
> = {
  look: (store, { connection }) => store.findConnectionByNumber(connection),
  decide: ({ actor }, connection, { now }) => confirm(connection, actor, now),
}
