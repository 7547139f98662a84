/** A decision: the answer, and the writes that make it true. */
import type { AccountWrite } from './account-writes.ts'
import type { AdmissionWrite } from './admissions.ts'
import type { CallbackWrite } from './callback-secrets.ts'
import type { EndWrite } from './end-writes.ts'
import type { EventKind } from './event-kinds.ts'
import type { LeaseWrite } from './leases.ts'
import type { Logo } from './logo.ts'
import type { OneTimeCodeWrite } from './one-time-code.ts'
import type { OutboxWrite } from './outbox-writes.ts'
import type {
  AuthorizationCode,
  Client,
  ClientSecret,
  Connection,
  Event,
  Grant,
  MetaKey,
  Milliseconds,
  Organization,
  Session,
  StoredKey,
  User,
} from './records.ts'
import type { Reason, Refusal } from './refusals.ts'
import type { RequestTokenWrite } from './request-token.ts'
import type { SignInWrite } from './sign-in.ts'

export type Answer<Result> = { readonly granted: Result } | { readonly refused: Refusal }
export type Decision<Result> = { readonly answer: Answer<Result>; readonly writes: readonly Write[] }

/** Yes. */
export const grant = <Result>(result: Result, ...writes: readonly Write[]): Decision<Result> => ({
  answer: { granted: result },
  writes,
})

/** No. Writes are the exception: a revocation that security demands (RFC 9700 §4.14.2). */
export const refuse = (refusal: Reason | Refusal, ...writes: readonly Write[]): Decision<never> => ({
  answer: { refused: typeof refusal === 'string' ? { reason: refusal } : refusal },
  writes,
})

/** What a commit believes of a connection: that it does not exist, or is like this. */
export type ConnectionExpected = {
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly found:
    | (Pick<Connection, 'number' | 'epoch' | 'status' | 'confirmation'> & {
        /** Absent where the commit adds none: then it does not matter what others add meanwhile. */
        readonly scopes: readonly string[] | undefined
      })
    | undefined
}

/**
 * One change of state.
 *
 * A commit is a list of writes. Its **first** is the guard: one conditional statement that decides who won;
 * if it changes nothing, the commit is overtaken and nothing is left behind. The others, its followers, go in
 * with it and ask no questions. So every precondition belongs to the guard.
 */
export type Write =
  // Guards of exchanges, redemptions and refreshes.
  | {
      /**
       * active → exchanged, with all aliases of its authorization. With `insertFor`, the row stays and a copy
       * is made.
       */
      readonly write: 'exchange_legacy_token'
      readonly lookup: Uint8Array
      readonly clientId: string
      readonly insertFor: string | undefined
      /** Aliases that name no client become this client's; not where every app may exchange them. */
      readonly takesShared: boolean
      readonly authorization: string | undefined
      readonly dialect: string
      readonly boundTo: string
      readonly status: 'exchanged' | 'retired'
      readonly exchange: number
      readonly keyVersion: number
      readonly grantNumber: number
      readonly connection: ConnectionExpected
      /** When the grant is made: one from before the client was recovered would be dead as it is said. */
      readonly created: Milliseconds
      /** The code that is redeemed by this, which must still be open. */
      readonly codeHash: Uint8Array | undefined
    }
  | {
      /** The first code of a legacy token fixes which grant all its codes lead to. The token stays active. */
      readonly write: 'reserve_grant'
      readonly lookup: Uint8Array
      readonly clientId: string
      readonly exchange: number
      readonly keyVersion: number
      readonly grantNumber: number
      readonly connection: ConnectionExpected
    }
  | {
      /** Not of a client that is disabled, nor a code from before it was recovered. */
      readonly write: 'redeem_code'
      readonly hash: Uint8Array
      readonly grantNumber: number | undefined
      readonly connection: ConnectionExpected | undefined
    }
  | {
      readonly write: 'rotate_refresh_token'
      readonly number: number
      readonly from: number
      readonly to: number
      readonly at: Milliseconds
      readonly usedAt: Milliseconds | undefined
      readonly keyVersion: number
      readonly refreshUntil: Milliseconds | undefined
      readonly accessUntil: Milliseconds
    }
  | {
      /**
       * A grant for a password: only while it is the user's, who is enabled and not locked, and the client is
       * enabled.
       */
      readonly write: 'begin_grant'
      readonly clientId: string
      readonly userId: string
      readonly passwordHash: string
      readonly at: Milliseconds
      readonly connection: ConnectionExpected
    }
  // What follows them.
  | {
      readonly write: 'open_connection'
      readonly connection: Connection
      readonly grantNumber: number
      /** At most so many live grants: the oldest ends in this commit. */
      readonly grantsMax: number
      readonly at: Milliseconds
      /** The decision saw no such connection: this commit makes it. */
      readonly isNew: boolean
    }
  | { readonly write: 'add_grant'; readonly grant: Grant }
  | {
      readonly write: 'add_code'
      readonly code: AuthorizationCode
      /** How many open codes one legacy token, or what one user allows one app, may have; the oldest goes. */
      readonly openMax: number | undefined
    }
  | { readonly write: 'append_event'; readonly event: Omit<Event, 'id'> }
  | EndWrite
  // Consent and sessions.
  | {
      /** What the user allowed; only where the connection is as it was seen, or not there, as it was not. */
      readonly write: 'allow_connection'
      readonly connection: Connection
      readonly seen: Connection | undefined
    }
  | {
      /**
       * pending → confirmed, where the connection is live as it was seen: who uninstalls first, wins, and
       * nobody confirms what came to it since.
       */
      readonly write: 'confirm_connection'
      readonly connection: Pick<Connection, 'number' | 'epoch' | 'scopes'>
    }
  | {
      /** It says all that its grants may do, and may wait for its user again because of that. */
      readonly write: 'widen_connection'
      readonly connection: Pick<Connection, 'number' | 'scopes' | 'confirmation'>
    }
  | { readonly write: 'add_session'; readonly session: Session }
  | { readonly write: 'end_session'; readonly hash: Uint8Array }
  | SignInWrite
  | AccountWrite
  | OutboxWrite
  | OneTimeCodeWrite
  | RequestTokenWrite
  | AdmissionWrite
  | LeaseWrite
  // The operator's records.
  | { readonly write: 'add_client'; readonly client: Client; readonly at: Milliseconds }
  | {
      /** Only where the client still is as it was seen: else one operator's change would undo another's. */
      readonly write: 'change_client'
      readonly client: Client
      readonly seen: Client
    }
  | { readonly write: 'put_logo'; readonly logo: Logo }
  /** Those that no client shows any more. */
  | { readonly write: 'drop_unused_logos' }
  | {
      readonly write: 'add_client_secret'
      readonly clientId: string
      readonly secret: ClientSecret
      readonly sealed: Uint8Array | undefined
      readonly created: Milliseconds
      /** The secrets before it end at this moment, where one is named. */
      readonly othersExpire: Milliseconds | undefined
    }
  | CallbackWrite
  | { readonly write: 'put_user'; readonly user: User; readonly organizations: readonly string[] }
  | { readonly write: 'put_organization'; readonly organization: Organization }
  /** Only where they still are as they were seen, as a client. */
  | { readonly write: 'change_user'; readonly user: User; readonly seen: User }
  | {
      readonly write: 'change_organization'
      readonly organization: Organization
      readonly seen: Organization
    }
  | {
      readonly write: 'set_status'
      readonly record: 'users' | 'organizations'
      readonly id: string
      readonly status: 'enabled' | 'disabled'
    }
  | { readonly write: 'end_sessions'; readonly userId: string }
  | { readonly write: 'set_meta'; readonly key: MetaKey; readonly value: string }
  | { readonly write: 'raise_numbers'; readonly to: number }
  | { readonly write: 'add_key'; readonly key: StoredKey; readonly seen?: NewestKey | undefined }
  | {
      readonly write: 'change_key'
      readonly key: Pick<StoredKey, 'kind' | 'version' | 'status' | 'sealed' | 'publishUntil'>
      readonly seen?: NewestKey | undefined
    }

/**
 * The newest version of the ring as a commit saw it, for its guard. Without it, a key added while the table
 * is sealed anew would stay under the old root secret, and the table would open with neither.
 */
export type NewestKey = Pick<StoredKey, 'version' | 'sealed'>

/** Who asked, for the event. */
export type Actor = {
  readonly actor: string
  readonly address: string | undefined
  readonly requestId: string | undefined
}

/** An event write; what the event is about may be left out where it is not known. */
export const event = (
  kind: EventKind,
  at: Milliseconds,
  { actor, address, requestId }: Actor,
  about: Partial<Pick<Event, 'clientId' | 'userId' | 'organizationId' | 'grantNumber' | 'detail'>>,
): Write => ({
  write: 'append_event',
  event: {
    at,
    kind,
    actor,
    address,
    requestId,
    clientId: about.clientId,
    userId: about.userId || undefined,
    organizationId: about.organizationId || undefined,
    grantNumber: about.grantNumber,
    detail: about.detail,
  },
})
