/**
 * The table of keys as lines of JSON, for a copy that is newer than the database's own. Keys are sealed in it
 * as they are in the table: it opens nothing without the root secret, which marks each line, too.
 */
import { z } from 'zod'
import type { Shipping } from './events/event-line.ts'
import { heardLine, markedLine } from './events/marked-line.ts'
import type { Write } from './kernel/decision.ts'
import { event } from './kernel/decision.ts'
import type { Milliseconds, StoredKey } from './kernel/records.ts'
import type { Store } from './kernel/store.ts'
import { KeysOvertaken, unsealable } from './keys/key-ring.ts'
import { RootSecretError } from './keys/root-secret.ts'
import type { KeyWork } from './keys/rotate.ts'
import { unseal } from './keys/seal.ts'
import { aboutOf, markKeyOf, sealingOf } from './keys/sealing.ts'

/** A file of keys that does not fit, in one sentence. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
}

const shape = z.object({
  deployment: z.string(),
  version: z.int().min(1).max(255),
  kind: z.string(),
  sealed: z.base64(),
  public_jwk: z.string().optional(),
  created: z.int(),
  current_from: z.int(),
  publish_until: z.int().optional(),
  status: z.enum(['live', 'compromised', 'destroyed']),
})

/** Throws `RootSecretError` where the secret is not the one that the table is sealed with. */
export async function exportKeys(store: Store, rootSecret: Uint8Array): Promise<readonly string[]> {
  const sealing = await sealingOf(store, rootSecret)
  if (!(await unsealable(store, rootSecret))) throw new RootSecretError(wrongSecret)
  const markKey = markKeyOf(sealing)
  return (await store.listKeys()).map((key) =>
    markedLine(
      {
        deployment: sealing.deploymentId,
        version: key.version,
        kind: key.kind,
        sealed: Buffer.from(key.sealed).toString('base64'),
        public_jwk: key.publicJwk,
        created: key.created,
        current_from: key.currentFrom,
        publish_until: key.publishUntil,
        status: key.status,
      },
      markKey,
    ),
  )
}

const wrongSecret = 'The root secret does not open the keys. Is it the right one?'

export type ImportedKeys = { readonly added: number; readonly changed: number; readonly same: number }

/**
 * Keys that are not here come in; those that are become what the file says, where that is stricter, or where
 * the root secret opens the file's alone. All or nothing.
 */
export async function importKeys(
  { store, rootSecret, now, actor }: KeyWork,
  lines: readonly string[],
): Promise<ImportedKeys> {
  const sealing = await sealingOf(store, rootSecret)
  const ours = await store.listKeys()
  const open = ({ kind, version, sealed }: StoredKey) =>
    unseal(sealing.key, sealed, aboutOf(sealing, kind, version))
  const reading = { deploymentId: sealing.deploymentId, markKey: markKeyOf(sealing) }
  const heard = lines.map((line, at) => keyIn(line, at, reading))
  if (heard.some(({ key }) => key.status !== 'destroyed' && !open(key)))
    throw new RootSecretError(wrongSecret)
  // Only what is sealed says by itself that it is ours; when a key begins and ends, the mark says.
  const changed = heard.findIndex(({ isGenuine }) => !isGenuine)
  if (changed >= 0) {
    throw new KeyFileError(
      `Line ${changed + 1} is not as it was written by this deployment. Export the keys anew.`,
    )
  }
  const theirs = heard.map(({ key }) => key)
  const writes = theirs.flatMap((key): Write[] => {
    const mine = ours.find(({ kind, version }) => kind === key.kind && version === key.version)
    if (!mine) return [{ write: 'add_key', key }]
    if (mine.status === 'destroyed') return []
    const [plain, known] = [open(key), open(mine)]
    if (known && plain && !known.equals(plain)) {
      throw new KeyFileError(
        `Version ${key.version} was made anew here since. Import keys before any are rotated.`,
      )
    }
    // What was wiped stays so: the copy's own is wiped now.
    if (!plain) return [{ write: 'change_key', key }]
    const status = mine.status === 'compromised' ? mine.status : key.status
    const publishUntil = earlier(mine.publishUntil, key.publishUntil)
    const isSame = known && status === mine.status && publishUntil === mine.publishUntil
    const sealed = known ? mine.sealed : key.sealed
    return isSame ? [] : [{ write: 'change_key', key: { ...key, status, publishUntil, sealed } }]
  })
  const [first, ...others] = writes
  const added = writes.filter(({ write }) => write === 'add_key').length
  const counts = { added, changed: writes.length - added, same: theirs.length - writes.length }
  if (!first) return counts
  const newest = ours.filter(({ kind }) => kind === 'ring').sort((one, other) => other.version - one.version)
  const told = event('key_added', now, actor, { detail: `imported: ${added} new, ${counts.changed} changed` })
  const guard =
    first.write === 'add_key' || first.write === 'change_key' ? { ...first, seen: newest[0] } : first
  if ((await store.commit([guard, ...others, told])) === 'overtaken') {
    throw new KeysOvertaken()
  }
  return counts
}

const earlier = (one: Milliseconds | undefined, other: Milliseconds | undefined): Milliseconds | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)

type HeardKey = { readonly key: StoredKey; readonly isGenuine: boolean }

function keyIn(line: string, at: number, { deploymentId, markKey }: Shipping): HeardKey {
  const heard = heardLine(line, markKey)
  const { success, data } = shape.safeParse(heard?.record)
  if (!success || !heard)
    throw new KeyFileError(`Line ${at + 1} is no key. The file is what key export has written.`)
  if (data.deployment !== deploymentId) throw new KeyFileError('The keys are of another deployment.')
  const key: StoredKey = {
    version: data.version,
    kind: data.kind as StoredKey['kind'], // Written by `exportKeys`, and marked.
    sealed: Buffer.from(data.sealed, 'base64'),
    publicJwk: data.public_jwk,
    created: data.created,
    currentFrom: data.current_from,
    publishUntil: data.publish_until,
    status: data.status,
  }
  return { key, isGenuine: heard.isGenuine }
}
