/**
 * Sealing: AES-256-GCM, with associated data that says what and whose it is, so that no sealed value fits
 * elsewhere.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16

/** A key for one purpose (RFC 5869). */
export const derive = (secret: Uint8Array, salt: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, `tokenferry ${purpose}`, 32))

export function seal(key: Uint8Array, plain: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** The plain bytes, or `undefined` where the key or what it is about is another. */
export function unseal(key: Uint8Array, sealed: Uint8Array, about: string): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  const bytes = Buffer.from(sealed)
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}
