/** The database of a deployment as it is now, for one that goes back to it later. */
import { join } from 'node:path'
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
