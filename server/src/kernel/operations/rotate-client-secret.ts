import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import type { Client, Milliseconds } from '../records.ts'
import { makeSecret } from './register-client.ts'

export type RotateClientSecretInput = {
  readonly clientId: string
  /** How long the secrets before this one stay good; absent: until they are rotated away. */
  readonly overlap: Milliseconds | undefined
  /** The dialect's callback shows the client's own secret, so a copy is kept where there is a callback. */
  readonly callbackShowsSecret?: boolean
  readonly actor: Actor
}

export type RotatedSecret = {
  readonly clientId: string
  /** In the clear, for this once. */
  readonly secret: string
  readonly othersExpire: Milliseconds | undefined
}

/**
 * Gives a client another secret. The old ones stay good for a while, so that its servers can change over in
 * turn.
 */
export const rotateClientSecret: Operation<RotateClientSecretInput, Client | undefined, RotatedSecret> = {
  look: (store, { clientId }) => store.findClient(clientId),

  decide({ overlap, actor, callbackShowsSecret = false }, client, moment) {
    if (!client) return refuse('record_unknown')
    // A public client has no place to keep a secret (RFC 6749 §2.1).
    if (client.type === 'public') return refuse({ reason: 'nothing_to_change', parameter: 'public' })
    const { secret, kept, sealed } = makeSecret(moment, client, callbackShowsSecret)
    const othersExpire = overlap === undefined ? undefined : moment.now + overlap
    return granted(
      { clientId: client.id, secret, othersExpire },
      {
        write: 'add_client_secret',
        clientId: client.id,
        secret: kept,
        sealed,
        created: moment.now,
        othersExpire,
      },
      event('client_changed', moment.now, actor, {
        clientId: client.id,
        detail: said('secret', { hmac: kept.hmac, version: kept.keyVersion, othersUntil: othersExpire }),
      }),
    )
  },
}
