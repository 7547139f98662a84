/** The database of a deployment as it is now, for one that goes back to it later, and what that one hears. */
import { join } from 'node:path'
import type { Applied } from '../events/apply-revocations.ts'
import { applyRevocations } from '../events/apply-revocations.ts'
import type { Reapplying } from '../events/revocations.ts'
import type { Event } from '../kernel/records.ts'
import { policiesOf } from '../main.ts'
import type { SqliteDatabase } from '../storage/sqlite.ts'
import type { TestDeployment } from './deployment.ts'
import { administer, nameIn, rememberedAs } from './postgres.ts'

export type DatabaseCopy = { readonly url: string; remove(): Promise<void> }

/** Beside its source, on the same server or in the same folder. */
export async function copyOf({ deployment, config, folder }: TestDeployment): Promise<DatabaseCopy> {
  const { database } = deployment
  if (database.backend === 'sqlite') {
    const path = join(folder, 'copy.db')
    await (database as SqliteDatabase).backup(path) // Only the one of a file has it.
    return { url: `sqlite:${path}`, remove: async () => undefined }
  }
  const source = nameIn(config.database)
  const name = `${source}_copy`
  await rememberedAs(config.database, 'copy')
  return {
    url: config.database.replace(`/${source}?`, `/${name}?`),
    remove: async () => void (await administer(config.database, `drop database ${name} with (force)`)),
  }
}

/** Takes back in the one that went back what the other, which is lost, has heard was taken back. */
export function reapply(
  lost: TestDeployment,
  { deployment: { world, mounts } }: TestDeployment,
  how: Pick<Reapplying, 'actor' | 'compromiseKeys'>,
): Promise<Applied> {
  async function* shipped(): AsyncGenerator<Event> {
    yield* await lost.deployment.store.listEvents(0, 10_000)
  }
  return applyRevocations(shipped(), { ...how, world, policies: policiesOf(mounts) })
}
