/** Writes of the user's own pages, and of whoever governs an organization. */
import type { Actor } from './decision.ts'
import type { Connection, Membership, Milliseconds } from './records.ts'

export type AccountWrite =
  | {
      /**
       * Takes an app out of an organization: all its connections there end, each with its event; its open
       * codes and request tokens go, and those it had mailed to members. While the row stands, every guard
       * that would let the app in again fails.
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
      /**
       * Ends all that this connection's user, or, where it has none, its organization, allowed its client:
       * each connection with its event, their open codes, also by mail, and their request tokens. Only while
       * this one stands as it was seen.
       */
      readonly write: 'end_connections'
      readonly connection: Pick<Connection, 'number' | 'epoch' | 'clientId' | 'userId' | 'organizationId'>
      readonly at: Milliseconds
      readonly actor: Actor
    }
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
