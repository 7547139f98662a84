/** What is checked of an authorization request, and who of its user's may be allowed anything. */
import type { Policy } from '../policy.ts'
import { policyOf } from '../policy.ts'
import type { Client, Milliseconds, Session } from '../records.ts'
import type { Refusal } from '../refusals.ts'
import { firstBeyond, offlineAccess } from '../scopes.ts'
import type {
  AuthorizationFacts,
  AuthorizationInput,
  AuthorizationRequest,
  AuthorizationRules,
  Candidate,
  Checked,
  ResponseType,
} from './authorization.ts'
import { redirectUriOf } from './redirect-uri.ts'
import { refusalOfStanding } from './standing.ts'

/**
 * Checks a request. A refusal that comes back alone is never sent to the address that the request names.
 * RFC 9700 §4.11.2: until client and address are known to be good, a redirect serves whoever made the link.
 */
export function checkAuthorization(
  { request, rules, dialect, policy, address }: AuthorizationInput,
  { client, user, session, subjects }: AuthorizationFacts,
  now: Milliseconds,
): Checked | Refusal {
  if (!client || client.dialect !== dialect) return { reason: 'client_unknown' }
  if (client.status === 'disabled') return { reason: 'client_disabled' }
  const redirectUri = redirectUriOf(client, request, rules)
  if (redirectUri === undefined) return { reason: 'redirect_uri_unknown', parameter: 'redirect_uri' }
  const scopes = scopesOf(request, rules, client)
  const signedIn = user?.status === 'enabled' && session !== undefined && counts(session, request, now)
  return {
    client,
    redirectUri,
    responseType: responseTypeOf(request, rules) ?? 'code',
    responseMode: responseModeOf(request, rules),
    scopes,
    refusal: refusalOf(request, rules, client, scopes),
    user: signedIn ? user : undefined,
    authenticatedAt: signedIn ? authenticatedAt(session, request) : undefined,
    ...chosenFrom(subjects, policyOf(policy, client), address),
  }
}

/**
 * What is asked for. All that the client may have leaves out what wants to be asked for by name (OpenID
 * Connect Core 1.0 §11).
 */
function scopesOf(
  { scopes, prompt }: AuthorizationRequest,
  rules: AuthorizationRules,
  client: Client,
): readonly string[] {
  if (rules.scopes === 'of the client') return client.scopes
  if (scopes) return scopes
  const isLeftOut = rules.offlineAccess === 'by consent' && prompt !== 'consent'
  return isLeftOut ? client.scopes.filter((scope) => scope !== offlineAccess) : client.scopes
}

/** Those whom the user may let the app act for, and, where they may for nobody, why. */
function chosenFrom(
  candidates: readonly Candidate[],
  policy: Policy,
  address: string | undefined,
): Pick<Checked, 'subjects' | 'denied'> {
  const looked = candidates.map((subject) => ({
    subject,
    refusal: refusalOfStanding(subject, policy, address),
  }))
  const subjects = looked.filter(({ refusal }) => !refusal).map(({ subject }) => subject)
  if (subjects.length > 0) return { subjects, denied: undefined }
  const refusals = looked.flatMap(({ refusal }) => refusal ?? [])
  // An organization that still is one says more than one that is over.
  const told = refusals.find(({ reason }) => reason !== 'organization_disabled') ?? refusals[0]
  return { subjects, denied: told }
}

/**
 * Of a user who came through the provider only the provider knows it, but where the app wanted it recent:
 * then the provider was made to look, and this session began with its answer.
 */
const authenticatedAt = (
  { created, method }: Pick<Session, 'created' | 'method'>,
  { signedInSince }: AuthorizationRequest,
): Milliseconds | undefined => (method === 'password' || signedInSince ? created : undefined)

/** Whether a session is still open, and young enough for who asks. */
function counts(
  { created, expires, method }: Pick<Session, 'created' | 'expires' | 'method'>,
  { signedInSince }: AuthorizationRequest,
  now: Milliseconds,
): boolean {
  return expires > now && (signedInSince === undefined || created >= signedInSince[method])
}

function refusalOf(
  request: AuthorizationRequest,
  rules: AuthorizationRules,
  client: Client,
  scopes: readonly string[],
): Refusal | undefined {
  if (request.wrong) return request.wrong
  const challenge = refusalOfChallenge(request, rules)
  if (challenge) return challenge
  const accepted = responseTypesOf(rules)
  const about = { parameter: 'response_type', accepted }
  if (request.responseType === undefined && rules.responseType === 'required') {
    return { reason: 'parameter_missing', ...about }
  }
  const beyond = firstBeyond(scopes, client.scopes)
  if (beyond !== undefined) return { reason: 'scope_not_allowed', parameter: beyond }
  const responseType = responseTypeOf(request, rules)
  if (!responseType) return { reason: 'response_type_unsupported', ...about }
  // OpenID Connect Core 1.0 §3.2.2.1: what comes through the browser must name what it answers.
  if (responseType !== 'code' && request.nonce === undefined) {
    return { reason: 'parameter_missing', parameter: 'nonce' }
  }
  const isOffline = rules.offlineAccess === 'by consent' && scopes.includes(offlineAccess)
  if (isOffline && request.prompt !== 'consent') return { reason: 'consent_prompt_missing' }
  const wantsChallenge = client.type === 'public' && rules.codeChallenge === 'public'
  if (request.codeChallenge === undefined && wantsChallenge && responseType !== 'id_token') {
    return { reason: 'code_challenge_missing', parameter: 'code_challenge' }
  }
  return undefined
}

function refusalOfChallenge(
  { codeChallenge, codeChallengeMethod }: AuthorizationRequest,
  { absentChallengeMethod }: AuthorizationRules,
): Refusal | undefined {
  if (codeChallenge === undefined) return undefined
  // RFC 9700 §2.1.1: `plain` shows the verifier to whoever sees the request.
  if ((codeChallengeMethod ?? absentChallengeMethod) !== 'S256')
    return { reason: 'parameter_malformed', parameter: 'code_challenge_method', accepted: ['S256'] }
  // RFC 7636 §4.2: SHA-256 in base64url is 43 characters.
  if (!/^[\w-]{43}$/.test(codeChallenge))
    return { reason: 'parameter_malformed', parameter: 'code_challenge' }
  return undefined
}

const responseTypesOf = ({ responseTypes = ['code'] }: AuthorizationRules): readonly ResponseType[] =>
  responseTypes

/** The order of the words means nothing (OAuth 2.0 Multiple Response Type Encoding Practices §3). */
function responseTypeOf(
  { responseType = 'code' }: AuthorizationRequest,
  rules: AuthorizationRules,
): ResponseType | undefined {
  const asked = responseType.split(' ').sort().join(' ')
  return responseTypesOf(rules).find((one) => one === asked)
}

/**
 * Where an id_token would be in the answer, everything goes behind the `#`, refusals too: no server logs that
 * (OAuth 2.0 Multiple Response Type Encoding Practices §5).
 */
function responseModeOf(
  { responseType = '' }: AuthorizationRequest,
  rules: AuthorizationRules,
): Checked['responseMode'] {
  const goesThroughBrowser = responseTypesOf(rules).some((one) => one !== 'code')
  const isAsked = responseType.split(' ').some((word) => word === 'id_token' || word === 'token')
  return goesThroughBrowser && isAsked ? 'fragment' : 'query'
}
