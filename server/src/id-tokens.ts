/** Signing id_tokens (OpenID Connect Core 1.0 §2): what `main.ts` lends to `http/` and to the pages. */
import { createHash } from 'node:crypto'
import type { Beside, Mount } from './http/answer.ts'
import type { World } from './kernel/kernel.ts'
import type { Identity } from './kernel/operations/identity.ts'
import type { SignatureAlgorithm } from './kernel/policy.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { signToken } from './keys/sign.ts'

type Signing = { readonly keyRing: KeyRing; readonly world: World }

/**
 * It has neither `jti` nor `client_id`, without which no access token of ours is one: an id_token that comes
 * back in a token's place opens nothing.
 */
export function signIdentity(
  identity: Identity,
  { dialect, issuer }: Mount,
  { accessToken, code }: Beside,
  { keyRing, world }: Signing,
): Promise<string> {
  const { clientId, userId, nonce, authenticatedAt, issuedAt, expiresAt } = identity
  const key = keyRing.signingKey(identity.signature, world.moment().now)
  const hash = (text: string): string => leftHalfHash(text, key.algorithm)
  const claims = {
    ...dialect.identityClaims?.(identity, issuer),
    iss: issuer,
    sub: userId,
    aud: clientId,
    exp: expiresAt / 1000,
    iat: issuedAt / 1000,
    ...(authenticatedAt !== undefined && { auth_time: Math.floor(authenticatedAt / 1000) }),
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { at_hash: hash(accessToken) }),
    ...(code !== undefined && { c_hash: hash(code) }),
  }
  return signToken({ typ: 'JWT', alg: key.algorithm, kid: key.publicJwk.kid }, claims, key)
}

/** OpenID Connect Core 1.0 §3.1.3.6: the hash is the signature's own, which for Ed25519 is SHA-512. */
function leftHalfHash(text: string, algorithm: SignatureAlgorithm): string {
  const digest = createHash(algorithm === 'EdDSA' ? 'sha512' : 'sha256')
    .update(text, 'ascii')
    .digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
