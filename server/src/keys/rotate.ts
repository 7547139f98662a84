/**
 * What an operator does to the key ring: a next version, another root secret, an end to a version. Each is
 * one commit whose guard is the newest version as it was seen, so that two of them at once cannot undo one
 * another.
 */
import type { Actor, NewestKey, Write } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { Milliseconds, StoredKey } from '../kernel/records.ts'
import type { KeyUses, Store } from '../kernel/store.ts'
import { addKeys, KeysOvertaken, publishAheadMilliseconds } from './key-ring.ts'
import { RootSecretError } from './root-secret.ts'
import { seal, unseal } from './seal.ts'
import { aboutOf, sealingOf } from './sealing.ts'

export type KeyWork = {
  readonly store: Store
  readonly rootSecret: Uint8Array
  readonly now: Milliseconds
  readonly actor: Actor
}

export type Rotation = { readonly version: number; readonly currentFrom: Milliseconds }

/** Adds the next version. Every node knows it before the first one uses it. */
export async function rotateKeys({ store, rootSecret, now, actor }: KeyWork): Promise<Rotation> {
  const sealing = await sealingOf(store, rootSecret)
  const version = await addKeys(store, sealing, { at: now, ahead: publishAheadMilliseconds, actor })
  return { version, currentFrom: now + publishAheadMilliseconds }
}

/** Nodes whose clocks are a little behind still sign with the old key for so long. */
const clockDifferenceMilliseconds = 60_000

/**
 * The signing keys before this version stay published until the last token that they signed has expired, and
 * not longer: a key that nobody needs is only there to be stolen.
 */
export async function retireSigningKeys(
  { store }: KeyWork,
  { version, currentFrom }: Rotation,
  longestAccessSeconds: number,
): Promise<void> {
  const publishUntil = currentFrom + longestAccessSeconds * 1000 + clockDifferenceMilliseconds
  const keys = await store.listKeys()
  const retired = keys.filter(
    (key) => key.kind !== 'ring' && key.version < version && key.publishUntil === undefined,
  )
  await commitChanges(
    store,
    retired.map((key) => ({ ...key, publishUntil })),
    newestOf(keys),
    [],
  )
}

/**
 * The root secret leaked together with a copy of the database: refresh tokens of older versions are accepted
 * once more, from clients that prove themselves, and what older signing keys signed is good for nothing from
 * now on.
 */
export async function compromiseKeys({ store, now, actor }: KeyWork, before: number): Promise<number> {
  const keys = await store.listKeys()
  const older = keys.filter((key) => key.version < before && key.status === 'live')
  await commitChanges(
    store,
    older.map((key) => ({
      ...key,
      status: 'compromised',
      publishUntil: key.kind === 'ring' ? undefined : now,
    })),
    newestOf(keys),
    [event('key_compromised', now, actor, { detail: `versions before ${before}` })],
  )
  return older.length
}

/**
 * Seals every key anew, with another root secret. Servers go on with what they opened until they are
 * restarted, or until a key is added that they cannot open.
 */
export async function rewrapKeys(
  { store, rootSecret, now, actor }: KeyWork,
  newRootSecret: Uint8Array,
): Promise<number> {
  const [before, after] = [await sealingOf(store, rootSecret), await sealingOf(store, newRootSecret)]
  const keys = await store.listKeys()
  const sealed = keys
    .filter(({ status }) => status !== 'destroyed')
    .map((key) => {
      const about = aboutOf(before, key.kind, key.version)
      const plain = unseal(before.key, key.sealed, about)
      if (!plain) {
        throw new RootSecretError(
          `The root secret does not open ${key.kind} key ${key.version}. Is it the right one?`,
        )
      }
      return { ...key, sealed: seal(after.key, plain, about) }
    })
  await commitChanges(store, sealed, newestOf(keys), [event('keys_rewrapped', now, actor, {})])
  return sealed.length
}

// One byte, because some drivers take an empty array for null.
const nothing = new Uint8Array(1)

export type Destruction =
  | { readonly destroyed: true; readonly liveGrants: number }
  | {
      readonly destroyed: false
      readonly why: 'unknown' | 'destroyed' | 'current' | 'published' | 'in_use'
      readonly uses: KeyUses
    }

/** Wipes a version: whatever was made with it is refused as expired from then on. */
export async function destroyKeys(
  { store, now, actor }: KeyWork,
  version: number,
  endGrants: boolean,
): Promise<Destruction> {
  const [keys, uses] = [await store.listKeys(), await store.countKeyUses(version, now)]
  const why = reasonAgainst(keys, version, now, uses, endGrants)
  if (why) return { destroyed: false, why, uses }
  await commitChanges(
    store,
    keys
      .filter((key) => key.version === version)
      .map((key) => ({ ...key, status: 'destroyed', sealed: nothing, publishUntil: now })),
    newestOf(keys),
    [event('key_destroyed', now, actor, { detail: `version ${version}` })],
  )
  return { destroyed: true, liveGrants: uses.liveGrants }
}

function reasonAgainst(
  keys: readonly StoredKey[],
  version: number,
  now: Milliseconds,
  uses: KeyUses,
  endGrants: boolean,
): Extract<Destruction, { destroyed: false }>['why'] | undefined {
  const meant = keys.filter((key) => key.version === version)
  if (meant.length === 0) return 'unknown'
  if (meant.every(({ status }) => status === 'destroyed')) return 'destroyed'
  if (version >= currentOf(keys, now)) return 'current'
  // Tokens that it signed may still be alive, and would be refused by every API that asks for the key.
  const published = meant.some(
    ({ kind, publishUntil }) => kind !== 'ring' && (publishUntil === undefined || publishUntil > now),
  )
  if (published) return 'published'
  const hasSecrets = uses.clientSecrets > 0 || uses.callbackSecrets > 0
  if (uses.legacyTokens > 0 || hasSecrets || (uses.liveGrants > 0 && !endGrants)) return 'in_use'
  return undefined
}

/** The version that new credentials are made with at this moment. */
export const currentOf = (keys: readonly StoredKey[], now: Milliseconds): number =>
  Math.max(
    0,
    ...keys.filter((key) => key.kind === 'ring' && key.currentFrom <= now).map((key) => key.version),
  )

const newestOf = (keys: readonly StoredKey[]): NewestKey | undefined =>
  keys.filter(({ kind }) => kind === 'ring').sort((one, other) => other.version - one.version)[0]

async function commitChanges(
  store: Store,
  keys: readonly StoredKey[],
  newest: NewestKey | undefined,
  events: readonly Write[],
): Promise<void> {
  const [first, ...others] = keys
  if (!first) return
  const writes = [
    { write: 'change_key', key: first, seen: newest } as const,
    ...others.map((key) => ({ write: 'change_key', key }) as const),
    ...events,
  ]
  if ((await store.commit(writes)) === 'overtaken') throw new KeysOvertaken()
}
