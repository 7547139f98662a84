/** The primary of the database goes, in the ways in which it can, while apps go on asking. */
import { after, before, suite, test } from 'node:test'
import type { HighAvailability, Mishap } from '../testing/high-availability.ts'
import { startHighAvailability } from '../testing/high-availability.ts'
import { isLong } from '../testing/length.ts'
import { missingPrograms } from '../testing/patroni.ts'
import { walk } from './failover.ts'

const missing = missingPrograms()
const skip =
  missing.length > 0 && process.env.TOKENFERRY_HA_TESTS !== 'required'
    ? `Not installed here: ${missing.join(', ')}. A failover of the database is not tried.`
    : false

const mishaps: readonly Mishap[] = isLong
  ? ['killed', 'partitioned', 'switched over', 'killed', 'partitioned']
  : ['killed', 'switched over']

suite('promises: a failover loses nothing', { timeout: 900_000, skip }, () => {
  let here: HighAvailability
  before(async () => {
    here = await startHighAvailability()
  })
  after(() => here.close())

  test(`under load, the primary is ${mishaps.join(', then ')}: 503 meanwhile, and all that was acknowledged is there`, async (context) => {
    await walk(here, mishaps, (mishap, seen) => context.diagnostic(`${mishap}: ${JSON.stringify(seen)}`))
  })
})
