/** Grant numbers, leased by the block: roughly in the order of time, so that new rows append. */
import { numberFloorAt } from './kernel/number-floor.ts'
import type { Milliseconds } from './kernel/records.ts'
import type { NumberBlock, Store } from './kernel/store.ts'
import { StoreUnavailable } from './kernel/store.ts'

export type Numbers = {
  /** The next number. Throws `StoreUnavailable` where none could be leased in time. */
  next(): number
  /**
   * Leases anew where the database no longer knows of what was leased: it went back, and may lease the same
   * numbers to another node.
   */
  recheck(): Promise<void>
  close(): Promise<void>
}

const recheckEveryMilliseconds = 2_000
const blockMin = 1024
/** Grants of a block that a crash left open are never swept, so a block is not larger than it need be. */
const blockMax = 8192

/**
 * Blocks begin no earlier than the clock says. So a copy of the database that is served again leases none of
 * the numbers that were given away since it was made, even before anybody has declared the restore.
 */
export async function leaseNumbers(store: Store, now: () => Milliseconds): Promise<Numbers> {
  let size = blockMin
  let block: NumberBlock = await store.leaseNumbers(size, numberFloorAt(now()))
  let spare: NumberBlock | undefined
  let leasing: Promise<void> | undefined

  const leaseAhead = (): void => {
    leasing ??= store
      .leaseNumbers(size, numberFloorAt(now()))
      .then((leased) => {
        spare = leased
      })
      // The next number asked for tries again; while the database is away nothing is granted anyway.
      .catch(() => undefined)
      .finally(() => {
        leasing = undefined
      })
  }

  /** Blocks to be given back, until the database has heard of it. */
  const used = new Set<NumberBlock>()
  const closeUsed = async (): Promise<void> => {
    for (const one of [...used]) {
      await store.closeNumbers(one)
      used.delete(one)
    }
  }

  const recheck = async (): Promise<void> => {
    const [held, kept] = [block, spare]
    if (kept && !(await store.isLeased(kept)) && spare === kept) spare = undefined
    if (held.count > 0 && !(await store.isLeased(held))) {
      const leased = await store.leaseNumbers(size, numberFloorAt(now()))
      spare = undefined
      block = leased
    }
    await closeUsed()
  }
  // While the database is away, nobody is granted anything, and the next turn asks again.
  const timer = setInterval(() => void recheck().catch(() => undefined), recheckEveryMilliseconds).unref()

  return {
    recheck,
    next() {
      if (block.count === 0) {
        if (!spare) {
          leaseAhead()
          throw new StoreUnavailable('No grant numbers are left; more are being leased.')
        }
        // All of this block was used: it closes at its end, now or at the next turn.
        used.add(block)
        void closeUsed().catch(() => undefined)
        block = spare
        spare = undefined
        size = Math.min(size * 2, blockMax)
      }
      const number = block.first
      block = { first: number + 1, count: block.count - 1, primary: block.primary }
      if (!spare && block.count < size / 2) leaseAhead()
      return number
    },
    async close() {
      clearInterval(timer)
      await leasing
      used.add(block)
      if (spare) used.add(spare)
      await closeUsed()
    },
  }
}
