/**
 * Pipedrive, whose integrations hold the personal API token of a user and trade it for a marketplace
 * app's pair. Its status page lists the sentences of `/oauth/token`, all with status 400; it shows no body.
 * The shape `{error, error_description}` is that of the library whose sentences these are; sentences that
 * its page does not list are ours, in the same voice, and so is all that is said at `/oauth/revoke`.
 */
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { standardClaims } from './claims.ts'
import type { AuthorizePage, Context, Dialect, Endpoint, Reply, Sample, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { basicOrBody } from './proofs.ts'
import { fillIn } from './words.ts'

const day = 86_400

/** Pipedrive sends scopes by comma, and the address under which the API of the user's company answers. */
const tokens = (
  { accessToken, refreshToken, access, scopes, organization }: SignedTokens,
  { issuer }: Context,
): Reply =>
  reply(200, {
    access_token: accessToken,
    token_type: 'bearer',
    refresh_token: refreshToken,
    scope: scopes.join(','),
    expires_in: access && (access.expiresAt - access.issuedAt) / 1000,
    api_domain: organization?.apiDomain ?? issuer,
  })

const exchange = endpoint({
  route: 'POST /oauth/token',
  when: { grant_type: 'exchange_api_token' },
  body: 'form',
  client: basicOrBody,
  takes: { api_token: 'required' },
  does: 'exchange_legacy_token',
  hear: ({ api_token }) => ({ legacyToken: api_token, as: 'user', wants: 'pair' }) as const,
  say: tokens,
  refuse: (refusal) => refuse(refusal, 'api_token'),
})

const code = endpoint({
  route: 'POST /oauth/token',
  when: { grant_type: 'authorization_code' },
  body: 'form',
  client: basicOrBody,
  // Pipedrive documents no PKCE. Who sends a challenge all the same is held to it (RFC 9700 §2.1.1).
  takes: { code: 'required', redirect_uri: 'required', code_verifier: 'optional' },
  does: 'redeem_authorization_code',
  hear({ code, redirect_uri, code_verifier }) {
    if (!URL.canParse(redirect_uri)) return malformed('redirect_uri', 'a valid URI')
    return { code, redirectUri: redirect_uri, codeVerifier: code_verifier }
  },
  say: tokens,
  refuse: (refusal) => refuse(refusal, 'authorization_code'),
})

const refresh = endpoint({
  route: 'POST /oauth/token',
  when: { grant_type: 'refresh_token' },
  body: 'form',
  client: basicOrBody,
  takes: { refresh_token: 'required' },
  does: 'refresh_token_pair',
  hear: ({ refresh_token }) => ({ refreshToken: refresh_token }),
  say: tokens,
  refuse: (refusal) => refuse(refusal, 'refresh_token'),
})

const revoke = endpoint({
  route: 'POST /oauth/revoke',
  body: 'form',
  client: basicOrBody,
  takes: { token: 'required', token_type_hint: 'optional' },
  does: 'revoke_token',
  // Pipedrive: giving up the refresh token uninstalls the app for that user; an access token goes alone.
  hear: ({ token }, { verify }) => ({ token, signed: verify(token), uninstalls: true }),
  say: () => reply(200, {}),
  refuse: (refusal) => refuse(refusal, 'token'),
})

/** Pipedrive's reference names the path with a slash behind it, its official client without. */
const withSlash = (endpoints: readonly Endpoint[]): readonly Endpoint[] =>
  endpoints.map((each) => ({ ...each, route: 'POST /oauth/token/' }))

const malformed = (parameter: string, accepted: string) =>
  ({ refusal: { reason: 'parameter_malformed', parameter, accepted: [accepted] } }) as const

type Word = { readonly status: number; readonly error: string; readonly says: string }

/** Pipedrive answers 400 to whatever a caller did wrong at a path that there is, a wrong client included. */
const word = (error: string, says: string, status = 400): Word => ({ status, error, says })

const credential = word('invalid_grant', 'Invalid grant: `<credential>` is invalid')
const uncredited = word('invalid_client', 'Invalid client: cannot retrieve client credentials')
const client = word('invalid_client', 'Invalid client: client is invalid')
const scope = word('invalid_scope', 'Invalid scope: `<parameter>` is not a scope of the app')
const trouble = word('temporarily_unavailable', 'Service Unavailable: send the same request again', 503)
const tooMany = (says: string): Word => word('slow_down', says, 429)
const notSignedIn = word('access_denied', 'Access denied: the user could not sign in')
const operators = word('invalid_request', 'Invalid request: there is nothing to do')

const words: Record<Reason, Word> = {
  path_unknown: word('invalid_request', 'Not Found', 404),
  method_not_allowed: word('invalid_request', 'Invalid request: method must be <accepted>', 405),
  body_too_large: word('invalid_request', 'Invalid request: content must be at most <accepted>', 413),
  content_type_unsupported: word(
    'invalid_request',
    'Invalid request: content must be `application/x-www-form-urlencoded`',
  ),
  body_malformed: word('invalid_request', 'Invalid request: content is not <accepted>'),
  query_not_allowed: word('invalid_request', 'Invalid request: parameters belong in the content'),
  parameter_malformed: word('invalid_request', 'Invalid request: `<parameter>` is not <accepted>'),
  parameter_repeated: word('invalid_request', 'Invalid request: `<parameter>` is there more than once'),
  grant_type_missing: word('invalid_request', 'Missing parameter: `grant_type`'),
  grant_type_unsupported: word('unsupported_grant_type', 'Unsupported grant type: `grant_type` is invalid'),
  parameter_missing: word('invalid_request', 'Missing parameter: `<parameter>`'),

  client_id_missing: uncredited,
  client_secret_missing: uncredited,
  client_proof_repeated: word('invalid_request', 'Invalid request: `<parameter>` is there more than once'),
  client_unknown: client,
  client_unproven: client,
  application_token_invalid: client,
  access_token_invalid: client,
  scope_insufficient: scope,
  path_client_unknown: client,
  path_client_of_other: client,
  client_disabled: client,
  grant_type_not_allowed: word('unauthorized_client', 'Unauthorized client: `grant_type` is invalid'),
  exchange_budget_spent: tooMany('Too many requests: the app has made all its exchanges for now'),
  too_many_attempts: tooMany('Too many requests: too many of them have failed'),

  key_version_unknown: trouble,
  state_behind: trouble,

  legacy_token_is_ours: credential,
  legacy_token_unknown: credential,
  legacy_token_of_other_client: credential,
  legacy_token_of_other_dialect: credential,
  subject_mismatch: credential,
  user_disabled: credential,
  organization_disabled: credential,
  client_barred_for_user: credential,
  client_barred: credential,
  legacy_token_revoked: credential,
  connection_revoked: credential,
  exchange_differs: credential,
  // Pipedrive lists no sentence for a second exchange: "one chance", and then the token is as good as none.
  legacy_token_exchanged: credential,
  exchange_window_closed: word(
    'unauthorized_client',
    'Unauthorized client: the app cannot exchange tokens at this time',
  ),
  legacy_token_retired: credential,
  legacy_token_expired: credential,
  company_token_not_allowed: credential,
  legacy_scopes_exceed_client: scope,

  code_unknown: credential,
  code_of_other_client: credential,
  code_redeemed: credential,
  code_expired: word('invalid_grant', 'Invalid grant: `authorization_code` has expired'),
  redirect_uri_mismatch: word('invalid_request', 'Invalid request: `redirect_uri` is invalid'),
  code_verifier_mismatch: word('invalid_grant', 'Invalid grant: `code_verifier` is invalid'),

  email_unknown: notSignedIn,
  subject_unknown: notSignedIn,
  request_token_unknown: notSignedIn,
  request_token_of_other: notSignedIn,
  request_token_used_up: notSignedIn,
  request_token_expired: notSignedIn,
  one_time_codes_open: notSignedIn,
  one_time_code_unknown: notSignedIn,
  one_time_code_wrong: notSignedIn,
  one_time_code_differs: notSignedIn,
  lives_elsewhere: notSignedIn,
  client_not_enabled: credential,
  address_not_allowed: notSignedIn,
  proxies_unknown: notSignedIn,

  refresh_token_unknown: credential,
  refresh_token_of_other_client: credential,
  grant_revoked: credential,
  refresh_token_reused: credential,
  refresh_token_expired: credential,
  grant_lost: credential,
  key_compromised: credential,
  recovery_unavailable: credential,

  revocation_unsupported: word('unsupported_token_type', 'Unsupported token type: `token` is an API token'),

  scope_widened: scope,
  scope_not_allowed: scope,
  target_invalid: word('invalid_target', 'Invalid target: `resource` is invalid'),

  response_type_unsupported: word(
    'unsupported_response_type',
    'Unsupported response type: `response_type` is invalid',
  ),
  redirect_uri_unknown: word('invalid_request', 'Invalid request: `redirect_uri` is invalid'),
  code_challenge_missing: word('invalid_request', 'Missing parameter: `code_challenge`'),
  consent_prompt_missing: word('invalid_request', 'Invalid request: `<parameter>` is not <accepted>'),
  password_wrong: word('access_denied', 'Access denied: the user name or the password is wrong'),
  sign_in_locked: notSignedIn,
  sign_in_outdated: notSignedIn,
  provider_refused: notSignedIn,
  provider_answer_invalid: notSignedIn,
  email_unverified: notSignedIn,
  user_ambiguous: notSignedIn,
  user_unknown: notSignedIn,
  signed_out: word('access_denied', 'Access denied: nobody is signed in'),
  consent_refused: word('access_denied', 'Access denied: the user cancelled the installation'),
  interaction_required: word('interaction_required', 'Interaction required: the user has to be asked'),

  record_unknown: operators,
  record_exists: operators,
  nothing_to_change: operators,

  contended: trouble,
  unavailable: trouble,
  internal: word('server_error', 'Internal Server Error', 500),
}

/** `credentialName` is what the endpoint calls the token or code that it takes. */
function refuse(refusal: Refusal, credentialName: string): Reply {
  const { status, error, says } = words[refusal.reason]
  return reply(status, { error, error_description: fillIn(says, refusal, credentialName) })
}

const authorize: AuthorizePage = {
  path: '/oauth/authorize',
  responseType: 'optional',
  // Scopes are set on the app, and a user allows all of them or none.
  scopes: 'of the client',
  separator: ',',
  codeChallenge: 'public',
  subject: 'user in an organization',
  say: ({ code, state }) => ({ code, state }),
  // The value of `error` is not documented; that of RFC 6749 §4.1.2.1 is ours.
  refuse: (refusal, state) => ({
    error: words[refusal.reason].error,
    error_description: fillIn(words[refusal.reason].says, refusal, 'client'),
    state,
  }),
}

/**
 * Pipedrive documents these four members; in which notation `timestamp` comes, it does not say: ISO 8601 is
 * ours. Ids are said as they were imported.
 */
const uninstalled: Dialect['uninstalled'] = ({ clientId, userId, organizationId, at }) => ({
  method: 'DELETE',
  body: {
    client_id: clientId,
    company_id: organizationId,
    user_id: userId,
    timestamp: new Date(at).toISOString(),
  },
})

const callback = 'http://127.0.0.1:4000/callback'
const scopes = ['base', 'deals:read', 'contacts:full']

const sample: Sample = {
  clients: [
    {
      key: 'first',
      name: 'Sample marketplace app',
      type: 'confidential',
      scopes,
      redirectUris: [callback],
      isTold: true,
    },
    {
      key: 'second',
      name: 'Another marketplace app',
      type: 'confidential',
      scopes,
      redirectUris: [callback],
    },
  ],
  // A personal API token is every integration's, so it names no app, and it may do what its user may.
  lists: [{ name: 'legacy_tokens', kind: 'user', organization: 'each' }],
  say: ({ client, tokens: list, username, password }) => ({
    client_id: client('first').id,
    client_secret: client('first').secret,
    redirect_uri: callback,
    legacy_tokens: list('legacy_tokens'),
    second_client_id: client('second').id,
    second_client_secret: client('second').secret,
    username,
    password,
  }),
  curl: ({ at, value, unused }) =>
    [
      `curl -s ${at}/oauth/token -u '${value('client_id')}:${value('client_secret')}' \\`,
      `  -d grant_type=exchange_api_token -d api_token=${unused('legacy_tokens')}`,
    ].join('\n'),
}

export const pipedrive: Dialect = {
  name: 'pipedrive',
  title: 'Pipedrive',
  source:
    'pipedrive.readme.io: migrating integration users, OAuth authorization, status codes (read 2026-08)',
  policy: {
    accessSeconds: 3600,
    refreshSeconds: 60 * day,
    codeSeconds: 300,
    signature: 'ES256',
    rotate: 'always',
    cardinality: 'each_client',
    // Pipedrive's users confirm the permissions of an integration that became an app. What its tokens are
    // good for until then, no page of it says: that they work meanwhile is our choice.
    confirmation: 'notify',
  },
  endpoints: [exchange, code, refresh, ...withSlash([exchange, code, refresh]), revoke],
  authorize,
  claims: standardClaims,
  refuse: (refusal) => refuse(refusal, 'client'),
  query: 'ignored',
  sample,
  uninstalled,
}
