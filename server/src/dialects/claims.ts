/**
 * The claims of an access token as RFC 9068 has them, for every dialect whose company has no shape of its
 * own.
 */
import type { Claims } from './dialect.ts'

/** RFC 9068 §2. The organization, where the grant names one, is a claim of ours. */
export const standardClaims: Claims = (access, { issuer, keyId, algorithm }) => ({
  header: { alg: algorithm, typ: 'at+jwt', kid: keyId },
  claims: {
    iss: issuer,
    // RFC 9068 §2.2: a token for the client itself has the client as its subject.
    sub: access.userId || access.clientId,
    aud: audience(access.resource, issuer),
    client_id: access.clientId,
    scope: access.scopes.join(' '),
    iat: access.issuedAt / 1000,
    exp: access.expiresAt / 1000,
    jti: access.jti,
    ...(access.organizationId && { organization: access.organizationId }),
  },
})

/** RFC 9068 §3: the resources asked for; else the API that stands behind this mount. */
function audience(resource: readonly string[], issuer: string): string | readonly string[] {
  const [only = issuer, another] = resource
  return another === undefined ? only : resource
}
