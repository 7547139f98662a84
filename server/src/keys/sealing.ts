/** What the keys of a deployment are sealed with, and what is shipped by it is marked with. */
import type { Store } from '../kernel/store.ts'
import { derive } from './seal.ts'

export type Sealing = { readonly key: Uint8Array; readonly deploymentId: string }

export async function sealingOf(store: Store, rootSecret: Uint8Array): Promise<Sealing> {
  const deploymentId = await store.findMeta('deployment_id')
  if (deploymentId === undefined) throw new Error('The database has no deployment id; was it migrated?')
  return { key: derive(rootSecret, deploymentId, 'root'), deploymentId }
}

/** The key that marks what is shipped elsewhere, and may come back. */
export const markKeyOf = ({ key, deploymentId }: Sealing): Buffer =>
  derive(key, deploymentId, 'shipped lines')

/** What a sealed key is about: no row can stand in for another. */
export const aboutOf = ({ deploymentId }: Sealing, kind: string, version: number): string =>
  `${deploymentId} ${kind} ${version}`
