/**
 * A token of any kind, presented to be introspected or revoked: what it is, and what the store knows of it.
 */
import type { AccessClaims } from '../access-token.ts'
import { hearOpaqueAccess } from '../access-token.ts'
import { hearRefreshToken, hearTokenId, locatorHash } from '../chain.ts'
import { lookupsOf } from '../legacy-lookup.ts'
import type { LostRow } from '../lost-row.ts'
import type { Client, Connection, Grant, Milliseconds } from '../records.ts'
import type { Ring } from '../ring.ts'
import { equal } from '../ring.ts'
import type { GrantFacts, LegacyFacts, Store } from '../store.ts'
import type { Subject } from './issue.ts'
import { disabledSubject, isAlive } from './issue.ts'

export type PresentedToken = {
  readonly token: string
  /** What it says, where it is a JWT that one of our keys signed. */
  readonly signed: AccessClaims | undefined
}

export type PresentedFacts =
  | {
      readonly kind: 'access'
      readonly claims: AccessClaims
      readonly number: number
      readonly grant: GrantFacts | undefined
      /**
       * Of a token without a grant (`no_refresh_token`): whom it speaks for, and what they allowed the app.
       */
      readonly alone?: AloneFacts | undefined
      readonly client: Client | undefined
      readonly revoked: boolean
      /** Where its grant is not there (promise 12). */
      readonly lost: LostRow | undefined
    }
  | {
      readonly kind: 'refresh'
      readonly generation: number
      readonly grant: GrantFacts | undefined
      readonly client: Client | undefined
      readonly lost: LostRow | undefined
    }
  | {
      readonly kind: 'legacy'
      readonly legacy: LegacyFacts
      /** Whose it is, where it is somebody's. */
      readonly client: Client | undefined
      readonly connection: Connection | undefined
      /** Its client is taken out: from its user, from its organization, or from one of its user's. */
      readonly barred: boolean
    }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_unknown' }

export type AloneFacts = Subject & {
  readonly connection: Connection | undefined
  readonly barred: boolean
}

/**
 * Whether an access token is good: nobody has ended it, or what it hangs on. Whether it waits for its user is
 * policy, and is asked apart.
 */
export function isAccessAlive(
  { claims, number, grant, alone, client, revoked }: Extract<PresentedFacts, { kind: 'access' }>,
  now: Milliseconds,
): boolean {
  if (revoked || claims.expiresAt <= now || !client) return false
  if (number !== 0)
    return grant !== undefined && isAlive(grant.grant, grant.connection, client) && !disabledSubject(grant)
  if (claims.issuedAt < client.tokensValidAfter) return false
  return !alone || !(alone.barred || alone.connection?.status === 'revoked' || disabledSubject(alone))
}

/** Finds out what a token is. A wrong hint must not matter (RFC 7009 §2.1), so none is asked for. */
export async function lookAtToken(
  store: Store,
  { token, signed }: PresentedToken,
  callerId: string,
  ring: Ring,
): Promise<PresentedFacts> {
  const claims = signed ?? hearOpaqueAccess(ring, token)
  if (claims) return lookAtAccess(store, claims, ring)
  const heard = hearRefreshToken(ring, token)
  if (heard.heard === 'version_unknown') return { kind: 'version_unknown' }
  if (heard.heard === 'genuine') {
    const grant = await store.findGrant(heard.token.number)
    const own = grant && equal(locatorHash(heard.token.locator), grant.grant.locatorHash) ? grant : undefined
    return {
      kind: 'refresh',
      generation: heard.token.generation,
      grant: own,
      client: own && (await store.findClient(own.grant.clientId)),
      lost: own ? undefined : await lookForRow(store, heard.token.number, grant !== undefined),
    }
  }
  const legacy = await store.findLegacyToken(lookupsOf(ring, token), callerId, 'user')
  if (!legacy) return { kind: 'unknown' }
  const clientId = legacy.token.clientId || legacy.token.boundTo
  if (!clientId) return { kind: 'legacy', legacy, client: undefined, connection: undefined, barred: false }
  const { userId, organizationId } = legacy.grant ?? legacy.token
  const [client, connection, barred] = await Promise.all([
    store.findClient(clientId),
    store.findConnection(clientId, userId, organizationId),
    lookForBar(store, { userId, organizationId }, clientId),
  ])
  return { kind: 'legacy', legacy, client, connection, barred }
}

async function lookAtAccess(store: Store, claims: AccessClaims, ring: Ring): Promise<PresentedFacts> {
  const number = hearTokenId(ring, claims.jti)
  if (number === undefined) return { kind: 'version_unknown' }
  // Asked together: where asking is a round trip, it is one for both.
  const [there, revoked] = await Promise.all([
    number === 0 ? undefined : store.findGrant(number),
    store.isAccessTokenRevoked(claims.jti),
  ])
  const grant = there && isGrantOf(there.grant, claims) ? there : undefined
  const clientId = grant?.grant.clientId ?? claims.clientId
  const [client, alone] = await Promise.all([
    clientId === undefined ? undefined : store.findClient(clientId),
    number === 0 ? lookAtSubject(store, claims) : undefined,
  ])
  const isLost = number !== 0 && !grant
  const lost = isLost ? await lookForRow(store, number, there !== undefined) : undefined
  return { kind: 'access', claims, number, grant, alone, client, revoked, lost }
}

/**
 * Whether the grant at a token's number is the token's: a copy of the database may have given the number
 * away again.
 */
function isGrantOf(grant: Grant, { clientId, userId, issuedAt }: AccessClaims): boolean {
  // A token says whole seconds, and is no older than its grant.
  const isOlder = issuedAt + 1000 <= grant.created
  const isOthers =
    (clientId !== undefined && clientId !== grant.clientId) || (userId !== '' && userId !== grant.userId)
  return !isOlder && !isOthers
}

const lookForRow = async (store: Store, number: number, displaced: boolean): Promise<LostRow> => ({
  number,
  displaced,
  numbering: await store.findNumbering(number),
})

async function lookAtSubject(
  store: Store,
  { clientId = '', userId, organizationId }: AccessClaims,
): Promise<AloneFacts | undefined> {
  // A token for the client itself: nobody allowed it, and nobody can take it back.
  if (userId === '' && organizationId === '') return undefined
  const [connection, barred, user, organization] = await Promise.all([
    store.findConnection(clientId, userId, organizationId),
    lookForBar(store, { userId, organizationId }, clientId),
    userId === '' ? undefined : store.findUser(userId),
    organizationId === '' ? undefined : store.findOrganization(organizationId),
  ])
  return { connection, barred, user, organization }
}

/** A user who acts in no organization belongs to theirs all the same. */
async function lookForBar(
  store: Store,
  { userId, organizationId }: { readonly userId: string; readonly organizationId: string },
  clientId: string,
): Promise<boolean> {
  const [ofUser, ofOrganization] = await Promise.all([
    store.isUserBarred(userId, clientId),
    organizationId === ''
      ? store.listBarring(userId, clientId).then((barring) => barring.length > 0)
      : store.isBarred(organizationId, clientId),
  ])
  return ofUser || ofOrganization
}
