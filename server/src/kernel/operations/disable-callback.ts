import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client } from '../records.ts'

export type DisableCallbackInput = {
  readonly clientId: string
  /** The address that said so: another one, set meanwhile, stays on. */
  readonly callback: string
  readonly reason: string
}

const tokenferry = { actor: 'tokenferry', address: undefined, requestId: undefined }

/** The address has said that it is gone for good (410): nothing is sent there until the operator says so. */
export const disableCallback: Operation<DisableCallbackInput, Client | undefined, Client> = {
  look: (store, { clientId }) => store.findClient(clientId),

  decide({ callback, reason }, client, moment) {
    if (!client) return refuse('record_unknown')
    if (client.callback !== callback || client.callbackStatus === 'off') return refuse('nothing_to_change')
    return granted(
      { ...client, callbackStatus: 'off' },
      { write: 'disable_callback', clientId: client.id, callback },
      event('callback_disabled', moment.now, tokenferry, { clientId: client.id, detail: reason }),
    )
  },
}
