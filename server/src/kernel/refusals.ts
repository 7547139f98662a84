/**
 * Every way this server says no.
 * Rows stand in order of precedence: when several apply, the first is the answer.
 * The key is our reason: stable, logged, shown to operators, never to callers.
 * `oauth` (RFC 6749 §5.2 and its family) and `says` are what a caller may know; a dialect may put them in its
 * own words. Many reasons share one sentence, so that callers learn nothing from the difference.
 * `status` 503 is trouble of ours: never an `invalid_…`, always with `Retry-After`.
 */
type Row = { readonly status: number; readonly oauth: string; readonly says: string }

const token = { status: 400, oauth: 'invalid_grant', says: 'The token is not valid.' }
const code = { status: 400, oauth: 'invalid_grant', says: 'The code is not valid.' }
const client = { status: 401, oauth: 'invalid_client', says: 'The client could not be authenticated.' }
const request = (says: string): Row => ({ status: 400, oauth: 'invalid_request', says })
const identity = { status: 403, oauth: 'access_denied' }
const trouble = {
  status: 503,
  oauth: 'temporarily_unavailable',
  says: 'The server cannot answer just now. Send the same request again.',
}

export const refusals = {
  // The request itself.
  path_unknown: { status: 404, oauth: 'invalid_request', says: 'There is nothing at this path.' },
  method_not_allowed: { status: 405, oauth: 'invalid_request', says: 'This method is not allowed here.' },
  body_too_large: { status: 413, oauth: 'invalid_request', says: 'The body is too large.' },
  content_type_unsupported: {
    status: 415,
    oauth: 'invalid_request',
    says: 'This content type is not accepted here.',
  },
  body_malformed: request('The body cannot be read.'),
  query_not_allowed: request('Parameters belong in the body, not in the address.'),
  parameter_malformed: request('A parameter has a value that is not allowed.'),
  parameter_repeated: request('A parameter is there more than once.'),
  grant_type_missing: request('The parameter grant_type is missing.'),
  grant_type_unsupported: {
    status: 400,
    oauth: 'unsupported_grant_type',
    says: 'This grant type is not supported.',
  },
  parameter_missing: request('A required parameter is missing.'),

  // The client.
  client_id_missing: client,
  client_secret_missing: client,
  client_proof_repeated: request('The client authenticates in more than one way.'),
  client_unknown: client,
  client_unproven: client,
  application_token_invalid: { ...client, oauth: 'invalid_token' },
  access_token_invalid: { status: 401, oauth: 'invalid_token', says: 'The access token is not valid.' },
  scope_insufficient: {
    status: 403,
    oauth: 'insufficient_scope',
    says: 'The access token does not have the scope that this needs.',
  },
  path_client_unknown: { status: 404, oauth: 'invalid_client', says: 'There is no such application.' },
  path_client_of_other: client,
  client_disabled: { status: 401, oauth: 'invalid_client', says: 'The client is disabled.' },
  grant_type_not_allowed: {
    status: 400,
    oauth: 'unauthorized_client',
    says: 'The client may not use this grant type.',
  },
  exchange_budget_spent: {
    status: 429,
    oauth: 'slow_down',
    says: 'The client has made all the exchanges it may make for now. Try again later.',
  },
  too_many_attempts: { status: 429, oauth: 'slow_down', says: 'Too many failed attempts. Try again later.' },

  // A credential that only trouble of ours keeps us from reading.
  key_version_unknown: trouble,
  state_behind: trouble,

  // The legacy token.
  legacy_token_is_ours: {
    status: 400,
    oauth: 'invalid_request',
    says: 'The token already is one of this server.',
  },
  legacy_token_unknown: token,
  legacy_token_of_other_client: token,
  legacy_token_of_other_dialect: token,
  subject_mismatch: token,
  user_disabled: token,
  organization_disabled: token,
  client_barred_for_user: token,
  client_barred: token,
  legacy_token_revoked: token,
  connection_revoked: token,
  exchange_differs: {
    status: 400,
    oauth: 'invalid_grant',
    says: 'The token was already exchanged, for something else than is asked now.',
  },
  legacy_token_exchanged: { status: 400, oauth: 'invalid_grant', says: 'The token was already exchanged.' },
  exchange_window_closed: {
    status: 400,
    oauth: 'unauthorized_client',
    says: 'The client may not exchange tokens at this time.',
  },
  legacy_token_retired: token,
  legacy_token_expired: { status: 400, oauth: 'invalid_grant', says: 'The token has expired.' },
  company_token_not_allowed: token,
  legacy_scopes_exceed_client: {
    status: 400,
    oauth: 'invalid_scope',
    says: 'The token has scopes that the client may not have.',
  },

  // The authorization code.
  code_unknown: code,
  code_of_other_client: code,
  code_redeemed: code,
  code_expired: code,
  redirect_uri_mismatch: {
    status: 400,
    oauth: 'invalid_grant',
    says: 'The redirect_uri is not the one of the code.',
  },
  code_verifier_mismatch: {
    status: 400,
    oauth: 'invalid_grant',
    says: 'The code_verifier does not fit the code.',
  },

  // What names somebody directly: a password, a code by mail, a request token.
  email_unknown: { status: 400, oauth: 'invalid_request', says: 'There is no user of this e-mail address.' },
  subject_unknown: { status: 400, oauth: 'invalid_request', says: 'There is no such user or company.' },
  request_token_unknown: token,
  request_token_of_other: token,
  request_token_used_up: token,
  request_token_expired: token,
  one_time_codes_open: {
    status: 400,
    oauth: 'invalid_request',
    says: 'Too many one-time codes are open already. Use one of them, or wait until they have expired.',
  },
  one_time_code_unknown: { ...code, says: 'There is no open one-time code for this address.' },
  one_time_code_wrong: { ...code, says: 'The one-time code is wrong.' },
  one_time_code_differs: {
    ...code,
    says: 'The parameters are not those that the one-time code was asked with.',
  },
  lives_elsewhere: {
    status: 400,
    oauth: 'invalid_request',
    says: 'The user or company lives in another region.',
  },
  client_not_enabled: { ...identity, says: 'The company has not enabled this app.' },
  address_not_allowed: { ...identity, says: 'The company does not allow this from your address.' },
  proxies_unknown: request('Not all of the proxies are users of the company.'),

  // The refresh token.
  refresh_token_unknown: token,
  refresh_token_of_other_client: token,
  grant_revoked: token,
  refresh_token_reused: token,
  refresh_token_expired: { status: 400, oauth: 'invalid_grant', says: 'The token has expired.' },
  grant_lost: { status: 400, oauth: 'invalid_grant', says: 'The token has expired.' },
  key_compromised: token,
  recovery_unavailable: token,

  revocation_unsupported: {
    status: 400,
    oauth: 'unsupported_token_type',
    says: 'A token that several apps may hold is revoked by its user or the operator, not by one app.',
  },

  // What is asked for.
  scope_widened: { status: 400, oauth: 'invalid_scope', says: 'The scope exceeds what was granted.' },
  scope_not_allowed: { status: 400, oauth: 'invalid_scope', says: 'The client may not have this scope.' },
  target_invalid: {
    status: 400,
    oauth: 'invalid_target',
    says: 'The resource or audience is malformed, not one of the grant, or too long in all.',
  },

  // The pages.
  response_type_unsupported: {
    status: 400,
    oauth: 'unsupported_response_type',
    says: 'This response type is not supported.',
  },
  redirect_uri_unknown: request('The redirect_uri is not registered for this client.'),
  code_challenge_missing: request('This client must send a code_challenge (S256).'),
  consent_prompt_missing: request('The scope offline_access needs prompt=consent.'),
  password_wrong: { status: 401, oauth: 'access_denied', says: 'The user name or the password is wrong.' },
  sign_in_locked: {
    status: 429,
    oauth: 'slow_down',
    says: 'Too many sign-ins of this account have failed. Try again later.',
  },
  sign_in_outdated: request('The sign-in is not one that this browser has begun, or it took too long.'),
  provider_refused: { ...identity, says: 'The identity provider has not let the user in.' },
  provider_answer_invalid: { ...identity, says: 'The answer of the identity provider is not valid.' },
  email_unverified: { ...identity, says: 'The identity provider has not verified the e-mail address.' },
  user_ambiguous: { ...identity, says: 'There is more than one user of this e-mail address.' },
  user_unknown: { ...identity, says: 'There is no such user here.' },
  signed_out: { status: 401, oauth: 'access_denied', says: 'Nobody is signed in.' },
  consent_refused: { status: 403, oauth: 'access_denied', says: 'The user refused.' },
  interaction_required: {
    status: 400,
    oauth: 'interaction_required',
    says: 'The user would have to be asked, which prompt=none forbids.',
  },

  // The operator's own.
  record_unknown: { status: 404, oauth: 'invalid_request', says: 'There is no such record.' },
  record_exists: { status: 409, oauth: 'invalid_request', says: 'There already is such a record.' },
  nothing_to_change: { status: 409, oauth: 'invalid_request', says: 'It is so already.' },

  // Trouble of ours.
  contended: trouble,
  unavailable: trouble,
  internal: { status: 500, oauth: 'server_error', says: 'The server made a mistake. It has been logged.' },
} as const satisfies Record<string, Row>

export type Reason = keyof typeof refusals

export const reasons = Object.keys(refusals) as readonly Reason[]

/** A "no": the reason, and what it is about. */
export type Refusal = {
  readonly reason: Reason
  /** The name of the parameter that is missing, repeated or malformed; or the scope that is too wide. */
  readonly parameter?: string
  /** What would be right: accepted content types, methods, values. */
  readonly accepted?: readonly string[]
  /** Whether the predecessor of the presented refresh token could be recovered (Clover's header). */
  readonly recoverable?: boolean
  /** Where the user or company lives instead, by the name of a region. */
  readonly region?: string
  /** What the operator must mend: for the log alone. */
  readonly problem?: string
  /** Seconds after which to try again. */
  readonly retryAfterSeconds?: number
}
