/** How Concur says what it grants and what it refuses, whichever endpoint it is. */
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { hearScopes } from '../kernel/scopes.ts'
import type { ExchangeCode, TokenCode } from './concur-codes.ts'
import {
  exchangeCodes,
  malformedParameterCodes,
  missingParameterCodes,
  secondTexts,
  tokenCodes,
  words,
} from './concur-codes.ts'
import type { Context, Refuse, Reply, SignedTokens } from './dialect.ts'
import { reply } from './dialect.ts'
import { explain } from './words.ts'

export const tokens = (result: SignedTokens, context: Context): Reply => {
  const { access, accessToken, refreshToken, refreshExpiresAt, idToken, scopes, region } = result
  return reply(200, {
    expires_in: access && (access.expiresAt - access.issuedAt) / 1000,
    scope: scopes.join(' '),
    token_type: 'Bearer',
    access_token: accessToken,
    refresh_token: refreshToken,
    // Concur says a moment here, not a duration.
    refresh_expires_in: refreshToken && refreshExpiresAt && Math.floor(refreshExpiresAt / 1000),
    id_token: idToken,
    geolocation: context.addressOf(region),
  })
}

export const malformed = (parameter: string, ...accepted: readonly string[]) => ({
  refusal: { reason: 'parameter_malformed', parameter, accepted } as const,
})

/** The scopes that are asked for, where some are. */
export function hearAsked(
  scope: string | undefined,
): { readonly scopes: readonly string[] | undefined } | { readonly refusal: Refusal } {
  const scopes = scope === undefined ? undefined : hearScopes(scope)
  return scope !== undefined && scopes === undefined ? malformed('scope') : { scopes }
}

export const userUri = (issuer: string, id = ''): string => `${issuer}/profile-service/v1/users/${id}`
export const principalUri = (issuer: string, id = ''): string => `${issuer}/profile/v1/principals/${id}`
export const appUri = (issuer: string, id: string): string => `${issuer}/profile/v1/apps/${id}`

/** Numbers that one grant alone has for a refusal. */
type Otherwise = { readonly [R in Reason]?: TokenCode }

/** What one endpoint says of a number where the token endpoint has other words. */
type OtherWords = { readonly [Code in TokenCode]?: string }

/** In the words of the token endpoint, and of whatever else answers with its numbers. */
export function refuseAtToken(otherwise: Otherwise = {}, otherWords: OtherWords = {}): Refuse {
  return (refusal, context) => {
    const { number, description } = codeOf(refusal, otherwise, otherWords)
    const { status, error } = tokenCodes[number]
    const { region } = refusal
    const body = {
      code: number,
      error,
      error_description: description,
      ...(region !== undefined && { geolocation: context.addressOf(region) }),
    }
    return reply(statusOf(status, number, context), body)
  }
}

/** The number of a refusal, and what Concur says beside it. */
export function codeOf(
  refusal: Refusal,
  otherwise: Otherwise = {},
  otherWords: OtherWords = {},
): { readonly number: TokenCode; readonly description: string } {
  const { reason } = refusal
  const number = otherwise[reason] ?? tokenCodeOf(refusal)
  const row = tokenCodes[number]
  const says = secondTexts[reason] ?? otherWords[number] ?? row.says
  return { number, description: 'explained' in row ? `${says}: ${ours(refusal)}` : says }
}

function tokenCodeOf({ reason, parameter = '' }: Refusal): TokenCode {
  const { token } = words[reason]
  if (reason === 'parameter_missing') return missingParameterCodes.get(parameter) ?? token
  return reason === 'parameter_malformed' ? (malformedParameterCodes.get(parameter) ?? token) : token
}

export function refuseAtExchange(refusal: Refusal, context: Context): Reply {
  const symbol: ExchangeCode = words[refusal.reason].exchange
  const row = exchangeCodes[symbol]
  // Concur's words do not tell a missing parameter from a wrong one, so ours follow.
  const missing = refusal.reason === 'parameter_missing' || refusal.reason === 'client_secret_missing'
  const message = 'explained' in row || missing ? `${row.says}: ${ours(refusal)}` : row.says
  return reply(statusOf(row.status, symbol, context), { code: symbol, message })
}

/** The operator may know better which status Concur's clients expect; trouble of ours stays trouble. */
const statusOf = (status: number, word: string | number, { policy }: Context): number =>
  status >= 500 ? status : (policy.statuses[word] ?? status)

/** Where Concur's words do not say what is wrong, ours do. */
function ours(refusal: Refusal): string {
  const { reason } = refusal
  const says = reason === 'client_secret_missing' ? 'A required parameter is missing.' : refusals[reason].says
  return explain(says, refusal)
}
