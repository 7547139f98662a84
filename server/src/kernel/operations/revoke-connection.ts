import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Connection } from '../records.ts'

export type RevokeConnectionInput = { readonly connection: number; readonly actor: Actor }

/** Ends what a subject allowed a client: one row, and with it every grant and every exchange in flight. */
export const revokeConnection: Operation<RevokeConnectionInput, Connection | undefined, Connection> = {
  look: (store, { connection }) => store.findConnectionByNumber(connection),

  decide({ actor }, connection, moment) {
    if (!connection) return refuse('record_unknown')
    if (connection.status === 'revoked') return refuse('nothing_to_change')
    return granted(
      { ...connection, status: 'revoked', epoch: connection.epoch + 1, liveGrants: [] },
      { write: 'revoke_connection', connection },
      event('connection_revoked', moment.now, actor, {
        ...connection,
        detail: `connection ${connection.number}, ${connection.liveGrants.length} grants`,
      }),
    )
  },
}
