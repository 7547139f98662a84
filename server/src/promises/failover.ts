/** Mishaps under load: what holders of tokens were told before, meanwhile and after is there in the end. */
import assert from 'node:assert/strict'
import type { HighAvailability, Mishap } from '../testing/high-availability.ts'
import { befall } from '../testing/high-availability.ts'
import { countOf, standardApp } from './asks.ts'
import type { Seen } from './holders.ts'
import { keptWhatWasTold, startHolders } from './holders.ts'

/** One after the other; each time some begin before it, and some while there is no primary. */
export async function walk(
  here: HighAvailability,
  mishaps: readonly Mishap[],
  tell: (mishap: Mishap, seen: Seen) => void,
): Promise<void> {
  const app = standardApp(here)
  const bases = here.nodes.map(({ base }) => base)
  const holders = startHolders(app, bases)
  const unused = [...app.legacyTokens]
  const share = Math.floor(unused.length / (2 * mishaps.length))
  for (const mishap of mishaps) {
    holders.add(unused.splice(0, share))
    await holders.untilAnswered()
    holders.seen()
    holders.add(unused.splice(0, share))
    const { mended } = await befall(here.cluster, mishap)
    await holders.untilAnswered()
    tell(mishap, holders.seen())
    await mended()
  }
  await holders.end()

  const grants = holders.told().size
  for (const counted of [
    'select count(*) from grants',
    `select count(*) from legacy_tokens where status = 'exchanged'`,
    `select count(*) from events where kind = 'legacy_token_exchanged'`,
  ]) {
    assert.equal(await countOf(here, counted), grants, counted)
  }
  await keptWhatWasTold(holders, app, bases)
}
