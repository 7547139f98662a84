/** Texts that leave the server and come back: sealed under the ring, with what they are about. */
import type { Milliseconds } from '../kernel/records.ts'
import type { Ring } from '../kernel/ring.ts'
import { currentVersion, findVersion } from '../kernel/ring.ts'
import { seal, unseal } from './seal.ts'

export function sealText(ring: Ring, now: Milliseconds, text: string, about: string): string {
  const { version, keys } = currentVersion(ring, now)
  const sealed = seal(keys.seal, Buffer.from(text), about)
  return Buffer.concat([Buffer.of(version), sealed]).toString('base64url')
}

/** The text, or `undefined` where nobody here has sealed it, about this. */
export function unsealText(ring: Ring, sealed: string, about: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  const version = findVersion(ring, bytes[0] ?? 0)
  // Whoever has a version that leaked could have sealed anything under it.
  if (!version || ring.compromised.has(version.version)) return undefined
  return unseal(version.keys.seal, bytes.subarray(1), about)?.toString()
}
