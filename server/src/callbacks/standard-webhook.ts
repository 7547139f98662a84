/** A message and its signatures, as Standard Webhooks writes them (https://www.standardwebhooks.com). */
import { hmac } from '../kernel/ring.ts'
import type { GuardedRequest } from './guarded-request.ts'

export type WebhookMessage = {
  readonly type: string
  /** When it happened, in ISO 8601. */
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

export type Signing = {
  /** The same at each attempt: by it the app knows what it has dealt with already. */
  readonly id: string
  /** Of this attempt, in epoch milliseconds: an old request that somebody else sends again is refused. */
  readonly now: number
  /** Newest first. While a secret is rotated there are several, and the app needs to know one of them. */
  readonly secrets: readonly string[]
}

export function webhookRequest(url: string, message: WebhookMessage, signing: Signing): GuardedRequest {
  const { id, secrets } = signing
  const seconds = Math.floor(signing.now / 1000)
  const body = JSON.stringify(message)
  return {
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Tokenferry',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': secrets.map((secret) => sign(secret, `${id}.${seconds}.${body}`)).join(' '),
    },
    body,
  }
}

const sign = (secret: string, content: string): string =>
  `v1,${hmac(keyOf(secret), content).toString('base64')}`

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
