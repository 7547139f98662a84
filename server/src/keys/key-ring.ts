/**
 * The key ring: a table of sealed keys, opened with the root secret and read again every two seconds, so
 * that every node knows a new version before the first one uses it.
 */
import { randomBytes } from 'node:crypto'
import type { Actor } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { SignatureAlgorithm } from '../kernel/policy.ts'
import type { Milliseconds, StoredKey } from '../kernel/records.ts'
import type { Ring } from '../kernel/ring.ts'
import type { Store } from '../kernel/store.ts'
import type { Closed } from './closed.ts'
import { closedIn } from './closed.ts'
import { generateKeyPair } from './key-pair.ts'
import type { Unsealed } from './open-keys.ts'
import { openKeys, publicJwkOf } from './open-keys.ts'
import { RootSecretError } from './root-secret.ts'
import { seal, unseal } from './seal.ts'
import type { Sealing } from './sealing.ts'
import { aboutOf, sealingOf } from './sealing.ts'
import type { PublicJwk, SigningKey } from './sign.ts'

export const signatureAlgorithms: readonly SignatureAlgorithm[] = ['ES256', 'RS256', 'EdDSA']

/** A version is known to all nodes for this long before it is used. */
export const publishAheadMilliseconds = 10_000
const reloadEveryMilliseconds = 2_000
/** After this long every node has read what was written to the ring's tables. */
export const ringHeardAfterMilliseconds = 3_000
const reloadAtMostEveryMilliseconds = 1_000
/** Half of what a version is known before it is used: clocks may differ by some of the rest. */
const behindAfterMilliseconds = publishAheadMilliseconds / 2

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
  /**
   * Before anything is judged by it: reads it where it has not been read for so long that others may use keys
   * that are not known here (a process that stood still, a database that was away). Fails where it cannot.
   */
  catchUp(): Promise<unknown> | undefined
  close(): void
}

/** Somebody else changed the table of keys at the same moment. */
export class KeysOvertaken extends Error {
  override readonly name = 'KeysOvertaken'
  constructor() {
    super('Somebody else changed the keys at this moment. Run the command again.')
  }
}

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
    const { ring, signing, isWhole } = openKeys(keys, sealing, unsealed)
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
  let catchingUp: Promise<boolean> | undefined

  const reread = async (): Promise<boolean> => {
    const at = performance.now()
    const table = await read()
    readAt = at
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
    catchUp() {
      if (performance.now() - readAt < behindAfterMilliseconds) return undefined
      catchingUp ??= reread().finally(() => {
        catchingUp = undefined
      })
      return catchingUp
    },
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
