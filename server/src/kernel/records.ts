/**
 * The records: plain read-only data, as the store keeps it and the operations decide on it.
 * Times are epoch milliseconds. `undefined` is "absent"; an absent user or organization is the empty string,
 * because a connection's key is (client, user, organization) and every part of a key has a value.
 */
import type { EventKind } from './event-kinds.ts'
import type { Policy } from './policy.ts'

export type Milliseconds = number

export type Client = {
  /** Made by the server, or chosen by the operator when the client is added; the `client_id` on the wire. */
  readonly id: string
  readonly dialect: string
  readonly name: string
  readonly type: 'confidential' | 'public'
  readonly status: 'enabled' | 'disabled'
  readonly scopes: readonly string[]
  readonly redirectUris: readonly string[]
  /** Identifiers of the old world: consumer keys, app ids. */
  readonly identifiers: readonly string[]
  /** The exchange window: no legacy token of this client is exchanged outside of it. */
  readonly exchangeFrom: Milliseconds | undefined
  readonly exchangeUntil: Milliseconds | undefined
  readonly exchangeStatus: 'on' | 'off'
  /** How many exchanges a day this client may make. */
  readonly exchangesPerDayMax: number | undefined
  /** A resource server: may introspect every client's tokens (RFC 7662 §2.1). */
  readonly mayIntrospect: boolean
  /** Origins of browser apps that may read token answers (CORS). */
  readonly origins: readonly string[]
  /** Grants made before this moment are dead (`client recover --since`). */
  readonly tokensValidAfter: Milliseconds
  /** Who makes it, as users are shown it. */
  readonly maker: string | undefined
  /** The name of its picture among the logos. */
  readonly logo: string | undefined
  /** Where it is told what happens to its grants. */
  readonly callback: string | undefined
  /** `off`: the address said that it is gone for good. */
  readonly callbackStatus: 'on' | 'off'
  /** What it is told of; empty: of all. */
  readonly callbackEvents: readonly string[]
  /** What this client alone does otherwise than its dialect. */
  readonly policy: Partial<Policy>
  readonly secrets: readonly ClientSecret[]
}

export type ClientSecret = {
  readonly hmac: Uint8Array
  readonly keyVersion: number
  readonly expires: Milliseconds | undefined
}

export type User = {
  readonly id: string
  readonly username: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly passwordHash: string | undefined
  readonly status: 'enabled' | 'disabled'
  /** Of the mails to them (BCP 47), such as `de`. */
  readonly language: string | undefined
  /** Too many sign-ins have failed: none is tried before this moment. */
  readonly lockedUntil: Milliseconds | undefined
  /** Where they live, by the name of a region; absent: where their organization does. */
  readonly region: string | undefined
}

export type Organization = {
  readonly id: string
  readonly name: string
  readonly region: string | undefined
  /** Base address of this organization's API, such as `https://acme.example`. */
  readonly apiDomain: string | undefined
  readonly status: 'enabled' | 'disabled'
  /** Whence its people sign in and its apps ask for them (`192.0.2.0/24`); empty: from anywhere. */
  readonly allowedAddresses: readonly string[]
}

/** That a user belongs to an organization; its admins see and govern all its connections. */
export type Membership = {
  readonly organization: Organization
  readonly role: 'member' | 'admin'
}

export type Connection = {
  readonly number: number
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly scopes: readonly string[]
  readonly since: Milliseconds
  readonly origin: 'authorized' | 'migrated'
  readonly confirmation: 'not_needed' | 'pending' | 'confirmed'
  readonly status: 'live' | 'revoked'
  /** Raised by every revocation, so that a later consent revives no grant. */
  readonly epoch: number
  /** The numbers of its live grants, oldest first. */
  readonly liveGrants: readonly number[]
  /** When an access token of it was last seen at introspection, within an hour. */
  readonly lastUsed: Milliseconds | undefined
}

export type Grant = {
  readonly number: number
  readonly locatorHash: Uint8Array
  readonly connection: number
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  /** Whom the tokens speak for. */
  readonly actsAs: 'user' | 'organization'
  readonly authorizedBy: string
  readonly scopes: readonly string[]
  readonly resource: readonly string[]
  /** The key that the refresh token is bound to (a JWK thumbprint), where it is. */
  readonly boundKey: string | undefined
  readonly epoch: number
  readonly generation: number
  readonly rotatedAt: Milliseconds
  /** The ring version of the current generation's refresh token. */
  readonly keyVersion: number
  readonly created: Milliseconds
  readonly usedAt: Milliseconds | undefined
  readonly refreshUntil: Milliseconds | undefined
  readonly accessUntil: Milliseconds
  readonly status: 'live' | 'revoked'
  readonly reason: string | undefined
  readonly replays: number
}

export type LegacyToken = {
  readonly lookup: Uint8Array
  /** Whose token it is, or '' where the old world did not know. */
  readonly clientId: string
  readonly dialect: string
  /** Who exchanged it, where the row names no client (`first_client`). */
  readonly boundTo: string | undefined
  readonly lookupVersion: number
  /** Groups aliases: tokens that stand for one authorization share its name. */
  readonly authorization: string | undefined
  readonly userId: string
  readonly organizationId: string
  readonly kind: string
  /** `undefined` is *none recorded*, which is not *empty*. */
  readonly scopes: readonly string[] | undefined
  readonly created: Milliseconds | undefined
  readonly expires: Milliseconds | undefined
  readonly lastUsed: Milliseconds | undefined
  readonly status: 'active' | 'exchanged' | 'retired' | 'expired' | 'revoked'
  /** Raised by every reset, so that a token that may have leaked is never said again. */
  readonly exchange: number
  readonly keyVersion: number | undefined
  readonly grantNumber: number | undefined
  /**
   * A connection that was revoked since is at a higher epoch, and its legacy tokens are dead: no row of
   * theirs changes.
   */
  readonly connectionEpoch: number
}

export type AuthorizationCode = {
  /** SHA-256 of the code: 256 random bits need no key to hide. */
  readonly hash: Uint8Array
  readonly kind: 'consent' | 'legacy'
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly actsAs: 'user' | 'organization'
  readonly authorizedBy: string
  readonly scopes: readonly string[]
  readonly resource: readonly string[]
  readonly redirectUri: string | undefined
  readonly codeChallenge: string | undefined
  readonly legacyLookup: Uint8Array | undefined
  readonly legacyClientId: string | undefined
  readonly wrappedLocator: Uint8Array | undefined
  readonly created: Milliseconds
  readonly expires: Milliseconds
  readonly status: 'open' | 'redeemed'
  readonly grantNumber: number | undefined
  /** What an id_token of this code repeats: the app's own word, and when the user signed in. */
  readonly nonce: string | undefined
  readonly authenticatedAt: Milliseconds | undefined
}

export type Session = {
  readonly hash: Uint8Array
  readonly userId: string
  readonly created: Milliseconds
  readonly expires: Milliseconds
  /** How the user signed in. */
  readonly method: 'password' | 'provider'
  /** From where, and with what, as the browser says: for the user, who tells sessions apart by it. */
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

/** A key as it lies in the database: sealed with the root secret, which does not. */
export type StoredKey = {
  readonly version: number
  /** `ring`, or a signature algorithm. */
  readonly kind: string
  readonly sealed: Uint8Array
  readonly publicJwk: string | undefined
  readonly created: Milliseconds
  readonly currentFrom: Milliseconds
  /** A retired signing key stays published until the last token that it signed has expired. */
  readonly publishUntil: Milliseconds | undefined
  readonly status: 'live' | 'compromised' | 'destroyed'
}

/** Something that someone must hear of. Appended in the commit that makes it true. */
export type Event = {
  readonly id: number
  readonly at: Milliseconds
  readonly kind: EventKind
  readonly actor: string
  readonly address: string | undefined
  readonly requestId: string | undefined
  readonly clientId: string | undefined
  readonly userId: string | undefined
  readonly organizationId: string | undefined
  readonly grantNumber: number | undefined
  readonly detail: string | undefined
}

/** What someone is to be told, by mail or by a call to their app. What it says is made when it goes. */
export type Delivery = {
  /** The same for the same thing told to the same one: however often it is planned, it is there once. */
  readonly id: string
  readonly clientId: string | undefined
  readonly userId: string | undefined
  readonly organizationId: string | undefined
  /** The connection that it is about, and its epoch then. */
  readonly connection: number | undefined
  readonly epoch: number | undefined
  /** The event that it tells of. */
  readonly event: number | undefined
  /** The id of the one-time code that it brings. */
  readonly oneTimeCode: Uint8Array | undefined
  /** When that happened. */
  readonly at: Milliseconds
  /** When it is to go, or, while somebody is sending it, when they are taken to have died. */
  readonly due: Milliseconds
  readonly attempts: number
  readonly status: 'waiting' | 'sent' | 'dropped' | 'given_up'
  readonly claimedBy: string | undefined
  readonly problem: string | undefined
} & (
  | { readonly channel: 'mail'; readonly kind: MailKind }
  | { readonly channel: 'callback'; readonly kind: CallbackKind }
)

export type MailKind =
  | 'app_installed'
  | 'app_uninstalled'
  | 'sign_in_locked'
  | 'confirmation_reminder'
  | 'one_time_code'

export type CallbackKind =
  | 'grant.created'
  | 'grant.confirmed'
  | 'grant.revoked'
  | 'legacy_token.exchanged'
  | 'refresh_token.reused'

/** What the database says of itself, for all of its nodes. */
export type MetaKey =
  | 'restored_to'
  | 'restored_at'
  | 'healing_until'
  | 'lost_below'
  | 'awaits_events'
  | 'keys_lost_to'
