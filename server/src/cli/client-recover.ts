/** `tokenferry client recover`: the answer to a leak of an app's secret together with its legacy tokens. */
import { perform } from '../kernel/kernel.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import { endGrant } from '../kernel/operations/end-grant.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import type { Deployment } from '../main.ts'
import { granted, operator } from './command.ts'

export type Recovered = { readonly legacyTokensReset: number; readonly otherGrantsEnded: number }

/** Commits of one batch wait for one flush to disk together. */
const batch = 500

/**
 * Every legacy token that was exchanged into a grant made since then is reset: its grant ends, its count
 * rises, and the app exchanges it anew. Grants that came of no legacy token end. Without `since`, all of
 * them, and the client's own row says so first: no grant made before now is good for anything from that
 * commit on.
 */
export async function recoverClient(
  deployment: Deployment,
  name: string,
  since: number | undefined,
): Promise<Recovered | undefined> {
  const { store, world } = deployment
  const client = await store.findClient(name)
  if (!client) return undefined
  if (since === undefined) {
    const { now } = world.moment()
    const input = { clientId: client.id, change: { tokensValidAfter: now }, actor: operator() }
    granted(await perform(changeClient, input, world), {})
  }
  const from = since ?? 0
  // Legacy tokens that were not exchanged yet may have open codes. Where there are none, nothing was
  // overtaken.
  await store.commit([{ write: 'drop_codes', clientId: client.id }])
  return {
    legacyTokensReset: await resetTokens(deployment, client.id, from),
    otherGrantsEnded: await endGrants(deployment, client.id, from),
  }
}

async function resetTokens({ store, world }: Deployment, clientId: string, since: number): Promise<number> {
  let reset = 0
  let after: Uint8Array = new Uint8Array()
  for (;;) {
    const tokens = await store.listExchangedSince(clientId, since, { after, limit: batch })
    const answers = await Promise.all(
      tokens.map(({ lookup }) =>
        perform(resetLegacyToken, { lookups: [lookup], clientId, actor: operator() }, world),
      ),
    )
    reset += answers.filter((answer) => 'granted' in answer).length
    const last = tokens.at(-1)
    if (!last || tokens.length < batch) return reset
    after = last.lookup
  }
}

async function endGrants({ store, world }: Deployment, clientId: string, since: number): Promise<number> {
  let ended = 0
  let after = 0
  for (;;) {
    const numbers = await store.listGrantsSince(clientId, since, { after, limit: batch })
    const answers = await Promise.all(
      numbers.map((grant) =>
        perform(endGrant, { grant, reason: 'client_recovered', actor: operator() }, world),
      ),
    )
    ended += answers.filter((answer) => 'granted' in answer).length
    const last = numbers.at(-1)
    if (last === undefined || numbers.length < batch) return ended
    after = last
  }
}
