/**
 * The key ring, opened. `keys/` unseals it and derives a key for each purpose; here it is only read.
 * A version is known (and accepted) before it becomes current, so that every node can read what the first one
 * says.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Milliseconds } from './records.ts'

/**
 * What a ring version's keys are for. One key, one purpose: no token of one kind can be passed off as
 * another.
 */
export const purposes = [
  'locator',
  'refresh',
  'access',
  'number',
  'code',
  'lookup',
  'secret',
  'seal',
  'webhook',
  'sign_in',
  'one_time_code',
] as const
export type Purpose = (typeof purposes)[number]

export type RingVersion = {
  readonly version: number
  readonly currentFrom: Milliseconds
  readonly keys: Readonly<Record<Purpose, Uint8Array>>
}

export type Ring = {
  /** All that are not destroyed, newest first. */
  readonly versions: readonly RingVersion[]
  readonly destroyed: ReadonlySet<number>
  /** Versions that leaked with the root secret: accepted once more, from clients that prove themselves. */
  readonly compromised: ReadonlySet<number>
  /** Which kinds of digest stand in the store, under which version: nothing else need be looked up. */
  readonly lookupKinds: readonly LookupKind[]
  /** The operator's own key, where legacy tokens were imported as `hmac-sha256`. */
  readonly digestKey: Uint8Array | undefined
}

export type LookupKind = { readonly version: number; readonly kind: string }

/** The version that new credentials are made with: the newest whose time has come. */
export function currentVersion(ring: Ring, now: Milliseconds): RingVersion {
  const current = ring.versions.find((version) => version.currentFrom <= now) ?? ring.versions.at(-1)
  if (!current) throw new Error('The key ring is empty.')
  return current
}

export const findVersion = (ring: Ring, version: number): RingVersion | undefined =>
  ring.versions.find((one) => one.version === version)

const blockBytes = 64
const digestBytes = 32

// An object of `createHmac` or `createHash` costs more than what it hashes; a text of bytes crosses cheapest.
export const sha256 = (data: Uint8Array | string): Buffer =>
  Buffer.from(hash('sha256', data, 'binary'), 'binary')

/** A key's two blocks (RFC 2104 §2), each with room behind it for what is hashed with it. */
type Blocks = { readonly inner: Buffer; readonly outer: Buffer }
const innerRoomBytes = 1024
const blocksOfKeys = new WeakMap<Uint8Array, Blocks>()

function blocksOf(key: Uint8Array): Blocks {
  const found = blocksOfKeys.get(key)
  if (found) return found
  const short = key.length > blockBytes ? sha256(key) : key
  const inner = Buffer.alloc(blockBytes + innerRoomBytes)
  const outer = Buffer.alloc(blockBytes + digestBytes)
  for (let at = 0; at < blockBytes; at += 1) {
    inner[at] = (short[at] ?? 0) ^ 0x36
    outer[at] = (short[at] ?? 0) ^ 0x5c
  }
  const made = { inner, outer }
  blocksOfKeys.set(key, made)
  return made
}

/** HMAC-SHA-256 (RFC 2104): a request needs six, so a key's blocks are made once. */
export function hmac(key: Uint8Array, data: Uint8Array | string): Buffer {
  const { inner, outer } = blocksOf(key)
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const block = inner.subarray(0, blockBytes)
  const whole = bytes.length > innerRoomBytes ? Buffer.concat([block, bytes]) : inner
  if (whole === inner) inner.set(bytes, blockBytes)
  outer.write(hash('sha256', whole.subarray(0, blockBytes + bytes.length), 'binary'), blockBytes, 'binary')
  return sha256(outer)
}

/** Equal, in a time that does not depend on where they differ. */
export const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

/** Fields, each behind its length, so that no two lists of fields read the same. */
export function fields(...parts: readonly (string | number)[]): Buffer {
  const texts = parts.map((part) => Buffer.from(String(part)))
  const all = Buffer.allocUnsafe(texts.reduce((sum, text) => sum + 4 + text.length, 0))
  let at = 0
  for (const text of texts) {
    at = all.writeUInt32BE(text.length, at)
    at += text.copy(all, at)
  }
  return all
}
