/**
 * The JSONAPI 2.0 of a concert hall, whose apps for televisions trade the token of API 1.x for a JWT.
 * Its pages document one error of a missing or unknown token, one of a JWT, one of a client and one of a
 * missing parameter, and no HTTP status; the words of all others, and the statuses, are ours.
 */
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import type { Claims, Dialect, HearClaims, Reply, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { inBody } from './proofs.ts'

const year = 365 * 86_400

/** The four fields that the page shows, and no scope. */
const tokens = ({ access, accessToken, refreshToken }: SignedTokens): Reply =>
  reply(200, {
    token_type: 'Bearer',
    expires_in: access && (access.expiresAt - access.issuedAt) / 1000,
    access_token: accessToken,
    refresh_token: refreshToken,
  })

const app = inBody({ id: 'app_id', secret: 'client_secret' })

const exchange = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'exchange_token' },
  body: 'form',
  client: app,
  // API 1.x knew no app, so all three are mandatory here; a token that is missing has words of its own.
  takes: { app_id: 'required', app_version: 'required', client_secret: 'required', token: 'optional' },
  does: 'exchange_legacy_token',
  hear({ token }) {
    if (token === undefined)
      return { refusal: { reason: 'legacy_token_unknown', parameter: 'token' } } as const
    return { legacyToken: token, as: 'user', wants: 'pair' } as const
  },
  say: tokens,
})

/** Its pages hand out a refresh token and document no way to use it. This one is ours. */
const refresh = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'refresh_token' },
  body: 'form',
  client: app,
  takes: {
    app_id: 'required',
    app_version: 'optional',
    client_secret: 'required',
    refresh_token: 'required',
  },
  does: 'refresh_token_pair',
  hear: ({ refresh_token }) => ({ refreshToken: refresh_token }),
  say: tokens,
  // What makes a legacy token void, such as a user who was disabled, makes this one void.
  refuse: (refusal) => refuse(refusal, words[refusal.reason] === legacyToken ? refreshToken : undefined),
})

/** What a row does not say is the refusal's own: its OAuth word, its sentence. */
type Words = { readonly error?: string; readonly message?: string; readonly hint?: string }

const legacyToken: Words = {
  error: 'invalid_request',
  message: 'Invalid or missing APIv1 token',
  hint: 'Check the "token" parameter',
}
const refreshToken: Words = {
  error: 'invalid_grant',
  message: 'Invalid or expired refresh token',
  hint: 'Check the "refresh_token" parameter',
}
const client: Words = { error: 'invalid_client', message: 'Client authentication failed' }
const request: Words = {
  error: 'invalid_request',
  message:
    'The request is missing a required parameter, includes an invalid parameter value, includes a parameter ' +
    'more than once, or is otherwise malformed.',
}
const ours: Words = {}

/** The words for each refusal. A missing row does not compile. */
const words: Record<Reason, Words> = {
  path_unknown: ours,
  method_not_allowed: ours,
  body_too_large: ours,
  content_type_unsupported: ours,
  body_malformed: ours,
  query_not_allowed: ours,
  parameter_malformed: request,
  parameter_repeated: request,
  grant_type_missing: request,
  grant_type_unsupported: ours,
  parameter_missing: request,

  client_id_missing: request,
  client_secret_missing: request,
  client_proof_repeated: request,
  client_unknown: client,
  client_unproven: client,
  application_token_invalid: client,
  access_token_invalid: ours,
  scope_insufficient: ours,
  path_client_unknown: client,
  path_client_of_other: client,
  client_disabled: client,
  grant_type_not_allowed: ours,
  exchange_budget_spent: ours,
  too_many_attempts: ours,

  key_version_unknown: ours,
  state_behind: ours,

  legacy_token_is_ours: { ...legacyToken, message: 'Token already is a JWT' },
  legacy_token_unknown: legacyToken,
  legacy_token_of_other_client: legacyToken,
  legacy_token_of_other_dialect: legacyToken,
  subject_mismatch: legacyToken,
  user_disabled: legacyToken,
  organization_disabled: legacyToken,
  client_barred_for_user: legacyToken,
  client_barred: legacyToken,
  legacy_token_revoked: legacyToken,
  connection_revoked: legacyToken,
  exchange_differs: legacyToken,
  legacy_token_exchanged: legacyToken,
  exchange_window_closed: ours,
  legacy_token_retired: legacyToken,
  legacy_token_expired: legacyToken,
  company_token_not_allowed: legacyToken,
  legacy_scopes_exceed_client: ours,

  code_unknown: ours,
  code_of_other_client: ours,
  code_redeemed: ours,
  code_expired: ours,
  redirect_uri_mismatch: ours,
  code_verifier_mismatch: ours,

  email_unknown: ours,
  subject_unknown: ours,
  request_token_unknown: ours,
  request_token_of_other: ours,
  request_token_used_up: ours,
  request_token_expired: ours,
  one_time_codes_open: ours,
  one_time_code_unknown: ours,
  one_time_code_wrong: ours,
  one_time_code_differs: ours,
  lives_elsewhere: ours,
  client_not_enabled: ours,
  address_not_allowed: ours,
  proxies_unknown: ours,

  refresh_token_unknown: refreshToken,
  refresh_token_of_other_client: refreshToken,
  grant_revoked: refreshToken,
  refresh_token_reused: refreshToken,
  refresh_token_expired: refreshToken,
  grant_lost: refreshToken,
  key_compromised: refreshToken,
  recovery_unavailable: refreshToken,

  revocation_unsupported: ours,

  scope_widened: ours,
  scope_not_allowed: ours,
  target_invalid: ours,

  response_type_unsupported: ours,
  redirect_uri_unknown: request,
  code_challenge_missing: request,
  consent_prompt_missing: ours,
  password_wrong: ours,
  sign_in_locked: ours,
  sign_in_outdated: request,
  provider_refused: ours,
  provider_answer_invalid: ours,
  email_unverified: ours,
  user_ambiguous: ours,
  user_unknown: ours,
  signed_out: ours,
  consent_refused: ours,
  interaction_required: ours,

  record_unknown: request,
  record_exists: request,
  nothing_to_change: request,

  contended: ours,
  unavailable: ours,
  internal: ours,
}

function refuse(refusal: Refusal, { error, message, hint } = words[refusal.reason]): Reply {
  const { status, oauth, says } = refusals[refusal.reason]
  return reply(status, { error: error ?? oauth, message: message ?? says, hint: hint ?? hintOf(refusal) })
}

/** Backticks here, quotes in the errors of the exchange: the pages have both. */
function hintOf({ reason, parameter, accepted }: Refusal): string | undefined {
  if (words[reason] === client) return undefined
  if (refusals[reason].status >= 500) return 'Send the same request again'
  const name = parameter ?? (reason === 'client_secret_missing' ? 'client_secret' : undefined)
  if (name !== undefined) return `Check the \`${name}\` parameter`
  return accepted?.length ? `Accepted: ${accepted.join(', ')}` : undefined
}

const claims: Claims = ({ jti, clientId, userId, scopes, issuedAt, expiresAt }, { algorithm }) => ({
  header: { typ: 'JWT', alg: algorithm, jti },
  claims: {
    aud: clientId,
    jti,
    iat: issuedAt / 1000,
    nbf: issuedAt / 1000,
    exp: expiresAt / 1000,
    sub: userId,
    scopes,
  },
})

/** No `iss` is in them; a token that has one is of another dialect. */
const hearClaims: HearClaims = ({ iss, aud, sub, scopes }) => {
  if (iss !== undefined || typeof aud !== 'string' || typeof sub !== 'string' || !Array.isArray(scopes)) {
    return undefined
  }
  return { clientId: aud, userId: sub, organizationId: '', scopes: scopes.map(String) }
}

export const dch: Dialect = {
  name: 'dch',
  title: 'Concert hall: API 1.x to 2.0',
  source: 'JSONAPI 2.0, "Upgrading an access token" and its neighbours (commit of 2018-05-17)',
  policy: {
    accessSeconds: 3 * year,
    refreshSeconds: 4 * year,
    signature: 'RS256',
    // The secret ships inside every television.
    secretsArePublic: true,
    cardinality: 'first_client',
  },
  endpoints: [exchange, refresh],
  claims,
  hearClaims,
  refuse: (refusal) => refuse(refusal),
  query: 'ignored',
  sample: {
    clients: [
      { key: 'app', id: 'demo.television', name: 'Sample television app', type: 'confidential', scopes: [] },
    ],
    lists: [{ name: 'legacy_tokens', kind: 'user', organization: 'none' }],
    say: ({ client, tokens }) => ({
      app_id: client('app').id,
      app_version: '2.0.1',
      client_secret: client('app').secret,
      legacy_tokens: tokens('legacy_tokens'),
    }),
    curl: ({ at, value, unused }) =>
      [
        `curl -s ${at}/oauth2/token -d grant_type=exchange_token -d app_id=${value('app_id')} \\`,
        `  -d app_version=${value('app_version')} -d client_secret=${value('client_secret')} \\`,
        `  -d token=${unused('legacy_tokens')}`,
      ].join('\n'),
  },
}
