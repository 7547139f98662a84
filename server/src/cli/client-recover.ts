/** `tokenferry client recover`: the answer to a leak of an app's secret together with its legacy tokens. */
import { perform } from '../kernel/kernel.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import { endGrant } from '../kernel/operations/end-grant.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import type { Span } from '../kernel/store.ts'
import type { Deployment } from '../main.ts'
import { granted, operator } from './command.ts'

export type Recovered = { readonly legacyTokensReset: number; readonly otherGrantsEnded: number }

/** Commits of one batch wait for one flush to disk together. */
const batch = 500

/** Looking for grants that came of no legacy token reads all legacy tokens: so, seldom. */
const grantsPerLook = 10_000

/**
 * Every legacy token that was exchanged into a grant made since then is reset: its grant ends, its count
 * rises, and the app exchanges it anew. Grants that came of no legacy token end. Without `since`, all of
 * them, and the client's own row says so first: no grant made before now is good for anything from that
 * commit on, and none of those comes into being. What the app exchanges anew meanwhile is left alone.
 */
export async function recoverClient(
  deployment: Deployment,
  name: string,
  since: number | undefined,
): Promise<Recovered | undefined> {
  const { store, world } = deployment
  const client = await store.findClient(name)
  if (!client) return undefined
  const { now } = world.moment()
  if (since === undefined) {
    const input = { clientId: client.id, change: { tokensValidAfter: now }, actor: operator() }
    granted(await perform(changeClient, input, world), {})
  } else {
    // Legacy tokens that were not exchanged yet may have open codes. Where there are none, nothing was
    // overtaken.
    await store.commit([{ write: 'drop_codes', clientId: client.id }])
  }
  return recoverGrants(deployment, client.id, { from: since ?? 0, before: now })
}

/** Walks until nothing is found: what was begun before may be committed behind the place where a walk is. */
async function recoverGrants(deployment: Deployment, clientId: string, made: Span): Promise<Recovered> {
  const sum = { legacyTokensReset: 0, otherGrantsEnded: 0 }
  for (;;) {
    const reset = await resetTokens(deployment, clientId, made)
    const ended = await endGrants(deployment, clientId, made)
    if (reset + ended === 0) return sum
    sum.legacyTokensReset += reset
    sum.otherGrantsEnded += ended
  }
}

async function resetTokens({ store, world }: Deployment, clientId: string, made: Span): Promise<number> {
  let reset = 0
  let after: Uint8Array = new Uint8Array()
  for (;;) {
    const tokens = await store.listExchanged(clientId, made, { after, limit: batch })
    const answers = await Promise.all(
      tokens.map(({ lookup }) => {
        const input = { lookups: [lookup], clientId, actor: operator(), keepsRevoked: true }
        return perform(resetLegacyToken, input, world)
      }),
    )
    reset += answers.filter((answer) => 'granted' in answer).length
    const last = tokens.at(-1)
    if (!last || tokens.length < batch) return reset
    after = last.lookup
  }
}

async function endGrants({ store, world }: Deployment, clientId: string, made: Span): Promise<number> {
  let ended = 0
  let after = 0
  for (;;) {
    const numbers = await store.listOtherGrants(clientId, made, { after, limit: grantsPerLook })
    for (let at = 0; at < numbers.length; at += batch) {
      const answers = await Promise.all(
        numbers.slice(at, at + batch).map((grant) => {
          const input = { grant, reason: 'client_recovered', actor: operator() }
          return perform(endGrant, input, world)
        }),
      )
      ended += answers.filter((answer) => 'granted' in answer).length
    }
    const last = numbers.at(-1)
    if (last === undefined || numbers.length < grantsPerLook) return ended
    after = last
  }
}
