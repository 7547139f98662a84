/** New pairs of keys. */
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { SignatureAlgorithm } from '../kernel/policy.ts'

export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

const encodings = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  // The declarations want these two said.
  privateKeyEncoding: { type: 'pkcs8', format: 'der', cipher: undefined, passphrase: undefined },
} as const

/**
 * A new pair for an algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
 *
 * Not the objects that Node's generator would give: they share a lock with the job that made them, which the
 * garbage collector takes to throw that job away. `export({ format: 'jwk' })` holds it while it allocates;
 * where that is what makes the collector run, the process waits for itself for ever (seen with Node 20).
 */
export function generateKeyPair(algorithm: SignatureAlgorithm): KeyPair {
  const privateKey = createPrivateKey({ key: generated(algorithm), format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function generated(algorithm: SignatureAlgorithm): Buffer {
  if (algorithm === 'ES256')
    return generateKeyPairSync('ec', { namedCurve: 'P-256', ...encodings }).privateKey
  if (algorithm === 'RS256')
    return generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings }).privateKey
  return generateKeyPairSync('ed25519', encodings).privateKey
}
