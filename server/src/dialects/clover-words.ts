/**
 * Clover's words. It publishes no schema of errors: `{message}` is what its API says; the sentences of a bad
 * code and of a bad refresh token are its own, all others are ours. 401 for a bad code, token or client,
 * else 400 or 415.
 */
import type { Reason, Refusal } from '../kernel/refusals.ts'
import type { Reply } from './dialect.ts'
import { reply } from './dialect.ts'
import { fillIn } from './words.ts'

/**
 * What each endpoint says of the credential that it takes, and Clover's API to whoever did not prove itself.
 */
export const badLegacyToken = 'Invalid auth token'
export const badCode = 'Failed to validate authentication code'
export const badRefreshToken = 'Invalid refresh token'
export const badRecoveryToken = 'Invalid recovery token'
export const badClient = '401 Unauthorized'

/** `ofCredential` is what the endpoint says of a bad code or token. */
export function refuse(refusal: Refusal, ofCredential: string): Reply {
  const { status, says } = words[refusal.reason]
  return reply(status, { message: fillIn(says, refusal, ofCredential) })
}

type Word = { readonly status: number; readonly says: string }
const bad = (says: string): Word => ({ status: 400, says })
const unauthorized = (says: string): Word => ({ status: 401, says })
const trouble: Word = { status: 503, says: '503 Service Unavailable: send the same request again' }

const credential = unauthorized('<credential>')
const client = unauthorized(badClient)
const code = unauthorized(badCode)
const notSignedIn = unauthorized('The user could not sign in')
const operators: Word = bad('There is nothing to do')

const words: Record<Reason, Word> = {
  path_unknown: { status: 404, says: '404 Not Found' },
  method_not_allowed: { status: 405, says: '405 Method Not Allowed: use <accepted>' },
  body_too_large: { status: 413, says: '413 Content Too Large: at most <accepted>' },
  content_type_unsupported: { status: 415, says: '415 Unsupported Media Type: use <accepted>' },
  body_malformed: bad('The body is not <accepted>'),
  query_not_allowed: bad('Parameters belong in the body'),
  parameter_malformed: bad('<parameter> is not <accepted>'),
  parameter_repeated: bad('<parameter> is there more than once'),
  grant_type_missing: bad('<parameter> is missing'),
  grant_type_unsupported: bad('<parameter> is not <accepted>'),
  parameter_missing: bad('<parameter> is missing'),

  client_id_missing: bad('<parameter> is missing'),
  client_secret_missing: client,
  client_proof_repeated: bad('<parameter> is there more than once'),
  client_unknown: client,
  client_unproven: client,
  application_token_invalid: client,
  access_token_invalid: client,
  scope_insufficient: client,
  path_client_unknown: client,
  path_client_of_other: client,
  client_disabled: client,
  grant_type_not_allowed: client,
  exchange_budget_spent: { status: 429, says: '429 Too Many Requests: the app has migrated enough for now' },
  too_many_attempts: { status: 429, says: '429 Too Many Requests: too many of them have failed' },

  key_version_unknown: trouble,
  state_behind: trouble,

  legacy_token_is_ours: unauthorized('Invalid auth token: it is a token of the v2 flow already'),
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
  legacy_token_exchanged: credential,
  exchange_window_closed: bad('The app cannot migrate tokens at this time'),
  legacy_token_retired: credential,
  legacy_token_expired: credential,
  company_token_not_allowed: credential,
  legacy_scopes_exceed_client: bad('The auth token has permissions that the app does not have'),

  code_unknown: code,
  code_of_other_client: code,
  code_redeemed: code,
  code_expired: code,
  redirect_uri_mismatch: code,
  code_verifier_mismatch: code,

  email_unknown: credential,
  subject_unknown: credential,
  request_token_unknown: credential,
  request_token_of_other: credential,
  request_token_used_up: credential,
  request_token_expired: credential,
  one_time_codes_open: credential,
  one_time_code_unknown: credential,
  one_time_code_wrong: credential,
  one_time_code_differs: credential,
  lives_elsewhere: credential,
  client_not_enabled: credential,
  address_not_allowed: credential,
  proxies_unknown: credential,

  refresh_token_unknown: credential,
  refresh_token_of_other_client: credential,
  grant_revoked: credential,
  refresh_token_reused: credential,
  refresh_token_expired: credential,
  grant_lost: credential,
  key_compromised: credential,
  recovery_unavailable: credential,

  revocation_unsupported: bad('This token cannot be revoked'),

  scope_widened: bad('<parameter> is no permission of the app'),
  scope_not_allowed: bad('<parameter> is no permission of the app'),
  target_invalid: bad('resource is not valid'),

  response_type_unsupported: bad('response_type is not code'),
  redirect_uri_unknown: bad('redirect_uri is not registered for this app'),
  code_challenge_missing: bad('code_challenge is missing: a low-trust app must send one'),
  consent_prompt_missing: bad('<parameter> is not <accepted>'),
  password_wrong: unauthorized('The user name or the password is wrong'),
  sign_in_locked: notSignedIn,
  sign_in_outdated: notSignedIn,
  provider_refused: notSignedIn,
  provider_answer_invalid: notSignedIn,
  email_unverified: notSignedIn,
  user_ambiguous: notSignedIn,
  user_unknown: notSignedIn,
  signed_out: unauthorized('Nobody is signed in'),
  consent_refused: { status: 403, says: 'The merchant has not installed the app' },
  interaction_required: bad('The user has to be asked'),

  record_unknown: operators,
  record_exists: operators,
  nothing_to_change: operators,

  contended: trouble,
  unavailable: trouble,
  internal: { status: 500, says: '500 Internal Server Error' },
}
