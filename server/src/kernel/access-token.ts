/**
 * Opaque access tokens, by choice of policy: nobody but this server can read one, so revoking a grant is seen
 * at once. No row either: what the token says stands in it, under an HMAC.
 *
 *     tfa_ base64url( version u8 ‖ jti 40 ‖ issued u48 ‖ expires u48 ‖ fields(…) ‖ tag 16 )
 *     fields: client, user, organization, scopes, resource
 *
 * The grant's number is in the `jti`, masked.
 */
import type { Access } from './operations/issue.ts'
import type { Ring } from './ring.ts'
import { currentVersion, equal, fields, findVersion, hmac } from './ring.ts'

const prefix = 'tfa_'
const jtiBytes = 40
const headBytes = 1 + jtiBytes + 6 + 6
const tagBytes = 16

/** What any access token of ours says, however it is written. */
export type AccessClaims = Pick<Access, 'jti' | 'scopes' | 'resource' | 'issuedAt' | 'expiresAt'> & {
  readonly clientId: string | undefined
  readonly userId: string
  readonly organizationId: string
  readonly issuer: string | undefined
}

export function sayOpaqueAccess(ring: Ring, access: Access): string {
  const version = currentVersion(ring, access.issuedAt)
  const head = Buffer.alloc(headBytes)
  head[0] = version.version
  head.write(access.jti, 1, 'hex')
  head.writeUIntBE(access.issuedAt, 1 + jtiBytes, 6)
  head.writeUIntBE(access.expiresAt, 7 + jtiBytes, 6)
  const { clientId, userId, organizationId, scopes, resource } = access
  const body = Buffer.concat([
    head,
    fields(clientId, userId, organizationId, scopes.join(' '), resource.join(' ')),
  ])
  const tag = hmac(version.keys.access, body).subarray(0, tagBytes)
  return prefix + Buffer.concat([body, tag]).toString('base64url')
}

/** What an opaque access token says; `undefined` where it is none of ours. Does not look at its expiry. */
export function hearOpaqueAccess(ring: Ring, text: string): AccessClaims | undefined {
  if (!text.startsWith(prefix) || !/^[\w-]+$/.test(text)) return undefined
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url')
  // Only the spelling that we say: base64url lets its last character vary.
  if (bytes.length < headBytes + tagBytes || bytes.toString('base64url') !== text.slice(prefix.length))
    return undefined
  const version = findVersion(ring, bytes[0] ?? 0)
  const body = bytes.subarray(0, -tagBytes)
  if (!version || !equal(hmac(version.keys.access, body).subarray(0, tagBytes), bytes.subarray(-tagBytes))) {
    return undefined
  }
  const [clientId = '', userId = '', organizationId = '', scopes = '', resource = ''] = hearFields(
    body.subarray(headBytes),
  )
  return {
    jti: body.toString('hex', 1, 1 + jtiBytes),
    issuedAt: body.readUIntBE(1 + jtiBytes, 6),
    expiresAt: body.readUIntBE(7 + jtiBytes, 6),
    clientId,
    userId,
    organizationId,
    scopes: scopes.split(' ').filter(Boolean),
    resource: resource.split(' ').filter(Boolean),
    issuer: undefined,
  }
}

/** The parts that `fields` wrote. */
function hearFields(bytes: Buffer): string[] {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    parts.push(bytes.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return parts
}
