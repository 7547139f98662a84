import { locatorBytes, locatorHash, wrapLocator } from '../chain.ts'
import type { Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { AuthorizationCode, Connection, Grant } from '../records.ts'
import type { Reason, Refusal } from '../refusals.ts'
import type { RingVersion } from '../ring.ts'
import { currentVersion, equal, findVersion, sha256 } from '../ring.ts'
import type { CodeFacts } from '../store.ts'
import { newsOf, widenedBy } from './confirmation.ts'
import { identityOf } from './identity.ts'
import type { Caller, Issued } from './issue.ts'
import {
  accessOf,
  barredReason,
  disabledSubject,
  expected,
  isAlive,
  livesElsewhere,
  sayPair,
  seconds,
} from './issue.ts'
import { guardOf, migratedConnection, migratedGrant } from './migrated-grant.ts'
import { newGrant } from './new-grant.ts'

export type RedeemInput = {
  readonly caller: Caller
  readonly code: string
  /** Must be the one of the authorization request, where that named one (RFC 6749 §4.1.3). */
  readonly redirectUri?: string | undefined
  /** Clover's token request has no redirect address: none is no mismatch there, a wrong one still is. */
  readonly redirectUriOptional?: boolean
  readonly codeVerifier?: string | undefined
  /** Clover's `no_refresh_token`: an access token alone; a legacy token is not used up by that. */
  readonly withoutRefreshToken?: boolean
}

/** Trades an authorization code for a pair (RFC 6749 §4.1.3, RFC 7636 §4.6). A code is redeemed once. */
export const redeemAuthorizationCode: Operation<RedeemInput, CodeFacts | undefined, Issued> = {
  look: (store, { code }) => store.findCode(sha256(code)),

  decide(input, facts, moment) {
    if (input.caller.client.status === 'disabled') return refuse('client_disabled')
    if (!facts) return refuse('code_unknown')
    const { code } = facts
    // Elsewhere nothing changes: neither is the code used up, nor does a second use end anything.
    const wrong = refusalOfRequest(input, facts) ?? livesElsewhere(input.caller, facts)
    if (code.status === 'redeemed') return wrong ? refuse(wrong) : refuseRedeemed(input.caller, facts, moment)
    if (wrong) return refuse(wrong)
    // A code from before its client was recovered may be the thief's.
    const isRecalled = code.created < input.caller.client.tokensValidAfter
    if (code.expires <= moment.now || isRecalled) return refuse('code_expired')
    const disabled = disabledSubject(facts)
    if (disabled) return refuse(disabled)
    const barred = barredReason(facts.barred)
    if (barred) return refuse(barred)
    if (facts.connection?.status === 'revoked') return refuse('connection_revoked')
    const lost = refusalOfLegacy(facts)
    if (lost) return refuse(lost)

    if (input.withoutRefreshToken) return redeemForAccess(input.caller, facts, moment)
    return code.kind === 'legacy'
      ? redeemLegacy(input, facts, moment)
      : redeemConsent(input.caller, facts, moment)
  },
}

/**
 * Whose code, which address, which verifier: all before anything is changed, so a stranger's attempt ends
 * nothing.
 */
function refusalOfRequest(
  { caller, redirectUri, redirectUriOptional, codeVerifier }: RedeemInput,
  { code }: CodeFacts,
): Refusal | undefined {
  if (code.clientId !== caller.client.id) return { reason: 'code_of_other_client' }
  const unnamed = redirectUriOptional && redirectUri === undefined
  if (code.redirectUri !== undefined && redirectUri !== code.redirectUri && !unnamed)
    return { reason: 'redirect_uri_mismatch' }
  if (code.codeChallenge !== undefined) {
    if (codeVerifier === undefined || !/^[\w.~-]{43,128}$/.test(codeVerifier))
      return { reason: 'code_verifier_mismatch' }
    const challenge = sha256(codeVerifier).toString('base64url')
    if (!equal(Buffer.from(challenge), Buffer.from(code.codeChallenge)))
      return { reason: 'code_verifier_mismatch' }
  } else if (codeVerifier !== undefined) {
    // RFC 9700 §2.1.1: a verifier without a challenge tells of a downgrade.
    return { reason: 'code_verifier_mismatch' }
  }
  return undefined
}

/** What became of the legacy token since its code was said; `undefined` where nothing is against the code. */
function refusalOfLegacy({ code, legacy, alias, connection }: CodeFacts): Reason | undefined {
  if (code.kind !== 'legacy') return undefined
  if (!legacy) return 'code_unknown'
  if (legacy.status === 'revoked' || alias === 'revoked') return 'legacy_token_revoked'
  const isAnothersGrant = legacy.status === 'active' || legacy.grantNumber === undefined
  if (alias === 'exchanged' && isAnothersGrant) return 'legacy_token_exchanged'
  // The operator has reset the token since: what its old codes lead to is no longer said.
  if (legacy.grantNumber !== code.grantNumber) return 'code_expired'
  // Allowed again since it was revoked: that consent is not the one that the legacy token stood for.
  if (connection && connection.epoch > legacy.connectionEpoch) return 'legacy_token_revoked'
  return undefined
}

/**
 * A second redemption is denied (RFC 6749 §4.1.2). An ordinary code's ends its grant too, since two parties
 * hold it; a legacy token's code does not: the way back is a new code by the same legacy token.
 */
function refuseRedeemed({ actor }: Caller, { code, grant, connection }: CodeFacts, { now }: Moment) {
  if (code.kind === 'legacy' || !grant || grant.status !== 'live' || !connection)
    return refuse('code_redeemed')
  return refuse(
    'code_redeemed',
    { write: 'end_grant', number: grant.number, reason: 'code_redeemed_twice' },
    event('grant_revoked', now, actor, {
      ...grant,
      grantNumber: grant.number,
      detail: 'code_redeemed_twice',
    }),
  )
}

/** No grant is begun, so the legacy token stays exchangeable: half an hour of access is not worth it. */
function redeemForAccess(caller: Caller, facts: CodeFacts, moment: Moment) {
  const { code, connection, organization } = facts
  const about = { ...code, number: 0, resource: code.resource, actsAs: code.actsAs } as const
  const after = connectionAfter(caller, facts, moment)
  const answer: Issued = {
    access: accessOf(caller, about, after, code.scopes, moment),
    refreshToken: undefined,
    refreshExpiresAt: undefined,
    issuedAt: moment.now,
    scopes: code.scopes,
    grantScopes: code.scopes,
    grantCreatedAt: moment.now,
    userId: code.userId,
    authorizedBy: code.authorizedBy,
    organization,
    actsAs: code.actsAs,
    repeated: false,
  }
  const redeem = redemption(code, undefined, connection)
  if (!after || after === connection) return granted(answer, redeem)
  const news = newsOf(connection, after)
  return granted(
    answer,
    redeem,
    connection
      ? { write: 'widen_connection', connection: after }
      : { write: 'allow_connection', connection: after, seen: undefined },
    ...(news ? [event('connection_pending', moment.now, caller.actor, { ...after, detail: news })] : []),
  )
}

/** Where policy wants the user's word, there is something to give it on, although no grant is begun. */
function connectionAfter(caller: Caller, { code, legacy, connection }: CodeFacts, moment: Moment) {
  if (connection) return widenedBy(connection, code.scopes, caller.policy)
  if (!legacy || caller.policy.confirmation === 'none') return undefined
  const facts = { token: legacy, connection: undefined }
  return migratedConnection({ caller, facts, as: code.actsAs, scopes: code.scopes }, moment)
}

const redemption = (
  code: AuthorizationCode,
  grantNumber: number | undefined,
  connection: Connection | undefined,
): Write => ({
  write: 'redeem_code',
  hash: code.hash,
  grantNumber,
  connection: expected(code, connection),
})

/**
 * A code of a legacy token: the first one redeemed exchanges the token, the others say its refresh token
 * again.
 */
function redeemLegacy({ caller, code: presented }: RedeemInput, facts: CodeFacts, moment: Moment) {
  const { code, legacy, grant, connection } = facts
  const { client, policy } = caller
  if (!legacy || !code.wrappedLocator || code.grantNumber === undefined) return refuse('code_unknown')
  if (legacy.keyVersion === undefined) return refuse('code_expired')
  const version = findVersion(moment.ring, legacy.keyVersion)
  if (!version) return refuse('key_version_unknown')
  const locator = unwrapped(version, presented, facts)
  if (!locator) return refuse('code_unknown')

  if (legacy.status === 'active') {
    const begun = migratedGrant(
      {
        caller,
        facts: { token: legacy, connection },
        as: code.actsAs,
        scopes: code.scopes,
        resource: code.resource,
        number: code.grantNumber,
        locator,
        version,
      },
      moment,
    )
    const subject = { ...facts, connection: begun.connection }
    const pair = pairOf(caller, subject, begun.grant, locator, version, false, moment)
    return granted(
      pair,
      guardOf(caller, { token: legacy, connection }, begun.grant, code.hash),
      ...begun.followers,
    )
  }
  const window = caller.proven ? policy.exchangeRepeatSeconds : policy.exchangeRepeatUnprovenSeconds
  const usable = grant && isAlive(grant, connection, client) && grant.generation === 0
  if (!usable || moment.now >= grant.created + seconds(window)) return refuse('legacy_token_exchanged')
  return granted(
    pairOf(caller, facts, grant, locator, version, true, moment),
    redemption(code, grant.number, connection),
  )
}

/** The locator in the code's row, unwrapped by the code; checked against the grant where there is one. */
function unwrapped(
  version: RingVersion,
  presented: string,
  { code, grant }: CodeFacts,
): Uint8Array | undefined {
  const locator = code.wrappedLocator && wrapLocator(version, presented, code.wrappedLocator)
  if (!locator || (grant && !equal(locatorHash(locator), grant.locatorHash))) return undefined
  return locator
}

/** An ordinary code: its grant is born here, under a locator of chance. */
function redeemConsent(caller: Caller, facts: CodeFacts, moment: Moment) {
  const { code, connection } = facts
  // Consent made the connection; where it is gone, the user has taken it back.
  if (!connection) return refuse('connection_revoked')
  const version = currentVersion(moment.ring, moment.now)
  const locator = Buffer.from(moment.random(locatorBytes))
  const number = moment.number()
  const { followers, ...begun } = newGrant(
    { caller, connection, isNew: false, number, locator, version, about: code, kind: 'grant_created' },
    moment,
  )
  return granted(
    pairOf(caller, { ...facts, connection: begun.connection }, begun.grant, locator, version, false, moment),
    redemption(code, begun.grant.number, connection),
    ...followers,
  )
}

function pairOf(
  caller: Caller,
  subject: CodeFacts,
  grant: Grant,
  locator: Uint8Array,
  version: RingVersion,
  repeated: boolean,
  moment: Moment,
): Issued {
  const { nonce, authenticatedAt } = subject.code
  const pair = sayPair(
    {
      caller,
      grant,
      connection: subject.connection,
      locator,
      version,
      generation: 0,
      refreshExpiresAt: grant.refreshUntil,
      asked: undefined,
      subject,
      withAccess: true,
      withRefresh: true,
      repeated,
    },
    moment,
  )
  return { ...pair, identity: identityOf({ caller, about: grant, nonce, authenticatedAt }, moment) }
}
