/** Who somebody is, for the app that asks by `openid` (OpenID Connect Core 1.0 §2). */
import type { Moment } from '../kernel.ts'
import type { SignatureAlgorithm } from '../policy.ts'
import type { Grant, Milliseconds } from '../records.ts'
import type { Caller } from './issue.ts'

/** What an id_token says. Signing it, and the hashes of what goes beside it, come after the commit. */
export type Identity = {
  readonly signature: SignatureAlgorithm
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly scopes: readonly string[]
  /** As the app sent it; absent where it sent none. */
  readonly nonce: string | undefined
  /** When the user signed in; absent where nobody knows. */
  readonly authenticatedAt: Milliseconds | undefined
  readonly issuedAt: Milliseconds
  readonly expiresAt: Milliseconds
}

type Asked = {
  readonly caller: Pick<Caller, 'client' | 'policy'>
  readonly about: Pick<Grant, 'userId' | 'organizationId' | 'actsAs' | 'scopes'>
  readonly nonce: string | undefined
  readonly authenticatedAt: Milliseconds | undefined
}

/** For a user whose app may know who they are; of a company there is no identity. */
export function identityOf(asked: Asked, moment: Moment): Identity | undefined {
  const { about } = asked
  return about.actsAs === 'user' && about.scopes.includes('openid') ? identify(asked, moment) : undefined
}

/** Whatever the scopes: where the request itself asks for an id_token (`response_type`). */
export function identify({ caller, about, nonce, authenticatedAt }: Asked, { now }: Moment): Identity {
  const { client, policy } = caller
  // Whole seconds, as the claims are.
  const issuedAt = Math.floor(now / 1000) * 1000
  return {
    signature: policy.signature,
    clientId: client.id,
    userId: about.userId,
    organizationId: about.organizationId,
    scopes: about.scopes,
    nonce,
    authenticatedAt,
    issuedAt,
    expiresAt: issuedAt + policy.accessSeconds * 1000,
  }
}
