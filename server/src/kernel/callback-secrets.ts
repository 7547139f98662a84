/**
 * The secrets with which we prove to an app that it is we who call. A webhook's secret is computed, so
 * nothing of it is kept; the app's own secret, where its dialect's callback shows that, is kept sealed.
 */
import type { ClientSecret, Milliseconds } from './records.ts'
import type { Ring, RingVersion } from './ring.ts'
import { equal, fields, findVersion, hmac } from './ring.ts'

/** A secret that signs what a client is told: it is computed from the ring, the client and the number. */
export type CallbackSecret = {
  /** Never used twice for one client, also after all of them have ended. */
  readonly number: number
  readonly keyVersion: number
  readonly created: Milliseconds
  readonly expires: Milliseconds | undefined
}

/** A client secret of which we keep a copy. */
export type SealedSecret = ClientSecret & { readonly sealed: Uint8Array }

export type CallbackFinders = {
  /** All that a client ever had, newest first. */
  findCallbackSecrets(clientId: string): Promise<readonly CallbackSecret[]>
  /** Newest first; nothing on the path of a token request reads them. */
  findSealedSecrets(clientId: string): Promise<readonly SealedSecret[]>
}

export type CallbackWrite =
  | {
      /** Only where nobody made one of this number. */
      readonly write: 'add_callback_secret'
      readonly clientId: string
      readonly secret: CallbackSecret
      /** The secrets before it end at this moment, where one is named. */
      readonly othersExpire: Milliseconds | undefined
    }
  | { readonly write: 'end_callback_secrets'; readonly clientId: string; readonly at: Milliseconds }
  | {
      /** Only where it still is the address that said that it is gone. */
      readonly write: 'disable_callback'
      readonly clientId: string
      readonly callback: string
    }
  | { readonly write: 'drop_sealed_secrets'; readonly clientId: string }

/** What an app verifies signatures with, as Standard Webhooks writes it. */
export const webhookSecret = (version: RingVersion, clientId: string, number: number): string =>
  `whsec_${hmac(version.keys.webhook, fields('webhook', clientId, number)).toString('base64')}`

/** Those that are good now and can be computed, newest first. */
export function liveWebhookSecrets(
  ring: Ring,
  clientId: string,
  secrets: readonly CallbackSecret[],
  now: Milliseconds,
): readonly string[] {
  return secrets
    .filter(({ expires }) => expires === undefined || expires > now)
    .map(({ keyVersion, number }) => ({ version: findVersion(ring, keyVersion), number }))
    .flatMap(({ version, number }) => (version ? [webhookSecret(version, clientId, number)] : []))
}

/** The number after all that were used: a secret that was taken back must not come again. */
export const nextSecretNumber = (secrets: readonly CallbackSecret[]): number =>
  Math.max(0, ...secrets.map(({ number }) => number)) + 1

/**
 * A client secret, sealed: 32 bytes under a pad that the ring gives for this very secret. The row says
 * nothing without the ring, and what opens wrongly is found out by the row's own HMAC.
 */
export const sealSecret = (
  version: RingVersion,
  clientId: string,
  secretHash: Uint8Array,
  secret: string,
): Buffer => xor(Buffer.from(secret, 'base64url'), padOf(version, clientId, secretHash))

/** The secret in the clear; `undefined` where the ring, the client or the row is another. */
export function openSecret(
  ring: Ring,
  clientId: string,
  { sealed, hmac: secretHash, keyVersion }: SealedSecret,
): string | undefined {
  const version = findVersion(ring, keyVersion)
  if (!version) return undefined
  const secret = xor(sealed, padOf(version, clientId, secretHash)).toString('base64url')
  return equal(hmac(version.keys.secret, secret), secretHash) ? secret : undefined
}

const padOf = (version: RingVersion, clientId: string, secretHash: Uint8Array): Buffer =>
  hmac(version.keys.seal, fields('client secret', clientId, Buffer.from(secretHash).toString('hex')))

const xor = (bytes: Uint8Array, pad: Uint8Array): Buffer =>
  Buffer.from(bytes.map((byte, at) => byte ^ (pad[at] ?? 0)))
