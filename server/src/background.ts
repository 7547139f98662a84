/**
 * What a server does beside answering: writes usage in batches, says when nobody is answered, and, where
 * that is its turn, sweeps what is dead in small steps.
 */
import { closedProblems } from './http/closed.ts'
import type { Usage } from './http/usage.ts'
import type { Milliseconds } from './kernel/records.ts'
import type { Store } from './kernel/store.ts'
import type { Closed } from './keys/closed.ts'
import { troubleLine } from './trouble-line.ts'

type Work = {
  readonly store: Store
  readonly usage: Usage
  readonly now: () => Milliseconds
  /** Why nobody may be answered, nor anything changed in the database, if so; see `keys/closed.ts`. */
  readonly closed: () => Closed | undefined
  /** Whether it is this node that sweeps, now. */
  readonly isOurs: () => boolean
  readonly logger: { info(fields: object): void; warn(fields: object): void }
}

const usageEveryMilliseconds = 1_000
const sweepEveryMilliseconds = 60_000
/** Between two steps of one sweep, so that requests come in between. */
const stepEveryMilliseconds = 20
const rowsPerStep = 2_000

export function startBackground(work: Work): { close(): Promise<void> } {
  const { store, usage, now, closed: reasonToClose, isOurs, logger } = work
  let told: Closed | undefined
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

  function tellClosed(): void {
    const reason = reasonToClose()
    if (reason === told) return
    told = reason
    if (reason) logger.warn({ operation: 'stop_answering', problem: closedProblems[reason] })
    else logger.info({ operation: 'answer_again' })
  }

  tellClosed()
  sweeping = setTimeout(sweep, sweepEveryMilliseconds).unref()
  const flush = async (): Promise<void> => {
    if (reasonToClose() === undefined) await tried('usage', usage.flush)
  }
  const flushing = setInterval(() => {
    tellClosed()
    void flush()
  }, usageEveryMilliseconds).unref()
  return {
    async close() {
      closed = true
      clearTimeout(sweeping)
      clearInterval(flushing)
      await flush()
    },
  }
}
