/**
 * The key ring: a table of sealed keys, opened with the root secret and read again every two seconds, so
 * that every node knows a new version before the first one uses it.
 */
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import type { Actor } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { SignatureAlgorithm } from '../kernel/policy.ts'
import type { Milliseconds, StoredKey } from '../kernel/records.ts'
import type { Purpose, Ring, RingVersion } from '../kernel/ring.ts'
import { purposes } from '../kernel/ring.ts'
import type { Store } from '../kernel/store.ts'
import type { Closed } from './closed.ts'
import { closedIn } from './closed.ts'
import { generateKeyPair } from './key-pair.ts'
import { RootSecretError } from './root-secret.ts'
import { derive, seal, unseal } from './seal.ts'
import type { PublicJwk, SigningKey } from './sign.ts'
import { keyId } from './sign.ts'

export const signatureAlgorithms: readonly SignatureAlgorithm[] = ['ES256', 'RS256', 'EdDSA']

/** A version is known to all nodes for this long before it is used. */
export const publishAheadMilliseconds = 10_000
const reloadEveryMilliseconds = 2_000
/** After this long every node has read what was written to the ring's tables. */
export const ringHeardAfterMilliseconds = 3_000
const reloadAtMostEveryMilliseconds = 1_000

export type KeyRing = {
  ring(): Ring
  /** The key that signs now. */
  signingKey(algorithm: SignatureAlgorithm, now: Milliseconds): SigningKey
  /** Every key whose tokens may be alive, for the JWKS and for verifying. */
  verifyingKeys(now: Milliseconds): readonly SigningKey[]
  /** Why nobody may be answered, if so: read with the ring. */
  closed(): Closed | undefined
  /** Reads the ring again, once a second at most: any request with an unknown token may ask for it. */
  reload(): Promise<boolean>
  /** Reads it again at once, for whoever has just written what it holds (an import, a rotation). */
  reread(): Promise<boolean>
  close(): void
}

/** Somebody else changed the table of keys at the same moment. */
export class KeysOvertaken extends Error {
  override readonly name = 'KeysOvertaken'
  constructor() {
    super('Somebody else changed the keys at this moment. Run the command again.')
  }
}

export type Sealing = { readonly key: Uint8Array; readonly deploymentId: string }

export async function sealingOf(store: Store, rootSecret: Uint8Array): Promise<Sealing> {
  const deploymentId = await store.findMeta('deployment_id')
  if (deploymentId === undefined) throw new Error('The database has no deployment id; was it migrated?')
  return { key: derive(rootSecret, deploymentId, 'root'), deploymentId }
}

/** The key that marks what is shipped elsewhere, and may come back. */
export const markKeyOf = ({ key, deploymentId }: Sealing): Buffer =>
  derive(key, deploymentId, 'shipped lines')

/** Opens the ring, and makes its first keys where there are none. */
export async function openKeyRing(
  store: Store,
  rootSecret: Uint8Array,
  digestKey: Uint8Array | undefined,
  now: () => Milliseconds = Date.now,
): Promise<KeyRing> {
  const sealing = await sealingOf(store, rootSecret)
  if ((await store.listKeys()).length === 0)
    await addKeys(store, sealing, { at: now(), ahead: 0, actor: tokenferry })
  const read = async () => {
    const [keys, lookupKinds, closed] = await Promise.all([
      store.listKeys(),
      store.findLookupKinds(),
      closedIn(store),
    ])
    return { keys, lookupKinds, closed, print: fingerprint(keys, lookupKinds, closed) }
  }
  // Made once for each reading: every request asks for the ring several times.
  const unsealed: Unsealed = new Map()
  const opening = ({ keys, lookupKinds, closed, print }: Awaited<ReturnType<typeof read>>) => {
    const { ring, signing, isWhole } = open(keys, sealing, unsealed)
    return {
      ring: { ...ring, lookupKinds, digestKey },
      signing,
      // What it cannot read others sign with, and give out.
      closed: closed ?? (isWhole ? undefined : 'keys_unread'),
      print,
      isWhole,
    } as const
  }
  let opened = opening(await read())
  if (!opened.isWhole) {
    throw new RootSecretError(
      'The root secret does not open the key table of this database. Is it the right one?',
    )
  }
  let readAt = performance.now()

  const reread = async (): Promise<boolean> => {
    readAt = performance.now()
    const table = await read()
    if (table.print === opened.print) return false
    opened = opening(table)
    return true
  }
  // A database that is away for a moment leaves the ring as it was: the next turn reads it again.
  const timer = setInterval(() => void reread().catch(() => undefined), reloadEveryMilliseconds).unref()

  return {
    ring: () => opened.ring,
    signingKey(algorithm, now) {
      const signing = opened.signing.filter((one) => one.algorithm === algorithm && one.signs)
      // As of the ring: a clock that is behind the first key's birth signs with that key.
      const key = signing.find(({ currentFrom }) => currentFrom <= now) ?? signing.at(-1)
      if (!key) throw new Error(`There is no signing key for ${algorithm}.`)
      return key
    },
    verifyingKeys: (now) =>
      opened.signing.filter(({ publishUntil }) => publishUntil === undefined || publishUntil > now),
    reload: async () => (performance.now() - readAt < reloadAtMostEveryMilliseconds ? false : reread()),
    reread,
    closed: () => opened.closed,
    close: () => clearInterval(timer),
  }
}

const tokenferry: Actor = { actor: 'tokenferry', address: undefined, requestId: undefined }

type NewKeys = { readonly at: Milliseconds; readonly ahead: Milliseconds; readonly actor: Actor }

/** Adds the next version of the ring and of each signing key; returns the new ring version. */
export async function addKeys(
  store: Store,
  sealing: Sealing,
  { at, ahead, actor }: NewKeys,
): Promise<number> {
  const keys = await store.listKeys()
  const newest = Math.max(0, ...keys.map((key) => key.version))
  // A version that was lost was given away: what was said under it must not be taken for this one's.
  const lost = Number((await store.findMeta('keys_lost_to')) ?? 0)
  const version = Math.max(newest, lost) + 1
  if (version > 255)
    throw new Error('All 255 versions of the ring are used. Export and import into a new deployment.')
  const common = {
    version,
    created: at,
    currentFrom: at + ahead,
    publishUntil: undefined,
    status: 'live',
  } as const
  const ring: StoredKey = {
    ...common,
    kind: 'ring',
    publicJwk: undefined,
    sealed: seal(sealing.key, randomBytes(32), aboutOf(sealing, 'ring', version)),
  }
  const signing = signatureAlgorithms.map((algorithm): StoredKey => {
    const { privateKey, jwk } = generate(algorithm)
    return {
      ...common,
      kind: algorithm,
      publicJwk: JSON.stringify(jwk),
      sealed: seal(sealing.key, privateKey, aboutOf(sealing, algorithm, version)),
    }
  })
  const seen = keys.find((key) => key.kind === 'ring' && key.version === newest)
  const writes = [
    { write: 'add_key', key: ring, seen } as const,
    ...signing.map((key) => ({ write: 'add_key', key }) as const),
  ]
  const outcome = await store.commit([
    ...writes,
    event('key_added', at, actor, { detail: `version ${version}` }),
  ])
  // Another process may have added the same version at this moment: then its keys are as good as ours.
  const isThere = outcome === 'committed' || (await store.listKeys()).some((key) => key.version === version)
  if (!isThere) throw new KeysOvertaken()
  return version
}

/** Whether this root secret opens every key. */
export async function unsealable(store: Store, rootSecret: Uint8Array): Promise<boolean> {
  const sealing = await sealingOf(store, rootSecret)
  const live = (await store.listKeys()).filter(({ status }) => status !== 'destroyed')
  return live.every(
    ({ sealed, kind, version }) => unseal(sealing.key, sealed, aboutOf(sealing, kind, version)) !== undefined,
  )
}

export const aboutOf = ({ deploymentId }: Sealing, kind: string, version: number): string =>
  `${deploymentId} ${kind} ${version}`

/**
 * Keys by what they are sealed as. What was open once stays open, also after the table was sealed with
 * another root secret: what that changes besides is still read, and heard.
 */
type Unsealed = Map<string, Uint8Array>

type Opened = {
  readonly ring: Omit<Ring, 'lookupKinds' | 'digestKey'>
  readonly signing: readonly SigningKey[]
  /** Whether every key could be opened. */
  readonly isWhole: boolean
}

function open(keys: readonly StoredKey[], sealing: Sealing, unsealed: Unsealed): Opened {
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

function publicJwkOf(key: KeyObject, algorithm: SignatureAlgorithm): PublicJwk {
  const jwk = key.export({ format: 'jwk' })
  return { ...jwk, kid: keyId(jwk), alg: algorithm, use: 'sig' }
}

function generate(algorithm: SignatureAlgorithm): { privateKey: Buffer; jwk: PublicJwk } {
  const { privateKey, publicKey } = generateKeyPair(algorithm)
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
    jwk: publicJwkOf(publicKey, algorithm),
  }
}

const fingerprint = (
  keys: readonly StoredKey[],
  kinds: readonly { version: number; kind: string }[],
  closed: Closed | undefined,
): string =>
  JSON.stringify([
    keys.map(({ kind, version, status, currentFrom, publishUntil }) => [
      kind,
      version,
      status,
      currentFrom,
      publishUntil,
    ]),
    kinds,
    closed,
  ])
