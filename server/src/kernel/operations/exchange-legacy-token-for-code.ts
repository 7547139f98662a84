import { legacyLocator, wrapLocator } from '../chain.ts'
import type { Write } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import { lookupsOf } from '../legacy-lookup.ts'
import type { AuthorizationCode, Milliseconds } from '../records.ts'
import type { Reason } from '../refusals.ts'
import { sha256 } from '../ring.ts'
import type { LegacyFacts } from '../store.ts'
import {
  budgetSpent,
  isExchanged,
  refusalOfTime,
  refusalOfToken,
  repeatableGrant,
  scopesOf,
  versionOf,
} from './exchange-legacy-token.ts'
import type { Caller } from './issue.ts'
import { expected, seconds } from './issue.ts'

export type ExchangeForCodeInput = {
  readonly caller: Caller
  readonly legacyToken: string
  /** The organization that the caller names, and whose token it must be. */
  readonly organizationId: string
  readonly as: AuthorizationCode['actsAs']
  /** RFC 7636, S256; absent where the client will prove itself by its secret. */
  readonly codeChallenge?: string | undefined
  readonly companyKinds?: readonly string[]
  readonly budgetSpent?: boolean | undefined
}

export type IssuedCode = {
  readonly code: string
  readonly expiresAt: Milliseconds
  /** Another code of the same legacy token. */
  readonly repeated: boolean
}

/**
 * Trades a legacy token for an authorization code. The token stays active until a code of it is redeemed, so
 * a code that was lost costs nothing: ask for another. All codes of one token lead to one grant, which the
 * first of them fixes; so a pair that was lost is recovered in the same way, until it was used.
 */
export const exchangeLegacyTokenForCode: Operation<
  ExchangeForCodeInput,
  LegacyFacts | undefined,
  IssuedCode
> = {
  look: (store, { legacyToken, caller, as }, ring) =>
    store.findLegacyToken(lookupsOf(ring, legacyToken), caller.client.id, as),

  decide(input, facts, moment) {
    const { caller } = input
    const { client, policy } = caller
    const refused = refusalOfToken(input, facts)
    if (refused || !facts) return refuse(refused ?? 'legacy_token_unknown')
    const late = isExchanged(facts)
      ? refusalOfRepeat(input, facts, moment)
      : refusalOfTime(client, facts, moment)
    if (late) return refuse(late)
    const { token, connection } = facts
    // A code of theirs has fixed which grant they lead to: another one makes nothing.
    const repeated = token.grantNumber !== undefined
    if (input.budgetSpent && !repeated) return refuse(budgetSpent)
    // A code is redeemed only against what proves the client: its secret, or the verifier of this challenge.
    if (client.type === 'public' && input.codeChallenge === undefined) return refuse('code_challenge_missing')
    const scopes = scopesOf(token, caller)
    if ('reason' in scopes) return refuse(scopes)
    const version = versionOf(token, moment)
    if (!version) return refuse('key_version_unknown')

    const code = Buffer.from(moment.random(32)).toString('base64url')
    const locator = legacyLocator(version, input.legacyToken, client.id, token.exchange)
    const grantNumber = token.grantNumber ?? moment.number()
    const userId = input.as === 'user' ? token.userId : ''
    const row: AuthorizationCode = {
      hash: sha256(code),
      kind: 'legacy',
      clientId: client.id,
      userId,
      organizationId: token.organizationId,
      actsAs: input.as,
      authorizedBy: token.userId,
      scopes,
      resource: [],
      redirectUri: undefined,
      codeChallenge: input.codeChallenge,
      legacyLookup: token.lookup,
      legacyClientId: token.clientId,
      wrappedLocator: wrapLocator(version, code, locator),
      created: moment.now,
      expires: Math.floor(moment.now / 1000) * 1000 + seconds(policy.codeSeconds),
      status: 'open',
      nonce: undefined,
      authenticatedAt: undefined,
      grantNumber,
    }
    const add: Write = { write: 'add_code', code: row, openMax: policy.codesPerLegacyTokenMax }
    const answer = { code, expiresAt: row.expires, repeated }
    if (token.grantNumber !== undefined) return granted(answer, add)
    const reserve: Write = {
      write: 'reserve_grant',
      lookup: token.lookup,
      clientId: token.clientId,
      exchange: token.exchange,
      keyVersion: version.version,
      grantNumber,
      connection: expected(row, connection),
    }
    return granted(answer, reserve, add)
  },
}

/** Nobody proves itself where a code is asked for: redeeming it decides who may have the pair again. */
function refusalOfRepeat(
  input: ExchangeForCodeInput,
  facts: LegacyFacts,
  moment: Moment,
): Reason | undefined {
  const { client, policy } = input.caller
  const canProve = client.type === 'confidential' && !policy.secretsArePublic
  const window = canProve ? policy.exchangeRepeatSeconds : policy.exchangeRepeatUnprovenSeconds
  const grant = repeatableGrant({ ...input, resource: [] }, facts, window, moment)
  return 'refused' in grant ? grant.refused : undefined
}
