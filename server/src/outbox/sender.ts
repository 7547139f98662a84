/** What carries a delivery: mail by one sender, calls to apps by another. The outbox knows neither way. */
import type { Delivery } from '../kernel/records.ts'

export type Outcome =
  | { readonly outcome: 'sent' }
  /** Nobody wants it any more: confirmed meanwhile, no address. `problem` says why, in one line. */
  | { readonly outcome: 'dropped'; readonly problem: string }
  | {
      readonly outcome: 'failed'
      /** One line for the operator, without any credential. */
      readonly problem: string
      /** Trying again is useless. */
      readonly isFinal?: boolean
      /** How long the other side asked us to wait, at least. */
      readonly retryAfterSeconds?: number
    }

/** Sends one delivery. Reads what it says when it sends it; throws only where the trouble is ours. */
export type Sender = (delivery: Delivery) => Promise<Outcome>
