/**
 * The table of keys as lines of JSON, for a copy that is newer than the database's own. Keys are sealed in it
 * as they are in the table: it opens nothing without the root secret.
 */
import { z } from 'zod'
import type { Write } from './kernel/decision.ts'
import { event } from './kernel/decision.ts'
import type { StoredKey } from './kernel/records.ts'
import type { Store } from './kernel/store.ts'
import { aboutOf, sealingOf } from './keys/key-ring.ts'
import { RootSecretError } from './keys/root-secret.ts'
import type { KeyWork } from './keys/rotate.ts'
import { KeysOvertaken } from './keys/rotate.ts'
import { unseal } from './keys/seal.ts'

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

export async function exportKeys(store: Store): Promise<readonly string[]> {
  const deployment = await store.findMeta('deployment_id')
  return (await store.listKeys()).map((key) =>
    JSON.stringify({
      deployment,
      version: key.version,
      kind: key.kind,
      sealed: Buffer.from(key.sealed).toString('base64'),
      public_jwk: key.publicJwk,
      created: key.created,
      current_from: key.currentFrom,
      publish_until: key.publishUntil,
      status: key.status,
    }),
  )
}

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
  const theirs = lines.map((line, at) => keyIn(line, at, sealing.deploymentId))
  const ours = await store.listKeys()
  const open = ({ kind, version, sealed }: StoredKey) =>
    unseal(sealing.key, sealed, aboutOf(sealing, kind, version))
  const writes = theirs.flatMap((key): Write[] => {
    const plain = open(key)
    if (!plain && key.status !== 'destroyed') {
      throw new RootSecretError('The root secret does not open the keys of this file. Is it the right one?')
    }
    const mine = ours.find(({ kind, version }) => kind === key.kind && version === key.version)
    if (!mine) return [{ write: 'add_key', key }]
    if (!plain || mine.status === 'destroyed') return []
    const known = open(mine)
    if (known && !known.equals(plain)) {
      throw new KeyFileError(
        `Version ${key.version} was made anew here since. Import keys before any are rotated.`,
      )
    }
    const status = mine.status === 'compromised' ? mine.status : key.status
    const publishUntil = mine.publishUntil ?? key.publishUntil
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
    throw new KeysOvertaken('Somebody else changed the keys at this moment. Run the command again.')
  }
  return counts
}

function keyIn(line: string, at: number, deploymentId: string): StoredKey {
  const { success, data } = shape.safeParse(parsed(line))
  if (!success) throw new KeyFileError(`Line ${at + 1} is no key. The file is what key export has written.`)
  if (data.deployment !== deploymentId) throw new KeyFileError('The keys are of another deployment.')
  return {
    version: data.version,
    kind: data.kind as StoredKey['kind'], // Written by `exportKeys`, and sealed with its kind.
    sealed: Buffer.from(data.sealed, 'base64'),
    publicJwk: data.public_jwk,
    created: data.created,
    currentFrom: data.current_from,
    publishUntil: data.publish_until,
    status: data.status,
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
