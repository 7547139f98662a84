/**
 * What was taken back by a part of history that a copy of the database does not know, said again from its
 * event. Revocations of records have operations of their own; these two have no other way in.
 */
import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import type { Client, Milliseconds } from '../records.ts'

export type RevokeAccessTokenInput = {
  readonly jti: string
  readonly expires: Milliseconds
  readonly clientId: string | undefined
  readonly actor: Actor
}

/** An access token that somebody revoked alone, by its `jti`. */
export const revokeAccessToken: Operation<RevokeAccessTokenInput, boolean, { readonly jti: string }> = {
  look: (store, { jti }) => store.isAccessTokenRevoked(jti),

  decide({ jti, expires, clientId, actor }, isRevoked, { now }) {
    if (isRevoked || expires <= now) return refuse('nothing_to_change')
    return granted(
      { jti },
      { write: 'revoke_access_token', jti, expires },
      event('access_token_revoked', now, actor, { clientId, detail: said('', { jti, expires }) }),
    )
  },
}

export type ReplaceSecretInput = {
  readonly clientId: string
  /** Of the secret that the app has since. */
  readonly hmac: Uint8Array
  readonly keyVersion: number
  /** Until when the secrets before it were to stay good. */
  readonly othersUntil: Milliseconds | undefined
  readonly actor: Actor
}

/** The secret that a client was given, in the place of the one that it gave up. */
export const replaceSecret: Operation<ReplaceSecretInput, Client | undefined, { readonly id: string }> = {
  look: (store, { clientId }) => store.findClient(clientId),

  decide({ hmac, keyVersion, othersUntil, actor }, client, { now }) {
    if (!client) return refuse('record_unknown')
    if (client.secrets.some((secret) => Buffer.compare(secret.hmac, hmac) === 0)) {
      return refuse('nothing_to_change')
    }
    return granted(
      { id: client.id },
      {
        write: 'add_client_secret',
        clientId: client.id,
        secret: { hmac, keyVersion, expires: undefined },
        sealed: undefined,
        created: now,
        othersExpire: othersUntil,
      },
      event('client_changed', now, actor, {
        clientId: client.id,
        detail: said('secret', { hmac, version: keyVersion, othersUntil }),
      }),
    )
  },
}
