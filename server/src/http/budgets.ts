/**
 * How many exchanges a client may make in a day. Counted in memory and written in batches; read again once a
 * second, so that what other processes have made counts, too.
 */
import type { Client, Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'

/** What is counted here for all nodes. */
export type Counted = {
  /** What was counted since the last call, to be written in a batch. */
  take(): Taken
}

export type Budgets = {
  /**
   * Takes one exchange of the client's budget before it is made: many at once would else all find it unspent.
   * `undefined`: the client has no budget.
   */
  reserve(client: Client): Promise<Reserved> | undefined
} & Counted

export type Reserved = {
  readonly spent: boolean
  /** What made nothing, as a refusal or a repeat, goes back. */
  settle(made: boolean): void
}

export type Taken = {
  readonly counts: readonly { readonly key: string; readonly window: Milliseconds; readonly count: number }[]
  /** What could not be written is taken again. */
  settle(written: boolean): void
}

/** The exchanges of one client and day, by where they stand. */
type Budget = {
  readonly key: string
  readonly window: Milliseconds
  reserved: number
  /** Made, and not yet being written. */
  pending: number
  writing: number
  /** Of this process, in all. */
  written: number
  /** Of all processes, as far as is known here. */
  stored: number
  readAt: Milliseconds
  reading: Promise<void> | undefined
}

const day = 86_400_000
const readEveryMilliseconds = 1_000

export function budgets(store: Store, now: () => Milliseconds): Budgets {
  let today = new Map<string, Budget>()
  let window = 0
  /** Those of which something is to be written; one of yesterday may still be among them. */
  let made = new Set<Budget>()

  function budgetOf({ id }: Client): Budget {
    const at = now()
    if (window !== at - (at % day)) {
      window = at - (at % day)
      today = new Map()
    }
    const found = today.get(id) ?? newBudget(`exchanges:${id}`, window)
    today.set(id, found)
    return found
  }

  async function read(budget: Budget): Promise<void> {
    const { written } = budget
    const at = now()
    try {
      const stored = await store.findCount(budget.key, budget.window)
      // Whether the answer has what was written meanwhile is not known: rather too many than too few.
      budget.stored = stored + budget.written - written
      budget.readAt = at
    } finally {
      budget.reading = undefined
    }
  }

  async function reserve(budget: Budget, max: number): Promise<Reserved> {
    if (now() - budget.readAt >= readEveryMilliseconds) {
      budget.reading ??= read(budget)
      await budget.reading
    }
    // Nothing waits between this look and the reservation.
    if (budget.stored + budget.writing + budget.pending + budget.reserved >= max) return spent
    budget.reserved += 1
    return {
      spent: false,
      settle(isMade) {
        budget.reserved -= 1
        if (!isMade) return
        budget.pending += 1
        made.add(budget)
      },
    }
  }

  return {
    reserve(client) {
      const { exchangesPerDayMax: max } = client
      return max === undefined ? undefined : reserve(budgetOf(client), max)
    },
    take() {
      const taken = [...made].map((budget) => ({ budget, count: budget.pending }))
      made = new Set()
      for (const { budget, count } of taken) {
        budget.pending -= count
        budget.writing += count
      }
      return {
        counts: taken.map(({ budget: { key, window: of }, count }) => ({ key, window: of, count })),
        settle(written) {
          for (const { budget, count } of taken) {
            budget.writing -= count
            if (written) {
              budget.stored += count
              budget.written += count
            } else {
              budget.pending += count
              made.add(budget)
            }
          }
        },
      }
    },
  }
}

const spent: Reserved = { spent: true, settle: () => undefined }

const newBudget = (key: string, window: Milliseconds): Budget => ({
  key,
  window,
  reserved: 0,
  pending: 0,
  writing: 0,
  written: 0,
  stored: 0,
  readAt: Number.NEGATIVE_INFINITY,
  reading: undefined,
})
