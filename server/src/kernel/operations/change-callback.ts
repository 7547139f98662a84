import type { CallbackSecret, CallbackWrite } from '../callback-secrets.ts'
import { nextSecretNumber } from '../callback-secrets.ts'
import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Client } from '../records.ts'
import { currentVersion } from '../ring.ts'

export type ChangeCallbackInput = {
  readonly clientId: string
  /** `undefined` leaves it as it is; `none`: nobody is told any more. */
  readonly callback?: string | { readonly none: true }
  readonly events?: readonly string[]
  readonly status?: Client['callbackStatus']
  /** The dialect's callback shows the client's own secret; else what is sent is signed. */
  readonly callbackShowsSecret: boolean
  readonly actor: Actor
}

type Facts = { readonly client: Client | undefined; readonly secrets: readonly CallbackSecret[] }

/** Says where a client is told what happens to its grants, and of what. */
export const changeCallback: Operation<ChangeCallbackInput, Facts, Client> = {
  async look(store, { clientId }) {
    const client = await store.findClient(clientId)
    return { client, secrets: client ? await store.findCallbackSecrets(client.id) : [] }
  },

  decide({ callback, events, status, callbackShowsSecret, actor }, { client, secrets }, moment) {
    if (!client) return refuse('record_unknown')
    // A public client has no secret that could prove to it who calls.
    if (callbackShowsSecret && client.type === 'public')
      return refuse({ reason: 'nothing_to_change', parameter: 'public' })
    const isRemoved = typeof callback === 'object'
    const changed: Client = {
      ...client,
      callback: isRemoved ? undefined : (callback ?? client.callback),
      callbackEvents: isRemoved ? [] : (events ?? client.callbackEvents),
      // A new address has not said that it is gone.
      callbackStatus: status ?? (callback === undefined ? client.callbackStatus : 'on'),
    }
    const fields = (['callback', 'callbackEvents', 'callbackStatus'] as const).filter(
      (field) => String(changed[field]) !== String(client[field]),
    )
    if (fields.length === 0) return refuse('nothing_to_change')
    const followers = isRemoved
      ? forget(client, moment)
      : callbackShowsSecret || secrets.some(({ expires }) => expires === undefined)
        ? []
        : [addCallbackSecret(client.id, secrets, moment)]
    return granted(
      changed,
      { write: 'change_client', client: changed, seen: client },
      ...followers,
      event('client_changed', moment.now, actor, { clientId: client.id, detail: fields.join(' ') }),
    )
  },
}

/** Nothing that could prove to the address who calls outlives it. */
const forget = (client: Client, { now }: Moment): readonly Write[] => [
  { write: 'end_callback_secrets', clientId: client.id, at: now },
  { write: 'drop_sealed_secrets', clientId: client.id },
]

/** The next secret of a client's webhook, of the ring's current version. */
export function addCallbackSecret(
  clientId: string,
  secrets: readonly CallbackSecret[],
  { ring, now }: Moment,
  othersExpire?: number,
): Extract<CallbackWrite, { write: 'add_callback_secret' }> {
  const { version } = currentVersion(ring, now)
  const secret = { number: nextSecretNumber(secrets), keyVersion: version, created: now, expires: undefined }
  return { write: 'add_callback_secret', clientId, secret, othersExpire }
}
