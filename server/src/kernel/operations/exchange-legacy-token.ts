import { legacyLocator, locatorHash } from '../chain.ts'
import type { Write } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import { lookupsOf } from '../legacy-lookup.ts'
import type { Client, Connection, Grant, LegacyToken } from '../records.ts'
import type { Reason, Refusal } from '../refusals.ts'
import type { RingVersion } from '../ring.ts'
import { currentVersion, equal, findVersion } from '../ring.ts'
import { firstBeyond, renamed, sameSet } from '../scopes.ts'
import type { LegacyFacts } from '../store.ts'
import { targetsFit } from '../token-size.ts'
import type { Caller, Issued } from './issue.ts'
import { barredReason, disabledSubject, isAlive, sayPair, seconds } from './issue.ts'
import { guardOf, migratedGrant } from './migrated-grant.ts'

export type ExchangeInput = {
  readonly caller: Caller
  readonly legacyToken: string
  /** For whom: the token's user, or (Concur's company token) the whole organization. */
  readonly as: Grant['actsAs']
  /** Of the access token; absent: all of the grant. */
  readonly scopes?: readonly string[] | undefined
  readonly resource?: readonly string[] | undefined
  /** The organization that the caller names, where its dialect asks for one (Clover's merchant). */
  readonly organizationId?: string | undefined
  readonly wants: 'pair' | 'refresh_token'
  /** Kinds of token that may become a company's (`wsadmin`). */
  readonly companyKinds?: readonly string[]
  /** The client has made all the exchanges it may make today. */
  readonly budgetSpent?: boolean | undefined
}

/**
 * Trades a legacy token for a grant: an access and a refresh token, or the refresh token alone.
 * The refresh token is computed from the legacy token, so the same request says the same one again until it
 * was used (7 days at most; 1 day to a client that cannot prove itself), and no race makes a second grant.
 */
export const exchangeLegacyToken: Operation<ExchangeInput, LegacyFacts | undefined, Issued> = {
  look: (store, { legacyToken, caller, as }, ring) =>
    store.findLegacyToken(lookupsOf(ring, legacyToken), caller.client.id, as),

  decide(input, facts, moment) {
    const { caller } = input
    const refused = refusalOfToken(input, facts)
    if (refused || !facts) return refuse(refused ?? 'legacy_token_unknown')

    if (isExchanged(facts)) return sayAgain(input, facts, moment)

    const late = refusalOfTime(caller.client, facts, moment)
    if (late) return refuse(late)
    if (input.budgetSpent) return refuse(budgetSpent)
    if (!targetsFit(input.resource ?? [])) return refuse('target_invalid')
    const scopes = scopesOf(facts.token, caller)
    if ('reason' in scopes) return refuse(scopes)
    const beyond = input.scopes && firstBeyond(input.scopes, scopes)
    if (beyond !== undefined) return refuse({ reason: 'scope_widened', parameter: beyond })

    const version = versionOf(facts.token, moment)
    if (!version) return refuse('key_version_unknown')
    const begun = beginGrant(input, facts, scopes, version, moment)
    return granted(
      sayPair(
        {
          caller,
          grant: begun.grant,
          connection: begun.connection,
          locator: begun.locator,
          version,
          generation: 0,
          refreshExpiresAt: begun.grant.refreshUntil,
          asked: input.scopes,
          subject: facts,
          withAccess: input.wants === 'pair',
          withRefresh: true,
          repeated: false,
        },
        moment,
      ),
      ...begun.writes,
    )
  },
}

/**
 * Checks that come before the question whether the token was exchanged; shared with the exchange into a code.
 */
export function refusalOfToken(
  input: Pick<ExchangeInput, 'caller' | 'legacyToken' | 'as' | 'organizationId' | 'companyKinds'>,
  facts: LegacyFacts | undefined,
): Reason | Refusal | undefined {
  const { client } = input.caller
  if (client.status === 'disabled') return 'client_disabled'
  if (!facts) return isOneOfOurs(input.legacyToken) ? 'legacy_token_is_ours' : 'legacy_token_unknown'
  const { token, alias, connection } = facts
  if (token.clientId !== '' && token.clientId !== client.id) return 'legacy_token_of_other_client'
  if (token.dialect !== client.dialect) return 'legacy_token_of_other_dialect'
  if (input.organizationId !== undefined && input.organizationId !== token.organizationId)
    return 'subject_mismatch'
  if (input.as === 'organization' && !(token.organizationId && input.companyKinds?.includes(token.kind))) {
    return 'company_token_not_allowed'
  }
  const disabled = disabledSubject(facts)
  if (disabled) return disabled
  const barred = barredReason(facts.barred)
  if (barred) return barred
  const revoked = token.status === 'revoked' || facts.shared?.status === 'revoked' || alias === 'revoked'
  if (revoked) return 'legacy_token_revoked'
  if (connection?.status === 'revoked') return 'connection_revoked'
  if (connection && connection.epoch > token.connectionEpoch) return 'legacy_token_revoked'
  return undefined
}

/** Exchanged by this client or by another one, through this token or an alias of it. */
export const isExchanged = ({ token, alias }: LegacyFacts): boolean =>
  token.status === 'exchanged' ||
  (token.status === 'retired' && token.grantNumber !== undefined) ||
  alias === 'exchanged'

/** Only of what would begin: saying an answer again takes nothing of it. */
export const budgetSpent: Refusal = { reason: 'exchange_budget_spent', retryAfterSeconds: 60 }

/** The exchange window first, then the token's own end. */
export function refusalOfTime(client: Client, { token }: LegacyFacts, { now }: Moment): Reason | undefined {
  const closed =
    client.exchangeStatus === 'off' ||
    (client.exchangeFrom !== undefined && now < client.exchangeFrom) ||
    (client.exchangeUntil !== undefined && now >= client.exchangeUntil)
  if (closed) return 'exchange_window_closed'
  if (token.status === 'retired') return 'legacy_token_retired'
  if (token.status === 'expired' || (token.expires !== undefined && token.expires <= now))
    return 'legacy_token_expired'
  return undefined
}

/** A lost answer, asked for again: the same refresh token, until it was used or its window has closed. */
function sayAgain(input: ExchangeInput, facts: LegacyFacts, moment: Moment) {
  const { caller } = input
  const { token } = facts
  const { policy, client } = caller
  const window = caller.proven ? policy.exchangeRepeatSeconds : policy.exchangeRepeatUnprovenSeconds
  const grant = repeatableGrant(input, facts, window, moment)
  if ('refused' in grant) return refuse(grant.refused)
  const beyond = input.scopes && firstBeyond(input.scopes, grant.scopes)
  if (beyond !== undefined) return refuse({ reason: 'scope_widened', parameter: beyond })

  const version = findVersion(moment.ring, grant.keyVersion)
  if (!version) {
    return refuse(
      moment.ring.destroyed.has(grant.keyVersion) ? 'legacy_token_exchanged' : 'key_version_unknown',
    )
  }
  const locator = legacyLocator(version, input.legacyToken, client.id, token.exchange)
  // Where only a part of a token was imported, another token may end in the same part; its grant it is not.
  if (!equal(locatorHash(locator), grant.locatorHash)) return refuse('legacy_token_exchanged')
  return granted(
    sayPair(
      {
        caller,
        grant,
        connection: facts.connection,
        locator,
        version,
        generation: 0,
        refreshExpiresAt: grant.refreshUntil,
        asked: input.scopes,
        subject: facts,
        withAccess: input.wants === 'pair',
        withRefresh: true,
        repeated: true,
      },
      moment,
    ),
  )
}

/** The grant that a repeat leads to, or why there is no repeat; shared with the exchange into a code. */
export function repeatableGrant(
  { caller: { client, policy }, as, resource }: Pick<ExchangeInput, 'caller' | 'as' | 'resource'>,
  { token, grant, connection }: LegacyFacts,
  windowSeconds: number,
  { now }: Moment,
): Grant | { readonly refused: Reason } {
  const mine = token.grantNumber !== undefined && (token.clientId || token.boundTo) === client.id
  if (!mine || !grant || grant.status !== 'live') return { refused: 'legacy_token_exchanged' }
  // Before the connection is looked at: asked for somebody else, it is somebody else's that was found.
  if (grant.actsAs !== as || !sameSet(grant.resource, resource ?? [])) return { refused: 'exchange_differs' }
  if (!isAlive(grant, connection, client)) {
    // Its client is being recovered: the token is about to be reset, and no app is to give it up meanwhile.
    const isRecalled = isAlive(grant, connection, { ...client, tokensValidAfter: 0 })
    return { refused: isRecalled ? 'contended' : 'legacy_token_exchanged' }
  }
  const used = grant.generation > 0 || (policy.rotate === 'never' && grant.usedAt !== undefined)
  const over = used || now >= grant.created + seconds(windowSeconds)
  return over ? { refused: 'legacy_token_exchanged' } : grant
}

/**
 * The new grant's scopes: those recorded, in their new names; where none were recorded, all that the client
 * may have.
 */
export function scopesOf(token: LegacyToken, { client, policy }: Caller): readonly string[] | Refusal {
  if (token.scopes === undefined) return client.scopes
  const mapped = [...new Set(token.scopes.map((scope) => renamed(scope, policy.scopeMap)))]
  const beyond = firstBeyond(mapped, client.scopes)
  if (beyond === undefined) return mapped
  if (policy.legacyScopesBeyondClient === 'refuse')
    return { reason: 'legacy_scopes_exceed_client', parameter: beyond }
  return mapped.filter((scope) => client.scopes.includes(scope))
}

/** The version that was fixed by a first code, else the current one. */
export const versionOf = (token: LegacyToken, { ring, now }: Moment): RingVersion | undefined =>
  token.keyVersion === undefined ? currentVersion(ring, now) : findVersion(ring, token.keyVersion)

type Begun = {
  readonly grant: Grant
  readonly connection: Connection
  readonly locator: Uint8Array
  readonly writes: readonly Write[]
}

function beginGrant(
  { caller, legacyToken, as, resource }: ExchangeInput,
  facts: LegacyFacts,
  scopes: readonly string[],
  version: RingVersion,
  moment: Moment,
): Begun {
  const { token } = facts
  const number = token.grantNumber ?? moment.number()
  const locator = legacyLocator(version, legacyToken, caller.client.id, token.exchange)
  const { grant, connection, followers } = migratedGrant(
    { caller, facts, as, scopes, resource: resource ?? [], number, locator, version },
    moment,
  )
  return { grant, connection, locator, writes: [guardOf(caller, facts, grant, undefined), ...followers] }
}

/** A refresh token of ours, or a JWT with an id like ours: the app sends what it already has in exchange. */
function isOneOfOurs(token: string): boolean {
  if (/^tf[ra]_/.test(token)) return true
  const [, payload, ...rest] = token.split('.')
  if (payload === undefined || rest.length !== 1) return false
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return (
      typeof claims === 'object' &&
      claims !== null &&
      'jti' in claims &&
      /^[0-9a-f]{80}$/.test(String(claims.jti))
    )
  } catch {
    return false
  }
}
