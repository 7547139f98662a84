/**
 * What a server does beside answering: writes usage in batches, and, where that is its turn, sweeps what is
 * dead in small steps.
 */
import type { Usage } from './http/usage.ts'
import type { Milliseconds } from './kernel/records.ts'
import type { Store } from './kernel/store.ts'
import { troubleLine } from './trouble-line.ts'

type Work = {
  readonly store: Store
  readonly usage: Usage
  readonly now: () => Milliseconds
  /** Whether anything may change in the database. */
  readonly isOpen: () => boolean
  /** Whether it is this node that sweeps, now. */
  readonly isOurs: () => boolean
  readonly logger: { warn(fields: object): void }
}

const usageEveryMilliseconds = 1_000
const sweepEveryMilliseconds = 60_000
/** Between two steps of one sweep, so that requests come in between. */
const stepEveryMilliseconds = 20
const rowsPerStep = 2_000

export function startBackground({ store, usage, now, isOpen, isOurs, logger }: Work): {
  close(): Promise<void>
} {
  let closed = false
  let sweeping: NodeJS.Timeout | undefined

  const tried = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      // The next turn tries again; requests say by themselves that the database is away.
      logger.warn({ ...troubleLine(error), what })
    }
  }

  const sweep = async (): Promise<void> => {
    let pause = sweepEveryMilliseconds
    await tried('sweep', async () => {
      if (!isOurs()) return
      const { done } = await store.sweep(now(), rowsPerStep)
      if (!done) pause = stepEveryMilliseconds
    })
    if (!closed) sweeping = setTimeout(sweep, pause).unref()
  }

  sweeping = setTimeout(sweep, sweepEveryMilliseconds).unref()
  const flush = async (): Promise<void> => {
    if (isOpen()) await tried('usage', usage.flush)
  }
  const flushing = setInterval(() => void flush(), usageEveryMilliseconds).unref()
  return {
    async close() {
      closed = true
      clearTimeout(sweeping)
      clearInterval(flushing)
      await flush()
    },
  }
}
