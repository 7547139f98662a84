/** The keys of the table, unsealed: what the ring is made of. */
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { SignatureAlgorithm } from '../kernel/policy.ts'
import type { StoredKey } from '../kernel/records.ts'
import type { Purpose, Ring, RingVersion } from '../kernel/ring.ts'
import { purposes } from '../kernel/ring.ts'
import { derive, unseal } from './seal.ts'
import type { Sealing } from './sealing.ts'
import { aboutOf } from './sealing.ts'
import type { PublicJwk, SigningKey } from './sign.ts'
import { keyId } from './sign.ts'

/**
 * Keys by what they are sealed as. What was open once stays open, also after the table was sealed with
 * another root secret: what that changes besides is still read, and heard.
 */
export type Unsealed = Map<string, Uint8Array>

type Opened = {
  readonly ring: Omit<Ring, 'lookupKinds' | 'digestKey'>
  readonly signing: readonly SigningKey[]
  /** Whether every key could be opened. */
  readonly isWhole: boolean
}

/** The rows of the table, opened. Throws nothing: what could not be opened is left out. */
export function openKeys(keys: readonly StoredKey[], sealing: Sealing, unsealed: Unsealed): Opened {
  const versions: RingVersion[] = []
  const signing: SigningKey[] = []
  const destroyed = new Set<number>()
  const compromised = new Set<number>()
  let isWhole = true
  // Newest first, so that the first one whose time has come is the current one.
  for (const key of [...keys].sort((one, other) => other.version - one.version)) {
    const about = aboutOf(sealing, key.kind, key.version)
    const isDestroyed = key.status === 'destroyed'
    const plain = isDestroyed ? undefined : (unseal(sealing.key, key.sealed, about) ?? unsealed.get(about))
    if (plain) unsealed.set(about, plain)
    else unsealed.delete(about)
    if (!plain && !isDestroyed) isWhole = false
    if (key.kind !== 'ring') {
      if (plain) signing.push(signingKeyOf(key, plain))
      continue
    }
    if (isDestroyed) destroyed.add(key.version)
    if (plain) versions.push(versionOf(key, plain, sealing))
    if (key.status === 'compromised') compromised.add(key.version)
  }
  return { ring: { versions, destroyed, compromised }, signing, isWhole }
}

function versionOf(key: StoredKey, secret: Uint8Array, { deploymentId }: Sealing): RingVersion {
  const derived = purposes.map((purpose) => [purpose, derive(secret, deploymentId, purpose)] as const)
  return {
    version: key.version,
    currentFrom: key.currentFrom,
    // `fromEntries` forgets that there is one entry for each purpose.
    keys: Object.fromEntries<Uint8Array>(derived) as Record<Purpose, Uint8Array>,
  }
}

/** Its public half is computed: the one beside it in the table is for people, and nobody has sealed it. */
function signingKeyOf(key: StoredKey, pkcs8: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  // The kind of a key that is no ring key is the algorithm that it was made for.
  const algorithm = key.kind as SignatureAlgorithm
  return {
    algorithm,
    privateKey,
    publicJwk: publicJwkOf(createPublicKey(privateKey), algorithm),
    currentFrom: key.currentFrom,
    publishUntil: key.publishUntil,
    signs: key.status === 'live',
  }
}

export function publicJwkOf(key: KeyObject, algorithm: SignatureAlgorithm): PublicJwk {
  const jwk = key.export({ format: 'jwk' })
  return { ...jwk, kid: keyId(jwk), alg: algorithm, use: 'sig' }
}
