/**
 * One node does the work that is done once for all: it holds a lease, which it renews while it lives. When it
 * stops, it gives the lease back; when it dies, another node takes it as it runs out.
 *
 * Whoever holds it goes by time that has passed, which is the same on every machine. Whoever wants it goes by
 * the clock, or by how long it has seen nothing change: a clock that is wrong lets two work for one renewal
 * at the most, and never nobody.
 */
import type { Lease } from './kernel/leases.ts'
import type { Milliseconds } from './kernel/records.ts'
import type { Store } from './kernel/store.ts'
import { troubleLine } from './trouble-line.ts'

export type HeldLease = {
  /** Whether the work is this node's, now. */
  isHeld(): boolean
  /** Gives it back, and asks for it no more. */
  release(): Promise<void>
}

export type LeaseOptions = {
  readonly store: Pick<Store, 'findLease' | 'commit'>
  readonly now: () => Milliseconds
  readonly name: string
  /** This node, as it is told from all others. */
  readonly holder: string
  /** How long it lasts without being renewed. */
  readonly milliseconds: number
  readonly logger: { info(fields: object): void; warn(fields: object): void }
  /** Time that has passed, wherever from; tests hand in their own. */
  readonly passed?: () => number
}

/** Who waits for it looks so often: looking is one read by a key. */
const lookEveryMilliseconds = 1_000

export function keepLease(options: LeaseOptions): HeldLease {
  const { store, now, name, holder, milliseconds, logger, passed = () => performance.now() } = options
  let heldUntil = Number.NEGATIVE_INFINITY
  /** Another's, and since when it has been as it is. */
  let seen: { readonly lease: Lease; readonly since: number } | undefined
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const isHeld = (): boolean => !closed && passed() < heldUntil

  async function look(): Promise<void> {
    const found = await store.findLease(name)
    const isOthers = found !== undefined && found.holder !== holder
    if (!isOthers) seen = undefined
    else if (seen?.lease.holder !== found.holder || seen.lease.until !== found.until)
      seen = { lease: found, since: passed() }
    if (isOthers) note(Number.NEGATIVE_INFINITY)
    const stale = seen && passed() - seen.since >= milliseconds ? seen.lease : undefined
    if (!closed && (!isOthers || stale || found.until <= now())) await take(stale, found)
  }

  async function take(stale: Lease | undefined, found: Lease | undefined): Promise<void> {
    // Counted from before it is written, so that it ends here no later than others may take it.
    const began = passed()
    const at = now()
    const lease = { name, holder, until: at + milliseconds }
    const outcome = await store.commit([{ write: 'take_lease', lease, now: at, stale }])
    note(outcome === 'committed' ? began + milliseconds : Number.NEGATIVE_INFINITY, found?.holder)
  }

  /** Until when it is this node's, as was just learned: a clock far ahead may have taken it from us. */
  function note(until: number, from?: string): void {
    const wasHeld = isHeld()
    heldUntil = until
    if (wasHeld && !isHeld()) logger.info({ operation: 'lose_lease', name, holder })
    if (!wasHeld && isHeld() && from !== undefined) {
      logger.info({ operation: 'take_lease', name, holder, from })
    }
  }

  const turn = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      // The next turn tries again; until then it is held as long as it lasts.
      logger.warn({ ...troubleLine(error), what: 'lease' })
    }
    if (closed) return
    const third = milliseconds / 3
    const next = isHeld() ? third : Math.min(third, lookEveryMilliseconds)
    timer = setTimeout(() => {
      turning = turn()
    }, next).unref()
  }
  let turning = turn()

  return {
    isHeld,
    async release() {
      closed = true
      clearTimeout(timer)
      await turning
      if (heldUntil === Number.NEGATIVE_INFINITY) return
      await store
        .commit([{ write: 'end_lease', name, holder }])
        .catch((error: unknown) => logger.warn({ ...troubleLine(error), what: 'lease' }))
    },
  }
}
