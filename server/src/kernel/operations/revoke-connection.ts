import type { Actor, Decision } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection, Milliseconds } from '../records.ts'

export type RevokeConnectionInput = { readonly connection: number; readonly actor: Actor }

/** Ends what a subject allowed a client: one row, and with it every grant and every exchange in flight. */
export const revokeConnection: Operation<RevokeConnectionInput, Connection | undefined, Connection> = {
  look: (store, { connection }) => store.findConnectionByNumber(connection),

  decide({ actor }, connection, { now }) {
    return connection ? revoked(connection, actor, now) : refuse('record_unknown')
  },
}

/** The connection's end, whoever decides it. */
export function revoked(connection: Connection, actor: Actor, now: Milliseconds): Decision<Connection> {
  if (connection.status === 'revoked') return refuse('nothing_to_change')
  return granted<Connection>(
    { ...connection, status: 'revoked', epoch: connection.epoch + 1, liveGrants: [] },
    { write: 'revoke_connection', connection },
    event('connection_revoked', now, actor, {
      ...connection,
      detail: `connection ${connection.number}, ${connection.liveGrants.length} grants`,
    }),
  )
}
