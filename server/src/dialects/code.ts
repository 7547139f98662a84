/**
 * A token page whose maker is unknown. It shows an authorize page, codes and refresh tokens, and no
 * legacy token at all. Its errors page lists the names; statuses per name, and the sentences, are ours.
 */
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { hearScopes } from '../kernel/scopes.ts'
import { standardClaims } from './claims.ts'
import type { AuthorizePage, Dialect, Reply, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { inBody } from './proofs.ts'

const day = 86_400

const tokens = ({ access, accessToken, refreshToken, scopes }: SignedTokens): Reply =>
  reply(200, {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: access && (access.expiresAt - access.issuedAt) / 1000,
    refresh_token: refreshToken,
    scope: scopes.join(' '),
  })

const exchange = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'authorization_code' },
  // The page says nothing of a content type; its errors page has a 415.
  body: 'form or json',
  // "No authorization headers": whoever the client is stands in the payload.
  client: inBody(),
  // The verifier is ours: it is asked for where the authorization request had a challenge (RFC 7636 §4.5).
  takes: { code: 'required', redirect_uri: 'required', code_verifier: 'optional' },
  does: 'redeem_authorization_code',
  hear: ({ code, redirect_uri, code_verifier }) => ({
    code,
    redirectUri: redirect_uri,
    codeVerifier: code_verifier,
  }),
  say: tokens,
  refuse: (refusal) => refuse(refusal, 'invalid_code'),
})

const refresh = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'refresh_token' },
  body: 'form or json',
  client: inBody(),
  takes: { refresh_token: 'required', scope: 'optional' },
  does: 'refresh_token_pair',
  hear({ refresh_token, scope }) {
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    if (scope !== undefined && scopes === undefined) return scopeMalformed
    return { refreshToken: refresh_token, scopes }
  },
  say: tokens,
})

const scopeMalformed = { refusal: { reason: 'parameter_malformed', parameter: 'scope' } } as const

type Name =
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_code'
  | 'invalid_token'
  | 'invalid_scope'
  | 'forbidden_scope'
  | 'access_denied'
  | 'server_error'
  // These three are ours: its pages have a 429 and a 503 without a name, and no `prompt`.
  | 'slow_down'
  | 'temporarily_unavailable'
  | 'interaction_required'

/** What an endpoint calls a grant that is gone: the code that led to it, or the token. */
type Credential = 'invalid_code' | 'invalid_token'
const credential = 'credential'

/** The name of each refusal. A missing row does not compile. */
const names: Record<Reason, Name | typeof credential> = {
  path_unknown: 'invalid_request',
  method_not_allowed: 'invalid_request',
  body_too_large: 'invalid_request',
  content_type_unsupported: 'invalid_request',
  body_malformed: 'invalid_request',
  query_not_allowed: 'invalid_request',
  parameter_malformed: 'invalid_request',
  parameter_repeated: 'invalid_request',
  grant_type_missing: 'invalid_request',
  grant_type_unsupported: 'unsupported_grant_type',
  parameter_missing: 'invalid_request',

  client_id_missing: 'invalid_client',
  client_secret_missing: 'invalid_client',
  client_proof_repeated: 'invalid_request',
  client_unknown: 'invalid_client',
  client_unproven: 'invalid_client',
  application_token_invalid: 'invalid_token',
  access_token_invalid: 'invalid_token',
  scope_insufficient: 'forbidden_scope',
  path_client_unknown: 'invalid_client',
  path_client_of_other: 'invalid_client',
  client_disabled: 'invalid_client',
  grant_type_not_allowed: 'unsupported_grant_type',
  exchange_budget_spent: 'slow_down',
  too_many_attempts: 'slow_down',

  key_version_unknown: 'temporarily_unavailable',
  state_behind: 'temporarily_unavailable',

  legacy_token_is_ours: 'invalid_token',
  legacy_token_unknown: 'invalid_token',
  legacy_token_of_other_client: 'invalid_token',
  legacy_token_of_other_dialect: 'invalid_token',
  subject_mismatch: 'invalid_token',
  user_disabled: credential,
  organization_disabled: credential,
  client_barred_for_user: credential,
  client_barred: credential,
  legacy_token_revoked: 'invalid_token',
  connection_revoked: credential,
  exchange_differs: 'invalid_token',
  legacy_token_exchanged: 'invalid_token',
  exchange_window_closed: 'invalid_token',
  legacy_token_retired: 'invalid_token',
  legacy_token_expired: 'invalid_token',
  company_token_not_allowed: 'invalid_token',
  legacy_scopes_exceed_client: 'invalid_scope',

  code_unknown: 'invalid_code',
  code_of_other_client: 'invalid_code',
  code_redeemed: 'invalid_code',
  code_expired: 'invalid_code',
  redirect_uri_mismatch: 'invalid_code',
  code_verifier_mismatch: 'invalid_code',

  email_unknown: 'access_denied',
  subject_unknown: 'access_denied',
  request_token_unknown: 'access_denied',
  request_token_of_other: 'access_denied',
  request_token_used_up: 'access_denied',
  request_token_expired: 'access_denied',
  one_time_codes_open: 'access_denied',
  one_time_code_unknown: 'access_denied',
  one_time_code_wrong: 'access_denied',
  one_time_code_differs: 'access_denied',
  lives_elsewhere: 'access_denied',
  client_not_enabled: 'access_denied',
  address_not_allowed: 'access_denied',
  proxies_unknown: 'access_denied',

  refresh_token_unknown: 'invalid_token',
  refresh_token_of_other_client: 'invalid_token',
  grant_revoked: 'invalid_token',
  refresh_token_reused: 'invalid_token',
  refresh_token_expired: 'invalid_token',
  grant_lost: 'invalid_token',
  key_compromised: 'invalid_token',
  recovery_unavailable: 'invalid_token',

  revocation_unsupported: 'invalid_request',

  scope_widened: 'invalid_scope',
  scope_not_allowed: 'forbidden_scope',
  target_invalid: 'invalid_request',

  response_type_unsupported: 'unsupported_response_type',
  redirect_uri_unknown: 'invalid_request',
  code_challenge_missing: 'invalid_request',
  consent_prompt_missing: 'invalid_request',
  password_wrong: 'access_denied',
  sign_in_locked: 'access_denied',
  sign_in_outdated: 'invalid_request',
  provider_refused: 'access_denied',
  provider_answer_invalid: 'access_denied',
  email_unverified: 'access_denied',
  user_ambiguous: 'access_denied',
  user_unknown: 'access_denied',
  signed_out: 'access_denied',
  consent_refused: 'access_denied',
  interaction_required: 'interaction_required',

  record_unknown: 'invalid_request',
  record_exists: 'invalid_request',
  nothing_to_change: 'invalid_request',

  contended: 'temporarily_unavailable',
  unavailable: 'temporarily_unavailable',
  internal: 'server_error',
}

function nameOf({ reason, parameter }: Refusal, gone: Credential): Name {
  if (reason === 'parameter_malformed' && parameter === 'scope') return 'invalid_scope'
  const name = names[reason]
  return name === credential ? gone : name
}

/** Statuses that its errors page lists beside 400, or that say more than it. */
const ownStatuses: ReadonlySet<number> = new Set([404, 405, 413, 415, 429, 500, 503])

function refuse(refusal: Refusal, gone: Credential = 'invalid_token'): Reply {
  const error = nameOf(refusal, gone)
  const { status } = refusals[refusal.reason]
  const said = error === 'invalid_client' ? 401 : ownStatuses.has(status) ? status : 400
  return reply(said, { error, error_description: describe(refusal, gone) })
}

function describe({ reason, accepted, ...refusal }: Refusal, gone: Credential): string {
  const parameter = reason === 'client_secret_missing' ? 'client_secret' : refusal.parameter
  const isGone = names[reason] === credential && gone === 'invalid_code'
  const says = isGone ? refusals.code_unknown.says : refusals[reason].says
  const about = parameter === undefined ? '' : ` (${parameter})`
  return `${says.slice(0, -1)}${about}.${accepted?.length ? ` Accepted: ${accepted.join(', ')}.` : ''}`
}

const authorize: AuthorizePage = {
  path: '/oauth2/authorize',
  responseType: 'required',
  // The token request must name it, so this one must, too.
  redirectUri: 'required',
  scopes: 'asked',
  separator: ' ',
  codeChallenge: 'public',
  subject: 'user',
  // RFC 9207 §2: who answers, so that no app takes another server's code for ours.
  say: ({ code, state, issuer }) => ({ code, state, iss: issuer }),
  refuse: (refusal, state, issuer) => ({
    error: nameOf(refusal, 'invalid_code'),
    error_description: describe(refusal, 'invalid_code'),
    state,
    iss: issuer,
  }),
}

export const code: Dialect = {
  name: 'code',
  title: 'Authorization codes, with tokens of 14 days',
  source: 'A page "Token Exchange" of an unknown maker, and its errors page (read 2026-08)',
  policy: {
    accessSeconds: 14 * day,
    refreshSeconds: null,
    codeSeconds: 600,
    rotate: 'always',
    signature: 'ES256',
  },
  endpoints: [exchange, refresh],
  authorize,
  // The page says nothing of what is in a token.
  claims: standardClaims,
  refuse: (refusal) => refuse(refusal),
  query: 'ignored',
  sample: {
    clients: [
      {
        key: 'app',
        name: 'Sample app',
        type: 'confidential',
        scopes: ['profile', 'read', 'write'],
        redirectUris: ['http://127.0.0.1:4000/callback'],
      },
    ],
    lists: [],
    say: ({ client, username, password }) => ({
      client_id: client('app').id,
      client_secret: client('app').secret,
      redirect_uri: 'http://127.0.0.1:4000/callback',
      scopes: ['profile', 'read', 'write'],
      username,
      password,
    }),
    curl: ({ at, value }) =>
      [
        `# In a browser, as ${value('username')} with the password ${value('password')}:`,
        `${at}/oauth2/authorize?response_type=code&client_id=${value('client_id')}&scope=read` +
          `&redirect_uri=${encodeURIComponent(value('redirect_uri'))}`,
      ].join('\n'),
  },
}
