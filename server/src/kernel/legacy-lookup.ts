/**
 * How a legacy token is found again: `HMAC(ring[v].lookup, digest)`. The digest is the token's exact bytes,
 * or the hash that the operator already stores, so that an operator who has only hashes can import those. A
 * look-up asks every kind and version that stands in the store, in one query.
 *
 * A kind is `raw`, `sha256`, `sha1`, `md5` or `hmac-sha256`, and may end in `/after:SEPARATOR` where only the
 * part of the token behind the first separator was hashed (`sha256/after:|`).
 */
import { createHash } from 'node:crypto'
import type { Ring, RingVersion } from './ring.ts'
import { fields, findVersion, hmac } from './ring.ts'

export const digestNames = ['raw', 'sha256', 'sha1', 'md5', 'hmac-sha256'] as const
export type DigestName = (typeof digestNames)[number]

/** Bytes of each digest; a raw token has any number. */
export const digestBytes: Readonly<Record<Exclude<DigestName, 'raw'>, number>> = {
  sha256: 32,
  sha1: 20,
  md5: 16,
  'hmac-sha256': 32,
}

/** The look-up of a digest of this kind. */
export function lookupOf(version: RingVersion, kind: string, digest: Uint8Array): Buffer {
  const head = headOf(kind)
  const bytes = Buffer.allocUnsafe(head.length + digest.length)
  bytes.set(head)
  bytes.set(digest, head.length)
  return hmac(version.keys.lookup, bytes)
}

// An import asks millions of times, for few kinds.
const heads = new Map<string, Buffer>()
const headsMax = 100

function headOf(kind: string): Buffer {
  const found = heads.get(kind)
  if (found) return found
  const head = fields(kind)
  if (heads.size >= headsMax) heads.clear()
  heads.set(kind, head)
  return head
}

/** The digest of a token in the clear, or `undefined` where this kind cannot apply to it. */
export function digestOf(kind: string, token: string, digestKey: Uint8Array | undefined): Buffer | undefined {
  const [name = '', after] = kind.split('/after:')
  const at = after === undefined ? 0 : token.indexOf(after)
  if (at < 0) return undefined
  const text = after === undefined ? token : token.slice(at + after.length)
  if (name === 'raw') return Buffer.from(text)
  if (name === 'hmac-sha256') return digestKey === undefined ? undefined : hmac(digestKey, text)
  return createHash(name).update(text).digest()
}

/** Every look-up under which this token may stand in the store. */
export function lookupsOf(ring: Ring, token: string): Buffer[] {
  const lookups: Buffer[] = []
  for (const { version, kind } of ring.lookupKinds) {
    const opened = findVersion(ring, version)
    const digest = opened && digestOf(kind, token, ring.digestKey)
    if (opened && digest) lookups.push(lookupOf(opened, kind, digest))
  }
  return lookups
}
