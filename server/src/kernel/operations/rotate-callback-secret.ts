import type { CallbackSecret } from '../callback-secrets.ts'
import { webhookSecret } from '../callback-secrets.ts'
import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client, Milliseconds } from '../records.ts'
import { currentVersion } from '../ring.ts'
import { addCallbackSecret } from './change-callback.ts'

export type RotateCallbackSecretInput = {
  readonly clientId: string
  /** How long the secrets before this one go on signing beside it. */
  readonly overlap: Milliseconds
  readonly actor: Actor
}

type Facts = { readonly client: Client | undefined; readonly secrets: readonly CallbackSecret[] }

export type RotatedCallbackSecret = {
  readonly clientId: string
  readonly secret: string
  readonly othersExpire: Milliseconds
}

/**
 * Gives a client's webhook another secret. What is sent meanwhile is signed with each of them, so the app may
 * change over when it likes.
 */
export const rotateCallbackSecret: Operation<RotateCallbackSecretInput, Facts, RotatedCallbackSecret> = {
  async look(store, { clientId }) {
    const client = await store.findClient(clientId)
    return { client, secrets: client ? await store.findCallbackSecrets(client.id) : [] }
  },

  decide({ overlap, actor }, { client, secrets }, moment) {
    if (!client || client.callback === undefined) return refuse('record_unknown')
    const othersExpire = moment.now + overlap
    const added = addCallbackSecret(client.id, secrets, moment, othersExpire)
    const version = currentVersion(moment.ring, moment.now)
    return granted(
      { clientId: client.id, secret: webhookSecret(version, client.id, added.secret.number), othersExpire },
      added,
      event('client_changed', moment.now, actor, { clientId: client.id, detail: 'webhook secret' }),
    )
  },
}
