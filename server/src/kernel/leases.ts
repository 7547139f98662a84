/** Who does what one node does for all. An arrangement: what must not happen twice has a guard of its own. */
import type { Milliseconds } from './records.ts'

export type Lease = {
  /** What for. */
  readonly name: string
  readonly holder: string
  /** By the clock of its holder; 0: given back. */
  readonly until: Milliseconds
}

export type LeaseFinders = {
  findLease(name: string): Promise<Lease | undefined>
}

/** Each change of that. */
export type LeaseWrite =
  | {
      /**
       * Takes it, or keeps it: only where nobody has it, the same holder has, its time is over by the taker's
       * clock, or it still is as `stale`, which the taker saw unchanged for longer than it lasts.
       */
      readonly write: 'take_lease'
      readonly lease: Lease
      readonly now: Milliseconds
      readonly stale: Lease | undefined
    }
  | {
      /** Gives it back, where it is still this holder's. */
      readonly write: 'end_lease'
      readonly name: string
      readonly holder: string
    }
