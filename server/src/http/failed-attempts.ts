/**
 * Failed attempts by address, or by network where that is whom an address stands for, of the minute that is,
 * on all nodes together: counted in memory and written in batches; what other nodes have written is read
 * again once a second, while anything fails here. Approximate within that second.
 */
import { networkOf } from '../kernel/addresses.ts'
import type { Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Counted, Taken } from './budgets.ts'

export type FailedAttempts = Counted & {
  note(address: string): void
  /** Here, and as far as is known elsewhere. */
  countOf(address: string): number
  /** Until failures are counted anew. */
  secondsLeft(): number
}

export type FailedAttemptsOptions = {
  readonly store: Pick<Store, 'listCounts'>
  /** What is attempted. */
  readonly kind: string
  readonly perMinuteMax: number
  readonly now: () => Milliseconds
}

/** The failures of one address in one minute, by where they stand. */
type Tally = {
  readonly address: string
  pending: number
  writing: number
  written: number
  /** Of other nodes. What they were once known to have counted they do not count less. */
  others: number
}

const minute = 60_000
const addressesMax = 100_000
const readEveryMilliseconds = 1_000
const readMax = 10_000
/** Addresses in one batch, those with the most failures. */
const writtenMax = 200
/**
 * An address is written once it has failed this part of what it may: an attack from many addresses, each of
 * which fails a few times, is not stopped by this limit, and must not fill the database.
 */
const partUnwritten = 0.1

export function failedAttempts({ store, kind, perMinuteMax, now }: FailedAttemptsOptions): FailedAttempts {
  const least = Math.max(1, Math.ceil(perMinuteMax * partUnwritten))
  const keyStart = `address:${kind}:`
  let window = 0
  let tallies = new Map<string, Tally>()
  let unwritten = new Set<Tally>()
  let readAt = Number.NEGATIVE_INFINITY
  let reading = false

  const turn = (): void => {
    const windowAt = now() - (now() % minute)
    if (window === windowAt && tallies.size <= addressesMax) return
    window = windowAt
    tallies = new Map()
    unwritten = new Set()
    readAt = Number.NEGATIVE_INFINITY
  }

  const tallyOf = (address: string): Tally => {
    const found = tallies.get(address) ?? { address, pending: 0, writing: 0, written: 0, others: 0 }
    tallies.set(address, found)
    return found
  }

  async function read(): Promise<void> {
    if (reading || now() - readAt < readEveryMilliseconds) return
    reading = true
    readAt = now()
    const of = window
    try {
      const counts = await store.listCounts(keyStart, of, readMax)
      if (of !== window) return
      for (const { key, count } of counts) {
        const tally = tallyOf(key.slice(keyStart.length))
        // What is being written may be among them, or not: rather too few, since the next read has it.
        tally.others = Math.max(tally.others, count - tally.written - tally.writing)
      }
    } catch {
      // Until it can be read again, this node's own failures count.
    } finally {
      reading = false
    }
  }

  const ownOf = ({ pending, writing, written }: Tally): number => pending + writing + written

  return {
    note(address) {
      turn()
      const tally = tallyOf(networkOf(address))
      tally.pending += 1
      unwritten.add(tally)
      void read()
    },
    countOf(address) {
      turn()
      const tally = tallies.get(networkOf(address))
      return tally === undefined ? 0 : ownOf(tally) + tally.others
    },
    secondsLeft: () => Math.ceil((minute - (now() % minute)) / 1000),
    take(): Taken {
      const of = window
      const taken = [...unwritten]
        .filter((tally) => ownOf(tally) >= least)
        .sort((one, other) => ownOf(other) - ownOf(one))
        .slice(0, writtenMax)
        .map((tally) => ({ tally, count: tally.pending }))
      for (const { tally, count } of taken) {
        unwritten.delete(tally)
        tally.pending -= count
        tally.writing += count
      }
      return {
        counts: taken.map(({ tally: { address }, count }) => ({
          key: keyStart + address,
          window: of,
          count,
        })),
        settle(isWritten) {
          for (const { tally, count } of taken) {
            tally.writing -= count
            if (isWritten) tally.written += count
            else tally.pending += count
            if (!isWritten && of === window) unwritten.add(tally)
          }
        },
      }
    },
  }
}
