/** The outbox: from events to what was told. */
import type { Delivery, Milliseconds } from './records.ts'

/** Each change of what is to be told. */
export type OutboxWrite =
  | {
      /** Only where events were read up to `from`; that is the place of one reader at a time. */
      readonly write: 'read_events'
      readonly from: number
      readonly to: number
    }
  | {
      /** Where it was planned before, sent or not, nothing changes. */
      readonly write: 'plan_delivery'
      readonly delivery: Delivery
    }
  | {
      /** The organization's users have all been planned for: they are told of this app once. */
      readonly write: 'announce_client'
      readonly clientId: string
      readonly organizationId: string
      readonly at: Milliseconds
    }
  | {
      /** Takes it, or keeps it: only where it still waits, and is due as it was seen. */
      readonly write: 'claim_delivery'
      readonly seen: Pick<Delivery, 'id' | 'due' | 'claimedBy'>
      readonly by: string
      readonly until: Milliseconds
      readonly attempts: number
    }
  | {
      /** Only by whoever has claimed it. */
      readonly write: 'settle_delivery'
      readonly id: string
      readonly by: string
      readonly status: Delivery['status']
      readonly due: Milliseconds
      readonly problem: string | undefined
    }
  | {
      /** What was given up begins anew; what waits for later goes now. */
      readonly write: 'retry_delivery'
      readonly id: string
      readonly due: Milliseconds
    }
