/** Writes of the user's own pages, and of whoever governs an organization. */
import type { Actor } from './decision.ts'
import type { Membership, Milliseconds } from './records.ts'

export type AccountWrite =
  | {
      /**
       * Takes an app out of an organization: all its connections there end, each with its event, and its open
       * codes go. While the row stands, every guard that would let the app in again fails.
       */
      readonly write: 'bar_client'
      readonly organizationId: string
      readonly clientId: string
      /** The admin who did it; absent: the operator. */
      readonly by: string | undefined
      readonly at: Milliseconds
      readonly actor: Actor
    }
  | { readonly write: 'unbar_client'; readonly organizationId: string; readonly clientId: string }
  | {
      /** All sessions of the user but this one. */
      readonly write: 'end_other_sessions'
      readonly userId: string
      readonly hash: Uint8Array
    }
  | {
      readonly write: 'put_membership'
      readonly userId: string
      readonly organizationId: string
      readonly role: Membership['role']
    }
  | { readonly write: 'remove_membership'; readonly userId: string; readonly organizationId: string }
