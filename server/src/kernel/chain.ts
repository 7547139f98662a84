/**
 * The credential chain: a refresh token is computed from the one before it, so that a lost answer can be said
 * again by a server that stored neither. What a token holds, what the row keeps:
 *
 *     tfr_ base62( version u8 ‖ number u64, masked ‖ locator 16 ‖ generation u32 ‖ tag 16 ) crc32
 *     row:         number         SHA-256(locator)     generation       key version
 *
 * The tag is an HMAC under the ring, so a forged token is refused without asking the store; the locator
 * leaves the server in refresh tokens alone, so a copy of the database says none of them.
 */
import { checksum, decodeBase62, digitsOf, encodeBase62 } from './base62.ts'
import type { Ring, RingVersion } from './ring.ts'
import { equal, fields, findVersion, hmac, sha256 } from './ring.ts'

export const locatorBytes = 16
const tagBytes = 16
const bodyBytes = 1 + 8 + locatorBytes + 4
const tokenBytes = bodyBytes + tagBytes
const digits = digitsOf(tokenBytes)
const prefix = 'tfr_'
const tokenPattern = new RegExp(`^${prefix}[0-9A-Za-z]{${digits + 6}}$`)

export type RefreshToken = {
  readonly version: number
  readonly number: number
  readonly locator: Uint8Array
  readonly generation: number
}

/** A locator that a legacy token, a client and the count of its resets give again and again. */
export const legacyLocator = (
  version: RingVersion,
  token: string,
  clientId: string,
  exchange: number,
): Buffer => hmac(version.keys.locator, fields('legacy', token, clientId, exchange)).subarray(0, locatorBytes)

export const locatorHash = (locator: Uint8Array): Buffer => sha256(locator)

/** The refresh token of a grant's generation: 71 characters, the same each time it is asked for. */
export function sayRefreshToken(version: RingVersion, token: Omit<RefreshToken, 'version'>): string {
  const bytes = Buffer.allocUnsafe(tokenBytes)
  bytes[0] = version.version
  bytes.writeBigUInt64BE(BigInt(token.number), 1)
  bytes.set(token.locator, 9)
  bytes.writeUInt32BE(token.generation, 9 + locatorBytes)
  bytes.set(tag(version, bytes), bodyBytes)
  // The number is masked so that a token tells nobody how many grants there are.
  mask(bytes, version, bytes.subarray(9, bodyBytes))
  const text = prefix + encodeBase62(bytes, digits)
  return text + checksum(text)
}

export type HeardRefreshToken =
  | { readonly heard: 'genuine'; readonly token: RefreshToken }
  | { readonly heard: 'forged' }
  | { readonly heard: 'version_unknown' }
  | { readonly heard: 'version_destroyed' }

/** Reads a refresh token; only the one spelling that we say is accepted. */
export function hearRefreshToken(ring: Ring, text: string): HeardRefreshToken {
  if (!tokenPattern.test(text)) return { heard: 'forged' }
  if (checksum(text.slice(0, -6)) !== text.slice(-6)) return { heard: 'forged' }
  const bytes = decodeBase62(text.slice(prefix.length, -6), tokenBytes)
  if (!bytes) return { heard: 'forged' }
  const versionNumber = bytes[0] ?? 0
  const version = findVersion(ring, versionNumber)
  if (!version) return { heard: ring.destroyed.has(versionNumber) ? 'version_destroyed' : 'version_unknown' }
  mask(bytes, version, bytes.subarray(9, bodyBytes))
  if (!equal(tag(version, bytes), bytes.subarray(bodyBytes))) return { heard: 'forged' }
  return {
    heard: 'genuine',
    token: {
      version: versionNumber,
      number: Number(bytes.readBigUInt64BE(1)),
      locator: bytes.subarray(9, 9 + locatorBytes),
      generation: bytes.readUInt32BE(9 + locatorBytes),
    },
  }
}

const tag = (version: RingVersion, bytes: Uint8Array): Buffer =>
  hmac(version.keys.refresh, bytes.subarray(0, bodyBytes)).subarray(0, tagBytes)

/** Masks, or unmasks, the number at bytes 1 to 8. */
function mask(bytes: Uint8Array, version: RingVersion, seed: Uint8Array): void {
  const pad = hmac(version.keys.number, seed)
  for (let at = 0; at < 8; at += 1) bytes[1 + at] = (bytes[1 + at] ?? 0) ^ (pad[at] ?? 0)
}

/** A locator wrapped by a code, or unwrapped: who holds only the row, or only the code, has nothing. */
export function wrapLocator(version: RingVersion, code: string, locator: Uint8Array): Buffer {
  const pad = hmac(version.keys.code, code)
  return Buffer.from(locator.map((byte, at) => byte ^ (pad[at] ?? 0)))
}

const jtiRandomBytes = 31

/**
 * The id of an access token: 80 hex digits that link it to its grant (number 0: no grant) and tell nobody
 * else. `hex(number u64, masked ‖ version u8 ‖ 31 random bytes)`.
 */
export function sayTokenId(version: RingVersion, number: number, random: Uint8Array): string {
  const bytes = Buffer.allocUnsafe(9 + jtiRandomBytes)
  // The layout is shifted by one, so that `mask` finds the number at bytes 1 to 8.
  const shifted = Buffer.alloc(9)
  shifted.writeBigUInt64BE(BigInt(number), 1)
  const seed = random.subarray(0, jtiRandomBytes)
  mask(shifted, version, seed)
  bytes.set(shifted.subarray(1), 0)
  bytes[8] = version.version
  bytes.set(seed, 9)
  return bytes.toString('hex')
}

/** The grant number in a token id that we signed; `undefined` where its version is not at hand. */
export function hearTokenId(ring: Ring, id: string): number | undefined {
  if (!/^[0-9a-f]{80}$/.test(id)) return undefined
  const bytes = Buffer.from(id, 'hex')
  const version = findVersion(ring, bytes[8] ?? 0)
  if (!version) return undefined
  const shifted = Buffer.concat([Buffer.alloc(1), bytes.subarray(0, 8)])
  mask(shifted, version, bytes.subarray(9))
  return Number(shifted.readBigUInt64BE(1))
}
