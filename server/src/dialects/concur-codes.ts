/**
 * Concur's numbers of the token endpoint and its symbols of the exchange.
 * A refusal has one row in each of the two lists of reasons; a missing one does not compile.
 */
import type { Reason } from '../kernel/refusals.ts'

type TokenRow = {
  readonly status: number
  readonly error: string
  readonly says: string
  /** Whether our own sentence follows, which names what is wrong. */
  readonly explained?: boolean
}

const invalidRequest = { status: 400, error: 'invalid_request' }
const invalidGrant = { status: 400, error: 'invalid_grant' }

/** Concur documents no status for each number: these are ours, and `statuses` in the policy changes them. */
export const tokenCodes = {
  5: { ...invalidGrant, says: 'Incorrect credentials. Please Retry' },
  10: { ...invalidGrant, says: 'Account is disabled. Please contact support' },
  11: { ...invalidGrant, says: 'Account is disabled. Please contact support' },
  12: { ...invalidGrant, status: 403, says: 'Logon Denied. Please contact support' },
  13: { ...invalidGrant, status: 403, says: 'Logon Denied. Please contact support' },
  14: { ...invalidGrant, says: 'Account Locked. Please contact support' },
  16: { ...invalidRequest, says: 'user lives elsewhere' },
  19: { ...invalidGrant, says: 'Incorrect credentials. Please Retry' },
  20: {
    ...invalidGrant,
    status: 403,
    says: 'Logon Denied. Please contact support (typically due to IP restriction)',
  },
  51: { ...invalidRequest, says: 'username was not supplied' },
  52: { ...invalidRequest, says: 'password was not supplied' },
  53: { status: 403, error: 'invalid_client', says: 'company is not enabled for this client' },
  54: { status: 400, error: 'invalid_scope', says: 'requested scope exceeds granted scope' },
  55: { ...invalidRequest, says: 'we don’t know this email' },
  56: { ...invalidRequest, says: 'otp was not supplied' },
  57: { ...invalidRequest, says: 'channel_type missing' },
  58: { ...invalidRequest, says: 'channel_handle missing' },
  59: { status: 403, error: 'access_denied', says: 'client disabled' },
  60: { ...invalidGrant, says: 'these are not the grants you are looking for' },
  61: { status: 401, error: 'invalid_client', says: 'client not found' },
  62: { ...invalidRequest, says: 'client_id was not supplied' },
  63: { ...invalidRequest, says: 'client_secret was not supplied' },
  64: { status: 401, error: 'invalid_client', says: 'Incorrect credentials. Please Retry' },
  65: { ...invalidRequest, says: 'grant_type was not supplied' },
  80: { ...invalidRequest, says: 'invalid channel type' },
  81: { ...invalidRequest, says: 'bad channel handle' },
  82: { ...invalidRequest, says: 'too many open otp requests' },
  83: { ...invalidRequest, says: 'otp not found' },
  84: { ...invalidRequest, says: 'fact verification failed' },
  85: { ...invalidRequest, says: 'otp verification failed' },
  100: { ...invalidRequest, says: 'backend does not know about this username' },
  101: { ...invalidRequest, says: 'code was not supplied' },
  102: { ...invalidRequest, says: 'redirect_uri was not supplied' },
  103: { ...invalidRequest, says: 'code is bad or expired' },
  104: { ...invalidGrant, says: 'redirect_uri does not match the previous grant' },
  105: { ...invalidGrant, says: 'this grant was not issued to you!' },
  106: { ...invalidRequest, says: 'refresh_token was not supplied' },
  107: { ...invalidRequest, says: 'refresh disallowed for app' },
  108: { ...invalidGrant, says: 'bad or expired refresh token' },
  109: { ...invalidRequest, says: 'loginid was not supplied' },
  115: { ...invalidRequest, says: 'unauthenticated client will not be issued token!' },
  117: { ...invalidRequest, says: 'nonce is mandatory for this response_type' },
  118: { ...invalidRequest, says: 'display is invalid' },
  119: { ...invalidRequest, says: 'prompt is invalid' },
  120: { ...invalidRequest, says: 'credtype is invalid' },
  121: { ...invalidRequest, says: 'login_type is invalid' },
  122: { ...invalidRequest, says: 'proxies supplied are invalid' },
  123: { ...invalidRequest, says: 'principal is disabled' },
  135: { ...invalidRequest, says: 'unsupported request format', explained: true },
  // Concur's table has no number for these: the status says itself.
  404: { status: 404, error: 'invalid_request', says: 'not found', explained: true },
  405: { status: 405, error: 'invalid_request', says: 'method not allowed', explained: true },
  429: { status: 429, error: 'slow_down', says: 'too many requests', explained: true },
  500: { status: 500, error: 'server_error', says: 'server error', explained: true },
  503: { status: 503, error: 'temporarily_unavailable', says: 'server timed out', explained: true },
} as const satisfies Record<number, TokenRow>

export type TokenCode = keyof typeof tokenCodes

/** Where two causes have one number, what it says of the second. */
export const secondTexts: { readonly [R in Reason]?: string } = {
  consent_prompt_missing: 'prompt must be set to consent for offline_access',
}

/** The number of a parameter that is missing; of any other it is 135. */
export const missingParameterCodes: ReadonlyMap<string, TokenCode> = new Map([
  ['username', 51],
  ['password', 52],
  ['otp', 56],
  ['channel_type', 57],
  ['channel_handle', 58],
  ['code', 101],
  ['redirect_uri', 102],
  ['refresh_token', 106],
  ['loginid', 109],
  ['nonce', 117],
])

/** The number of a parameter that has a value that is none; of any other it is 135. */
export const malformedParameterCodes: ReadonlyMap<string, TokenCode> = new Map([
  ['channel_type', 80],
  ['channel_handle', 81],
  ['display', 118],
  ['prompt', 119],
  ['credtype', 120],
  ['login_type', 121],
])

type ExchangeRow = { readonly status: number; readonly says: string; readonly explained?: boolean }

/** The first four are Concur's; its other answers have a status and no symbol, so those symbols are ours. */
export const exchangeCodes = {
  INVALIDSCOPES: {
    status: 400,
    says: 'One or more scopes requested are not a subset of the allowed scopes.',
  },
  INVALIDAPP: { status: 400, says: 'Application is invalid' },
  INVALIDTOKEN: { status: 400, says: 'Bad or expired token' },
  UNAUTHORIZED: { status: 400, says: 'Invalid credentials' },
  BADREQUEST: { status: 400, says: 'Bad Request', explained: true },
  NOTFOUND: { status: 404, says: 'Not Found', explained: true },
  NOTALLOWED: { status: 405, says: 'Method Not Allowed', explained: true },
  TOOMANYREQUESTS: { status: 429, says: 'Too Many Requests', explained: true },
  SERVERERROR: { status: 500, says: 'Server Error', explained: true },
  TIMEDOUT: { status: 503, says: 'Server Timed Out', explained: true },
} as const satisfies Record<string, ExchangeRow>

export type ExchangeCode = keyof typeof exchangeCodes

type Codes = { readonly token: TokenCode; readonly exchange: ExchangeCode }

const malformed: Codes = { token: 135, exchange: 'BADREQUEST' }
const badToken: Codes = { token: 108, exchange: 'INVALIDTOKEN' }
const badCode: Codes = { token: 103, exchange: 'INVALIDTOKEN' }
const at = (token: TokenCode, exchange: ExchangeCode = 'INVALIDTOKEN'): Codes => ({ token, exchange })
const badScope: Codes = { token: 54, exchange: 'INVALIDSCOPES' }
const disabledPrincipal: Codes = { token: 123, exchange: 'INVALIDTOKEN' }
const tooMany: Codes = { token: 429, exchange: 'TOOMANYREQUESTS' }
const notSignedIn: Codes = { token: 59, exchange: 'UNAUTHORIZED' }
const trouble: Codes = { token: 503, exchange: 'TIMEDOUT' }

/** What each refusal is called at the token endpoint, and at the exchange. */
export const words: Record<Reason, Codes> = {
  path_unknown: { token: 404, exchange: 'NOTFOUND' },
  method_not_allowed: { token: 405, exchange: 'NOTALLOWED' },
  body_too_large: malformed,
  content_type_unsupported: malformed,
  body_malformed: malformed,
  query_not_allowed: malformed,
  parameter_malformed: malformed,
  parameter_repeated: malformed,
  grant_type_missing: { token: 65, exchange: 'BADREQUEST' },
  grant_type_unsupported: { token: 60, exchange: 'BADREQUEST' },
  // The one parameter of the exchange that is no proof is the token.
  parameter_missing: { token: 135, exchange: 'INVALIDTOKEN' },

  client_id_missing: { token: 62, exchange: 'UNAUTHORIZED' },
  client_secret_missing: { token: 63, exchange: 'UNAUTHORIZED' },
  client_proof_repeated: malformed,
  client_unknown: { token: 61, exchange: 'UNAUTHORIZED' },
  client_unproven: { token: 64, exchange: 'UNAUTHORIZED' },
  application_token_invalid: { token: 64, exchange: 'UNAUTHORIZED' },
  access_token_invalid: at(64, 'UNAUTHORIZED'),
  scope_insufficient: badScope,
  path_client_unknown: { token: 61, exchange: 'NOTFOUND' },
  path_client_of_other: { token: 61, exchange: 'INVALIDAPP' },
  client_disabled: { token: 59, exchange: 'INVALIDAPP' },
  grant_type_not_allowed: { token: 60, exchange: 'INVALIDAPP' },
  exchange_budget_spent: tooMany,
  too_many_attempts: tooMany,

  key_version_unknown: trouble,
  state_behind: trouble,

  legacy_token_is_ours: badToken,
  legacy_token_unknown: badToken,
  legacy_token_of_other_client: badToken,
  legacy_token_of_other_dialect: badToken,
  subject_mismatch: badToken,
  user_disabled: disabledPrincipal,
  organization_disabled: disabledPrincipal,
  client_barred_for_user: at(12),
  client_barred: at(13),
  legacy_token_revoked: badToken,
  connection_revoked: badToken,
  exchange_differs: badToken,
  legacy_token_exchanged: badToken,
  exchange_window_closed: { token: 60, exchange: 'INVALIDAPP' },
  legacy_token_retired: badToken,
  legacy_token_expired: badToken,
  company_token_not_allowed: badToken,
  legacy_scopes_exceed_client: badScope,

  code_unknown: badCode,
  code_of_other_client: at(105),
  code_redeemed: badCode,
  code_expired: badCode,
  redirect_uri_mismatch: at(104),
  code_verifier_mismatch: badCode,

  email_unknown: at(55),
  subject_unknown: at(100),
  request_token_unknown: at(19),
  request_token_of_other: at(19),
  request_token_used_up: at(19),
  request_token_expired: at(19),
  one_time_codes_open: at(82),
  one_time_code_unknown: at(83),
  one_time_code_wrong: at(85),
  one_time_code_differs: at(84),
  lives_elsewhere: at(16),
  client_not_enabled: at(53),
  address_not_allowed: at(20),
  proxies_unknown: at(122),

  refresh_token_unknown: badToken,
  refresh_token_of_other_client: badToken,
  grant_revoked: badToken,
  refresh_token_reused: badToken,
  refresh_token_expired: badToken,
  grant_lost: badToken,
  key_compromised: badToken,
  recovery_unavailable: badToken,

  revocation_unsupported: malformed,

  scope_widened: badScope,
  scope_not_allowed: badScope,
  target_invalid: malformed,

  response_type_unsupported: malformed,
  redirect_uri_unknown: malformed,
  code_challenge_missing: malformed,
  consent_prompt_missing: at(119, 'BADREQUEST'),
  password_wrong: at(5, 'UNAUTHORIZED'),
  sign_in_locked: at(14, 'UNAUTHORIZED'),
  sign_in_outdated: notSignedIn,
  provider_refused: notSignedIn,
  provider_answer_invalid: notSignedIn,
  email_unverified: notSignedIn,
  user_ambiguous: notSignedIn,
  user_unknown: notSignedIn,
  signed_out: { token: 64, exchange: 'UNAUTHORIZED' },
  consent_refused: at(12, 'UNAUTHORIZED'),
  interaction_required: malformed,

  record_unknown: malformed,
  record_exists: malformed,
  nothing_to_change: malformed,

  contended: trouble,
  unavailable: trouble,
  internal: { token: 500, exchange: 'SERVERERROR' },
}
