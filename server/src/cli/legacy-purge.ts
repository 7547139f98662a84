/** `tokenferry legacy purge`: a window of rows at a time, so that servers go on meanwhile. */
import { event } from '../kernel/decision.ts'
import type { Deployment } from '../main.ts'
import { operator } from './command.ts'

const windowRows = 5_000

export async function purgeLegacyTokens({ store, world }: Deployment, olderThan: number): Promise<number> {
  const { now } = world.moment()
  let purged = 0
  let after: Uint8Array | undefined = new Uint8Array()
  while (after) {
    const window = await store.purgeLegacyTokens(now - olderThan, { after, limit: windowRows })
    purged += window.gone
    after = window.after
  }
  if (purged > 0)
    await store.commit([event('legacy_tokens_purged', now, operator(), { detail: `${purged}` })])
  return purged
}
