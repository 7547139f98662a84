/**
 * The storage contract: a few finders and `commit`. A backend keeps the promises in `storage/contract.ts`.
 * Every method rejects with `StoreUnavailable` where the trouble is ours: the caller hears 503 and asks
 * again.
 */
import type { AccountFinders } from './account-finders.ts'
import type { AdmissionFinders } from './admissions.ts'
import type { CallbackFinders } from './callback-secrets.ts'
import type { CountFinders } from './counts.ts'
import type { Write } from './decision.ts'
import type { LeaseFinders } from './leases.ts'
import type { OneTimeCodeFinders } from './one-time-code.ts'
import type { OutboxFinders } from './outbox-finders.ts'
import type {
  AuthorizationCode,
  Client,
  Connection,
  Event,
  Grant,
  LegacyToken,
  Milliseconds,
  Organization,
  Session,
  StoredKey,
  User,
} from './records.ts'
import type { RequestTokenFinders } from './request-token.ts'
import type { LookupKind } from './ring.ts'
import type { SignInFinders } from './sign-in.ts'
import type { BarredBy, JoinedUser, SubjectFinders } from './subjects.ts'
import type { WhereaboutsFinders } from './whereabouts.ts'

/** The database is gone, full, locked or slow. Nothing was acknowledged. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A grant and all that a decision on it needs. */
export type GrantFacts = {
  readonly grant: Grant
  readonly connection: Connection
  readonly user: JoinedUser | undefined
  readonly organization: Organization | undefined
}

/** A legacy token as one client sees it. */
export type LegacyFacts = {
  /** The client's own row, else the row that names no client, else another client's. */
  readonly token: LegacyToken
  /** Under `each_client`: the row that names no client, which `token` was copied from. */
  readonly shared: LegacyToken | undefined
  readonly alias: AliasStatus
  readonly grant: Grant | undefined
  readonly connection: Connection | undefined
  /** Whether the asking client was taken out, and of what. */
  readonly barred: BarredBy
  readonly user: JoinedUser | undefined
  readonly organization: Organization | undefined
}

/**
 * What became of another token of the same authorization that is this client's or nobody's. Revoked counts
 * before exchanged: the authorization is taken back, whichever of its tokens it was said with.
 */
export type AliasStatus = 'exchanged' | 'revoked' | undefined

export type CodeFacts = {
  readonly code: AuthorizationCode
  readonly legacy: LegacyToken | undefined
  readonly alias: AliasStatus
  readonly grant: Grant | undefined
  readonly connection: Connection | undefined
  /** Whether its client was taken out, and of what. */
  readonly barred: BarredBy
  readonly user: JoinedUser | undefined
  readonly organization: Organization | undefined
}

/** Where grant numbers stand, and whether this database is a copy from an earlier time. */
export type Numbering = {
  /** The next number to be leased. */
  readonly next: number
  /**
   * The number was leased by this database and used, as far as its block was: a grant without a row at it was
   * swept. Of any other number nothing is known here; who has one got it from a later state of this database.
   */
  readonly accountedFor: boolean
  /** What `db restored` declared, where it did. */
  readonly declared: DeclaredRestore | undefined
}

/** A restore that the operator has declared. It speaks for what came before it, and for no later one. */
export type DeclaredRestore = {
  readonly at: Milliseconds
  /** A genuine token ahead of its row sets the row, until this moment. */
  readonly healingUntil: Milliseconds
  /**
   * Numbers below this one may have been issued between the copy and the restore; none of them is leased
   * again.
   */
  readonly lostBelow: number
}

export type NumberBlock = {
  readonly first: number
  readonly count: number
  /** Which of the database's primaries leased it, of those that were seen here. */
  readonly primary: number
}

export type ImportedLegacyToken = Omit<
  LegacyToken,
  'boundTo' | 'exchange' | 'keyVersion' | 'grantNumber' | 'connectionEpoch' | 'status'
> & {
  /** All look-ups under which the token may already stand, so that nothing comes in twice. */
  readonly alsoAs: readonly Uint8Array[]
}

export type ImportedUser = {
  readonly user: User
  readonly organizations: readonly string[]
  /** Those that they are an admin of, whether or not they are named above. */
  readonly adminOf: readonly string[]
}

export type Usage = {
  /** How often each grant's answer was said again. */
  readonly replays: ReadonlyMap<number, number>
  /** Legacy tokens seen at introspection: key, when. */
  readonly legacySeen: readonly {
    readonly lookup: Uint8Array
    readonly clientId: string
    readonly at: Milliseconds
  }[]
  /** Grants whose access token was seen at introspection under `retire_on_first_use`, and when. */
  readonly used: ReadonlyMap<number, Milliseconds>
  /** Connections whose access tokens were seen at introspection, and when; noted once an hour at most. */
  readonly connectionsUsed: ReadonlyMap<number, Milliseconds>
  readonly counts: readonly { readonly key: string; readonly window: Milliseconds; readonly count: number }[]
}

/** From a moment on, up to another one without it. */
export type Span = { readonly from: Milliseconds; readonly before: Milliseconds }

export type Page = { readonly after: string | undefined; readonly limit: number }

/** A legacy token's row, as the operator sees it. */
export type LegacyRow = {
  readonly token: LegacyToken
  /** The epoch of the connection under which its owner exchanges it; 0 where there is none. */
  readonly connectionEpoch: number
  readonly connectionRevoked: boolean
  /** There is a grant at its number, and nobody has ended it. */
  readonly grantIsLive: boolean
}

/** What would be lost with a version of the ring. */
export type KeyUses = {
  readonly legacyTokens: number
  readonly clientSecrets: number
  /** Of webhooks. They and client secrets count while they are good. */
  readonly callbackSecrets: number
  readonly liveGrants: number
}

/** Ids of users and of organizations. */
export type PeopleIds<Ids> = { readonly users: Ids; readonly organizations: Ids }

/** Those that stand in files of their own. */
type Finders = AccountFinders &
  OutboxFinders &
  AdmissionFinders &
  CallbackFinders &
  CountFinders &
  LeaseFinders &
  OneTimeCodeFinders &
  RequestTokenFinders &
  SignInFinders &
  SubjectFinders &
  WhereaboutsFinders

export type Store = Finders & {
  /** By id, or by an identifier of the old world. */
  findClient(id: string): Promise<Client | undefined>
  /**
   * The same, but perhaps as it was read before, while it is read again: for who asks for more at once, and
   * then asks whether it is current.
   */
  recallClient(id: string): Promise<Client | undefined>
  /** Whether a client that was recalled is what the store has now. */
  isCurrent(client: Client): boolean | Promise<boolean>
  /** `as` says under which connection the grant would hang: the user's, or the whole organization's. */
  findLegacyToken(
    lookups: readonly Uint8Array[],
    clientId: string,
    as: 'user' | 'organization',
  ): Promise<LegacyFacts | undefined>
  findGrant(number: number): Promise<GrantFacts | undefined>
  findCode(hash: Uint8Array): Promise<CodeFacts | undefined>
  findConnection(clientId: string, userId: string, organizationId: string): Promise<Connection | undefined>
  findConnectionByNumber(number: number): Promise<Connection | undefined>
  findUser(id: string): Promise<User | undefined>
  findUserByUsername(username: string): Promise<User | undefined>
  /** Two at most: one is enough to know that the address is not one user's alone. Case does not matter. */
  findUsersByEmail(email: string): Promise<readonly User[]>
  findOrganization(id: string): Promise<Organization | undefined>
  findSession(hash: Uint8Array): Promise<{ readonly session: Session; readonly user: User } | undefined>
  findLogo(name: string): Promise<Uint8Array | undefined>
  isAccessTokenRevoked(jti: string): Promise<boolean>
  findNumbering(number: number): Promise<Numbering>
  findLookupKinds(): Promise<readonly LookupKind[]>

  /**
   * All or nothing. `overtaken`: the guard changed no row, and nothing is left behind. Resolves when durable.
   */
  commit(writes: readonly Write[]): Promise<'committed' | 'overtaken'>

  /** A block of grant numbers that no other process will get, none of them below `from`. */
  leaseNumbers(count: number, from?: number): Promise<NumberBlock>
  /**
   * Whether this database has leased the block, and its primary is still the one that did: one that went back
   * to an earlier moment has not, and one that took over may lack what was granted of it.
   */
  isLeased(block: NumberBlock): Promise<boolean>
  /**
   * Gives back what is left of a block, so that a number in it without a row is known to have been swept. One
   * that is not leased any more stays open.
   */
  closeNumbers(block: NumberBlock): Promise<void>

  /** Rows that are there already stay as they are. Returns how many came in. Kinds must be noted first. */
  importLegacyTokens(rows: readonly ImportedLegacyToken[]): Promise<number>
  noteLookupKind(kind: LookupKind): Promise<void>
  /**
   * Adds them, or changes what describes them. Returns the places of those whose username is another user's.
   */
  importUsers(users: readonly ImportedUser[]): Promise<readonly number[]>
  importOrganizations(organizations: readonly Organization[]): Promise<void>
  /** How many of the ids are not there, each as often as it is named. */
  countUnknown(ids: PeopleIds<readonly string[]>): Promise<PeopleIds<number>>
  noteUsage(usage: Usage): Promise<void>
  /**
   * Deletes what is dead, at most `limit` rows of each table; returns how many went, and whether all was
   * seen.
   */
  sweep(now: Milliseconds, limit: number): Promise<{ readonly gone: number; readonly done: boolean }>

  listKeys(): Promise<readonly StoredKey[]>
  findMeta(key: string): Promise<string | undefined>

  // Lists, for the operator.
  listClients(): Promise<readonly Client[]>
  listUsers(page: Page): Promise<readonly User[]>
  listOrganizations(page: Page): Promise<readonly Organization[]>
  listConnections(filter: ConnectionFilter, page: Page): Promise<readonly Connection[]>
  listGrants(connection: number): Promise<readonly Grant[]>
  listEvents(afterId: number, limit: number): Promise<readonly Event[]>
  findEvent(id: number): Promise<Event | undefined>
  /** A legacy token's rows, then those of the other tokens of their authorizations; every client's. */
  findLegacyRows(lookups: readonly Uint8Array[]): Promise<readonly LegacyRow[]>
  /**
   * Legacy tokens that this client exchanged into grants made in this time, in the order of their keys;
   * without those whose connection was revoked since.
   */
  listExchanged(
    clientId: string,
    made: Span,
    page: { readonly after: Uint8Array; readonly limit: number },
  ): Promise<readonly Pick<LegacyToken, 'lookup' | 'clientId'>[]>
  /** Numbers of the client's live grants made in this time that are of no token in `listExchanged`. */
  listOtherGrants(
    clientId: string,
    made: Span,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly number[]>
  countKeyUses(version: number, now: Milliseconds): Promise<KeyUses>
  /**
   * Deletes tombstones whose grant is gone, older than `before`, among the next `limit` rows; `after`: go on
   * there.
   */
  purgeLegacyTokens(
    before: Milliseconds,
    page: { readonly after: Uint8Array; readonly limit: number },
  ): Promise<{ readonly gone: number; readonly after: Uint8Array | undefined }>
  countLegacyTokens(): Promise<
    readonly { dialect: string; clientId: string; status: string; count: number }[]
  >
}

export type ConnectionFilter = {
  readonly clientId?: string
  readonly userId?: string
  readonly organizationId?: string
}
