/** JSON Web Signatures (RFC 7515), compact: signed on the thread pool where there is more than one core. */
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createHash, createPublicKey, sign, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { ownText } from '../kernel/own-text.ts'
import type { SignatureAlgorithm } from '../kernel/policy.ts'
import type { Milliseconds } from '../kernel/records.ts'

export type PublicJwk = JsonWebKey & { readonly kid: string; readonly alg: string; readonly use: string }

export type SigningKey = {
  readonly algorithm: SignatureAlgorithm
  readonly privateKey: KeyObject
  readonly publicJwk: PublicJwk
  readonly currentFrom: Milliseconds
  readonly publishUntil: Milliseconds | undefined
  readonly signs: boolean
}

/** A key's name: its RFC 7638 thumbprint, so that the same key never has two. */
export function keyId(jwk: JsonWebKey): string {
  const required =
    jwk.kty === 'RSA' ? { e: jwk.e, kty: jwk.kty, n: jwk.n } : { crv: jwk.crv, kty: jwk.kty, x: jwk.x }
  const members = jwk.kty === 'EC' ? { ...required, y: jwk.y } : required
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

const signLater = promisify(sign)
const manyCores = availableParallelism() > 1

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A signed token. Header and claims are the dialect's; `alg` is the key's. */
export async function signToken(header: object, claims: object, key: SigningKey): Promise<string> {
  const text = `${encode(header)}.${encode(claims)}`
  const data = Buffer.from(text)
  const digest = key.algorithm === 'EdDSA' ? null : 'sha256'
  // RFC 7518 §3.4: an ECDSA signature is the two numbers side by side, not DER.
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = manyCores ? await signLater(digest, data, options) : sign(digest, data, options)
  return `${text}.${signature.toString('base64url')}`
}

const publicKeys = new WeakMap<SigningKey, KeyObject>()

/**
 * Tokens that were found good: an API asks about the same ones again and again, and a verification is most of
 * what asking costs. Half of them go at a time, so those that are asked about stay.
 */
type Good = { readonly key: SigningKey; readonly verified: VerifiedToken }
const goodMax = 2048
let good = new Map<string, Good>()
let goodBefore = new Map<string, Good>()

function remember(token: string, one: Good): VerifiedToken {
  if (good.size >= goodMax) {
    goodBefore = good
    good = new Map()
  }
  good.set(ownText(token), one)
  return one.verified
}

/**
 * The claims of a token that one of these keys signed; `undefined` for anything else. Does not look at `exp`.
 */
export function verifyToken(token: string, keys: readonly SigningKey[]): VerifiedToken | undefined {
  const known = good.get(token)
  // The key may be gone since, or another one of the same name.
  if (known && keys.includes(known.key)) return known.verified
  const before = goodBefore.get(token)
  if (before && keys.includes(before.key)) return remember(token, before)
  const verifying = verifyAnew(token, keys)
  return verifying && remember(token, verifying)
}

function verifyAnew(token: string, keys: readonly SigningKey[]): Good | undefined {
  const [head, body, signature, ...rest] = token.split('.')
  if (!head || !body || !signature || rest.length > 0) return undefined
  const header = decode(head)
  const claims = decode(body)
  if (!header || !claims) return undefined
  for (const key of keys) {
    if (header.alg !== key.algorithm) continue
    // A header without `kid` (seed 0's) may be of any key of its algorithm.
    if (header.kid !== undefined && header.kid !== key.publicJwk.kid) continue
    const digest = key.algorithm === 'EdDSA' ? null : 'sha256'
    const options = { key: publicKeyOf(key), dsaEncoding: 'ieee-p1363' } as const
    if (verify(digest, Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url'))) {
      return { key, verified: { header, claims } }
    }
  }
  return undefined
}

export type VerifiedToken = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

function publicKeyOf(key: SigningKey): KeyObject {
  const found = publicKeys.get(key)
  if (found) return found
  const made = createPublicKey({ key: key.publicJwk, format: 'jwk' })
  publicKeys.set(key, made)
  return made
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
