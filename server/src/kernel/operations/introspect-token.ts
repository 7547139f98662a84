import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import { isBehind } from '../lost-row.ts'
import type { Policy } from '../policy.ts'
import { policyOf } from '../policy.ts'
import type { LegacyToken, Milliseconds } from '../records.ts'
import { isAsleep } from './confirmation.ts'
import type { Caller } from './issue.ts'
import { disabledSubject, isAlive, seconds } from './issue.ts'
import type { PresentedFacts, PresentedToken } from './presented-token.ts'
import { isAccessAlive, lookAtToken } from './presented-token.ts'

export type IntrospectInput = PresentedToken & {
  readonly caller: Caller
  /** What each mounted dialect's policy is, by the dialect's name. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
}

/** `unknown`: as far as the caller may know, nobody ever issued this token, so it was a guess. */
export type Introspected =
  | { readonly active: false; readonly unknown?: true; readonly inactiveReason?: InactiveReason }
  | ActiveToken

/** Why a token that is good is not active, where somebody can do something about it. */
export type InactiveReason = 'confirmation_pending'

export type ActiveToken = {
  readonly active: true
  readonly kind: 'access' | 'refresh' | 'legacy'
  readonly clientId: string | undefined
  readonly userId: string
  readonly organizationId: string
  /** `undefined` where none were recorded (a legacy token). */
  readonly scopes: readonly string[] | undefined
  readonly resource: readonly string[]
  readonly issuer: string | undefined
  readonly jti: string | undefined
  readonly issuedAt: Milliseconds | undefined
  readonly expiresAt: Milliseconds | undefined
  /** What was seen, to be noted in a batch: reading never writes. */
  readonly seen: SeenToken | undefined
}

export type SeenToken = {
  readonly legacy?: Pick<LegacyToken, 'lookup' | 'clientId'> | undefined
  /** The number of a grant whose legacy token is retired by this. */
  readonly firstUseOf?: number | undefined
  /** The connection that an access token is of. */
  readonly connection?: number | undefined
}

const inactive: Introspected = { active: false }
const unknown: Introspected = { active: false, unknown: true }
const asleep: Introspected = { active: false, inactiveReason: 'confirmation_pending' }

/**
 * Says whether a token is alive (RFC 7662), a legacy token as well as a new one, so that an API can take both
 * on one route. A client sees its own tokens; a resource server sees all. Anything else is simply not active
 * (§2.2).
 */
export const introspectToken: Operation<IntrospectInput, PresentedFacts, Introspected> = {
  look: (store, input, ring) => lookAtToken(store, input, input.caller.client.id, ring),

  decide({ caller, policies }, facts, moment) {
    const { client, proven } = caller
    if (client.status === 'disabled') return refuse('client_disabled')
    // RFC 7662 §2.1: whoever asks proves itself, or the endpoint would be a place to try tokens.
    if (!proven) return refuse('client_secret_missing')
    if (facts.kind === 'version_unknown') return refuse('key_version_unknown')
    // What an API asks about, its callers have guessed; what an app asks about, the app itself.
    if (facts.kind === 'unknown') return granted(client.mayIntrospect ? inactive : unknown)
    // Trouble of ours, as long as the token could be alive at all.
    const mayLive =
      facts.kind === 'refresh' || (facts.kind === 'access' && facts.claims.expiresAt > moment.now)
    if (mayLive && isBehind(facts.lost)) return refuse('state_behind')
    const owner = facts.client
    if (!client.mayIntrospect && owner?.id !== client.id) {
      // Counted like an unknown one: else the limit would tell which strings are another's legacy tokens.
      return granted(facts.kind === 'legacy' ? unknown : inactive)
    }
    if (owner?.status === 'disabled') return granted(inactive)

    if (facts.kind === 'access') return granted(accessOf(facts, policies, moment))
    if (facts.kind === 'refresh') return granted(refreshOf(facts, policies, moment))
    return granted(legacyOf(facts, policies, moment))
  },
}

type Facts<Kind> = Extract<PresentedFacts, { kind: Kind }>

function accessOf(
  facts: Facts<'access'>,
  policies: IntrospectInput['policies'],
  { now }: Moment,
): Introspected {
  const { claims, number, grant, alone, client } = facts
  if (!client || !isAccessAlive(facts, now)) return inactive
  const policy = policyOf(policies[client.dialect] ?? {}, client)
  if (isAsleep(grant?.connection ?? alone?.connection, policy)) return asleep
  const { legacyAfterExchange, rotate } = policy
  const firstUse =
    number !== 0 &&
    legacyAfterExchange === 'retire_on_first_use' &&
    rotate !== 'never' &&
    grant?.grant.usedAt === undefined
  return {
    active: true,
    kind: 'access',
    clientId: client.id,
    userId: claims.userId,
    organizationId: claims.organizationId || (grant?.grant.organizationId ?? ''),
    scopes: claims.scopes,
    resource: claims.resource,
    issuer: claims.issuer,
    jti: claims.jti,
    issuedAt: claims.issuedAt,
    expiresAt: claims.expiresAt,
    seen: { connection: (grant ?? alone)?.connection?.number, firstUseOf: firstUse ? number : undefined },
  }
}

function refreshOf(
  { grant: facts, generation, client }: Facts<'refresh'>,
  policies: IntrospectInput['policies'],
  { now }: Moment,
): Introspected {
  if (!facts || !client) return inactive
  const { grant, connection } = facts
  const expired = grant.refreshUntil !== undefined && grant.refreshUntil <= now
  if (expired || !isAlive(grant, connection, client) || disabledSubject(facts)) return inactive
  if (generation !== grant.generation) return inactive
  // It is still good for a refresh. But an API that takes whatever is active must not take it, either.
  if (isAsleep(connection, policyOf(policies[client.dialect] ?? {}, client))) return asleep
  return {
    active: true,
    kind: 'refresh',
    clientId: client.id,
    userId: grant.userId,
    organizationId: grant.organizationId,
    scopes: grant.scopes,
    resource: grant.resource,
    issuer: undefined,
    jti: undefined,
    issuedAt: grant.rotatedAt,
    expiresAt: grant.refreshUntil,
    seen: undefined,
  }
}

function legacyOf(
  facts: Facts<'legacy'>,
  policies: IntrospectInput['policies'],
  moment: Moment,
): Introspected {
  const { legacy, client, connection, barred } = facts
  const { token } = legacy
  const revoked =
    barred || (connection && (connection.status === 'revoked' || connection.epoch > token.connectionEpoch))
  if (revoked || disabledSubject(legacy) || !isLegacyAlive(facts, policies, moment.now)) return inactive
  return {
    active: true,
    kind: 'legacy',
    clientId: client?.id,
    userId: token.userId,
    organizationId: token.organizationId,
    scopes: token.scopes,
    resource: [],
    issuer: undefined,
    jti: undefined,
    issuedAt: token.created,
    expiresAt: token.expires,
    seen: { legacy: { lookup: token.lookup, clientId: token.clientId } },
  }
}

/** What an exchanged legacy token is still worth at the API is policy: `keep`, `retire`, `retire_after`, … */
function isLegacyAlive(
  { legacy: { token, grant }, client, connection }: Facts<'legacy'>,
  policies: IntrospectInput['policies'],
  now: Milliseconds,
): boolean {
  if (token.expires !== undefined && token.expires <= now) return false
  if (token.status === 'active') return true
  if (token.status !== 'exchanged' || !client) return false
  const policy = policyOf(policies[token.dialect] ?? {}, client)
  const { legacyAfterExchange: after } = policy
  if (after === 'keep') return true
  if (after === 'retire' || !grant) return false
  if (after === 'retire_on_first_use') {
    // A refresh is no use of a token that sleeps: without this, the app would have nothing that works.
    const isUsed = grant.generation > 0 || grant.usedAt !== undefined
    return !isUsed || isAsleep(connection, policy)
  }
  return now < grant.created + seconds(after.retireAfterSeconds)
}
