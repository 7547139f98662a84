/**
 * What every operation that issues tokens shares: the caller, the result, and how a pair comes of a grant.
 */
import { sayRefreshToken, sayTokenId } from '../chain.ts'
import type { Actor, ConnectionExpected } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { Policy, SignatureAlgorithm } from '../policy.ts'
import type { Client, Connection, Grant, Milliseconds, Organization } from '../records.ts'
import type { Refusal } from '../refusals.ts'
import type { RingVersion } from '../ring.ts'
import { currentVersion } from '../ring.ts'
import { within } from '../scopes.ts'
import type { BarredBy, JoinedUser } from '../subjects.ts'
import { isAsleep } from './confirmation.ts'
import type { Identity } from './identity.ts'

/** The client that asks, as this request showed it. */
export type Caller = {
  readonly client: Client
  /** It proved itself in this very request, with a secret that no app carries about. */
  readonly proven: boolean
  readonly policy: Policy
  readonly actor: Actor
  /** Where this was asked, and all regions that there are; absent where the dialect knows none. */
  readonly regions?: Regions | undefined
}

export type Regions = { readonly here: string; readonly all: readonly string[] }

/**
 * What an access token says. Signing, which takes the processor's time and no decision, comes after the
 * commit.
 */
export type Access = {
  readonly jti: string
  readonly grantNumber: number
  readonly format: Policy['accessFormat']
  readonly signature: SignatureAlgorithm
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly actsAs: Grant['actsAs'] | 'client'
  readonly scopes: readonly string[]
  readonly resource: readonly string[]
  readonly issuedAt: Milliseconds
  readonly expiresAt: Milliseconds
  /** Users whom the app means to act for, where it said so. */
  readonly proxies?: readonly string[]
}

/** The result of every operation that issues tokens. */
export type Issued = {
  readonly access: Access | undefined
  readonly refreshToken: string | undefined
  readonly refreshExpiresAt: Milliseconds | undefined
  readonly issuedAt: Milliseconds
  /** Of the access token. */
  readonly scopes: readonly string[]
  /** Of the grant. */
  readonly grantScopes: readonly string[]
  readonly grantCreatedAt: Milliseconds
  readonly userId: string
  readonly authorizedBy: string
  readonly organization: Organization | undefined
  /** Where the subject lives; absent where nobody has said so, and for the client itself. */
  readonly region?: string | undefined
  readonly actsAs: Access['actsAs']
  /** Who the user is, where the app may know. */
  readonly identity?: Identity | undefined
  /** The same answer as before, said again. */
  readonly repeated: boolean
}

export type Subject = {
  readonly user: JoinedUser | undefined
  readonly organization: Organization | undefined
}

export const seconds = (count: number): Milliseconds => count * 1000

/** When a refresh token said now ends; `undefined`: never. */
export const refreshUntil = (policy: Policy, now: Milliseconds): Milliseconds | undefined =>
  policy.refreshSeconds === null ? undefined : now + seconds(policy.refreshSeconds)

/**
 * The longest that any access token of this generation can live. A repeat writes nothing, so the row reckons
 * with the last one there could be: a grant outlives its longest access token.
 */
export const accessUntil = (policy: Policy, now: Milliseconds): Milliseconds =>
  now + seconds(policy.accessSeconds + Math.max(policy.exchangeRepeatSeconds, policy.refreshRepeatSeconds))

/** What an access token hangs on, as far as it may still wait for its user; a client's own hangs on none. */
type Waiting = Pick<Connection, 'confirmation'> | undefined

type Pair = {
  readonly caller: Caller
  readonly grant: Grant
  readonly connection: Waiting
  readonly locator: Uint8Array
  readonly version: RingVersion
  readonly generation: number
  readonly refreshExpiresAt: Milliseconds | undefined
  readonly asked: readonly string[] | undefined
  readonly subject: Subject
  readonly withAccess: boolean
  readonly withRefresh: boolean
  readonly repeated: boolean
}

/** A fresh access token beside the refresh token of a grant's generation. */
export function sayPair(pair: Pair, moment: Moment): Issued {
  const { caller, grant, version } = pair
  const scopes = pair.asked ?? grant.scopes
  return {
    access: pair.withAccess ? accessOf(caller, grant, pair.connection, scopes, moment) : undefined,
    refreshToken: pair.withRefresh
      ? sayRefreshToken(version, { number: grant.number, locator: pair.locator, generation: pair.generation })
      : undefined,
    refreshExpiresAt: pair.refreshExpiresAt,
    issuedAt: moment.now,
    scopes,
    grantScopes: grant.scopes,
    grantCreatedAt: grant.created,
    userId: grant.userId,
    authorizedBy: grant.authorizedBy,
    organization: pair.subject.organization,
    region: regionOf(pair.subject),
    actsAs: grant.actsAs,
    repeated: pair.repeated,
  }
}

type About = Pick<Grant, 'number' | 'userId' | 'organizationId' | 'resource'> & {
  readonly actsAs: Access['actsAs']
  /** The grant's birth, where there is a grant. */
  readonly created?: Milliseconds
}

/** An access token for a grant, or, with number 0, for the client itself. */
export function accessOf(
  { policy, client }: Caller,
  about: About,
  connection: Waiting,
  scopes: readonly string[],
  moment: Moment,
): Access {
  const version = currentVersion(moment.ring, moment.now)
  // Never before its grant, though the clock went back: it would pass for one of a grant that was lost.
  const issued = Math.max(moment.now, about.created ?? 0)
  // Whole seconds: an expiry that a dialect prints is the expiry that the token has.
  const issuedAt = Math.floor(issued / 1000) * 1000
  return {
    jti: sayTokenId(version, about.number, moment.random(31)),
    grantNumber: about.number,
    // Whoever verifies a JWT alone would take it before the user has confirmed: it never asks us.
    format: isAsleep(connection, policy) ? 'opaque' : policy.accessFormat,
    signature: policy.signature,
    clientId: client.id,
    userId: about.userId,
    organizationId: about.organizationId,
    actsAs: about.actsAs,
    scopes,
    resource: about.resource,
    issuedAt,
    expiresAt: issuedAt + seconds(policy.accessSeconds),
  }
}

/**
 * What a commit that carries these scopes expects of the connection that was looked at. Whether it waits
 * decides what is said; what it may do, whether it waits.
 */
export const expected = (
  {
    clientId,
    userId,
    organizationId,
    scopes,
  }: Pick<Grant, 'clientId' | 'userId' | 'organizationId' | 'scopes'>,
  found: Connection | undefined,
): ConnectionExpected => ({
  clientId,
  userId,
  organizationId,
  found: found && {
    number: found.number,
    epoch: found.epoch,
    status: found.status,
    confirmation: found.confirmation,
    scopes: within(scopes, found.scopes) ? undefined : found.scopes,
  },
})

/**
 * A grant lives while nobody ended it, its connection stands as at its birth, and its client was not
 * recovered since.
 */
export const isAlive = (grant: Grant, connection: Connection | undefined, client: Client): boolean =>
  grant.status === 'live' &&
  connection?.status === 'live' &&
  connection.epoch === grant.epoch &&
  grant.created >= client.tokensValidAfter

/** Whether a user or organization that a grant hangs on was disabled. */
export function disabledSubject({
  user,
  organization,
}: Subject): 'user_disabled' | 'organization_disabled' | undefined {
  if (user?.status === 'disabled') return 'user_disabled'
  if (organization?.status === 'disabled') return 'organization_disabled'
  return undefined
}

/** What it is called that a client was taken out. */
export const barredReason = (by: BarredBy): 'client_barred_for_user' | 'client_barred' | undefined =>
  by && (by === 'user' ? 'client_barred_for_user' : 'client_barred')

/** A subject's own region, else its organization's. */
export const regionOf = ({ user, organization }: Subject): string | undefined =>
  user?.region ?? organization?.region

/** Why somebody gets nothing here and now: another region has them. One that nobody configured has nobody. */
export function livesElsewhere({ regions }: Caller, subject: Subject): Refusal | undefined {
  const region = regionOf(subject)
  const isElsewhere =
    regions && region !== undefined && region !== regions.here && regions.all.includes(region)
  return isElsewhere ? { reason: 'lives_elsewhere', region } : undefined
}
