/**
 * The key ring, opened. `keys/` unseals it and derives a key for each purpose; here it is only read.
 * A version is known (and accepted) before it becomes current, so that every node can read what the first one
 * says.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
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

/** HMAC-SHA-256. */
export const hmac = (key: Uint8Array, data: Uint8Array | string): Buffer =>
  createHmac('sha256', key).update(data).digest()

export const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest()

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
