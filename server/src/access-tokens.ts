/** Signing access tokens, and reading them back: what `main.ts` lends to `http/`. */
import type { Mount } from './http/answer.ts'
import { hearStandardClaims } from './http/claims.ts'
import type { AccessClaims } from './kernel/access-token.ts'
import { hearOpaqueAccess, sayOpaqueAccess } from './kernel/access-token.ts'
import { hearTokenId } from './kernel/chain.ts'
import type { World } from './kernel/kernel.ts'
import type { Access } from './kernel/operations/issue.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { signToken, verifyToken } from './keys/sign.ts'

type Signing = { readonly keyRing: KeyRing; readonly world: World; readonly mounts: readonly Mount[] }

export async function signAccess(
  access: Access,
  { dialect, issuer }: Mount,
  { keyRing, world }: Signing,
): Promise<string> {
  if (access.format === 'opaque') return sayOpaqueAccess(keyRing.ring(), access)
  const key = keyRing.signingKey(access.signature, world.moment().now)
  const { header, claims } = dialect.claims(access, {
    issuer,
    keyId: key.publicJwk.kid,
    algorithm: key.algorithm,
  })
  return signToken(header, claims, key)
}

/** Whose application token this is: signed by us, for this mount, for the client itself, and still alive. */
export function clientOfToken(token: string, mount: Mount, signing: Signing): string | undefined {
  const claims = hearAccess(token, mount, signing)
  return claims && isClientsOwn(claims, signing) ? claims.clientId : undefined
}

/** What an access token of this mount says that is a user's or company's, and not the client's own. */
export function subjectOfToken(token: string, mount: Mount, signing: Signing): AccessClaims | undefined {
  const claims = hearAccess(token, mount, signing)
  return claims && !isClientsOwn(claims, signing) ? claims : undefined
}

function hearAccess(token: string, mount: Mount, signing: Signing): AccessClaims | undefined {
  const { now, ring } = signing.world.moment()
  // An opaque token names no issuer; whose mount it is for, its client's dialect says.
  const claims = verifyAccess(token, signing) ?? hearOpaqueAccess(ring, token)
  const isOfMount = claims && (claims.issuer === undefined || issuersOf(mount).includes(claims.issuer))
  return isOfMount && claims.expiresAt > now ? claims : undefined
}

/** What a token of this mount may name as its issuer: other regions issue with the same keys. */
const issuersOf = ({ issuer, issuers }: Mount): readonly string[] => [issuer, ...issuers.values()]

/** Number 0 and nobody named: it hangs on no grant, and speaks for its client alone. */
const isClientsOwn = ({ jti, userId, organizationId }: AccessClaims, { world }: Signing): boolean =>
  hearTokenId(world.moment().ring, jti) === 0 && userId === '' && organizationId === ''

/** What an access token of any mount says, where one of our keys signed it. Does not look at its expiry. */
export function verifyAccess(token: string, { keyRing, world, mounts }: Signing): AccessClaims | undefined {
  const verified = verifyToken(token, keyRing.verifyingKeys(world.moment().now))
  if (!verified) return undefined
  const { jti, iat, exp, iss } = verified.claims
  if (typeof jti !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return undefined
  for (const mount of mounts) {
    const { dialect } = mount
    // A token that names no issuer is known by its claims, to the one dialect whose tokens look so.
    const issuer = iss === undefined ? mount.issuer : issuersOf(mount).find((one) => one === iss)
    if (issuer === undefined || (iss === undefined && !dialect.hearClaims)) continue
    const heard = (dialect.hearClaims ?? hearStandardClaims)(verified.claims)
    if (!heard) continue
    const resource = [verified.claims.aud].flat().filter((one) => typeof one === 'string')
    return { ...heard, jti, issuer, issuedAt: iat * 1000, expiresAt: exp * 1000, resource }
  }
  return undefined
}
