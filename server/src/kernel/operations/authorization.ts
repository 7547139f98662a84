/**
 * What the pages' operations share: an authorization request (RFC 6749 §4.1.1), its checks, and the code that
 * comes of it. The request is heard anew at every step, from its own address: no half-done authorization lies
 * in a table.
 */
import type { Write } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { Policy } from '../policy.ts'
import { policyOf } from '../policy.ts'
import type {
  AuthorizationCode,
  Client,
  Connection,
  Milliseconds,
  Organization,
  Session,
  User,
} from '../records.ts'
import type { Refusal } from '../refusals.ts'
import { sha256 } from '../ring.ts'
import { firstBeyond } from '../scopes.ts'
import type { Store } from '../store.ts'
import { seconds } from './issue.ts'
import { redirectUriOf } from './redirect-uri.ts'

/** What a dialect's authorize page asks of a request. */
export type AuthorizationRules = {
  /** Whether the app must say `response_type=code`. */
  readonly responseType: 'required' | 'optional'
  /**
   * Whether the app may leave out `redirect_uri` where it has registered just one (RFC 6749 §3.1.2.3).
   * Absent: it must not.
   */
  readonly redirectUri?: 'required' | 'optional'
  /** Whether scopes are asked for in the request, or set on the app. */
  readonly scopes: 'asked' | 'of the client'
  /** RFC 7636; `public`: required of clients without a secret (RFC 9700 §2.1.1). */
  readonly codeChallenge: 'public' | 'optional'
  /** What a challenge without a method means. Absent: `plain` (RFC 7636 §4.3), which is refused. */
  readonly absentChallengeMethod?: 'S256'
  /** Whom the user lets the app act for. */
  readonly subject: 'user' | 'user in an organization' | 'organization'
}

export type AuthorizationRequest = {
  readonly clientId: string
  readonly redirectUri: string | undefined
  readonly responseType: string | undefined
  /** Absent: all that the client may have. */
  readonly scopes: readonly string[] | undefined
  readonly codeChallenge: string | undefined
  readonly codeChallengeMethod: string | undefined
  readonly resource: readonly string[]
  readonly prompt: 'none' | 'consent' | undefined
  /** The app's own word, which its id_token repeats (OpenID Connect Core 1.0 §3.1.2.1). */
  readonly nonce: string | undefined
  /**
   * A session that began before does not count (`max_age`, `prompt=login`). Absent: any does. Of a session
   * through the provider, only the provider knows when its user has last signed in.
   */
  readonly signedInSince: Readonly<Record<Session['method'], Milliseconds>> | undefined
  /** What was wrong with its other parameters: told to the app, once its address is known to be good. */
  readonly wrong: Refusal | undefined
}

export type AuthorizationInput = {
  readonly request: AuthorizationRequest
  readonly rules: AuthorizationRules
  /** The dialect of the mount: it serves only its own clients. */
  readonly dialect: string
  /** Of the mount, without the client's own. */
  readonly policy: Partial<Policy>
  /** What the browser's session cookie holds. */
  readonly sessionSecret: string | undefined
}

/** Somebody, or some organization, that the user may let the app act for. */
export type Subject = {
  readonly userId: string
  readonly organizationId: string
  readonly organization: Organization | undefined
  readonly connection: Connection | undefined
}

export type AuthorizationFacts = {
  readonly client: Client | undefined
  readonly user: User | undefined
  readonly session: Pick<Session, 'created' | 'expires' | 'method'> | undefined
  readonly subjects: readonly Subject[]
  /**
   * Organizations of the user whose admin has taken the app out. They are no subjects, and nor is the user
   * alone.
   */
  readonly barredFrom: readonly Organization[]
}

/** Where the user goes next. Refusals without an address to go to are no step: they are shown on a page. */
export type Step = { readonly client: Client; readonly redirectUri: string } & (
  | { readonly next: 'refuse'; readonly refusal: Refusal }
  | { readonly next: 'sign in' }
  | {
      readonly next: 'ask'
      readonly user: User
      readonly scopes: readonly string[]
      /** Of the only subject there is: shown, and not asked again. */
      readonly allowedBefore: readonly string[]
      readonly subjects: readonly Subject[]
      readonly barredFrom: readonly Organization[]
    }
  | {
      readonly next: 'answer'
      readonly code: string
      /** Who allowed it. */
      readonly userId: string
      readonly organizationId: string
    }
)

/** A request that may go on: the app, a good address, and the scopes that it would get. */
export type Checked = {
  readonly client: Client
  readonly redirectUri: string
  readonly scopes: readonly string[]
  /** Told to the app at its address. */
  readonly refusal: Refusal | undefined
  readonly user: User | undefined
  /** When they signed in, where that is known. */
  readonly authenticatedAt: Milliseconds | undefined
}

export async function lookForAuthorization(
  store: Store,
  { request, rules, sessionSecret }: AuthorizationInput,
): Promise<AuthorizationFacts> {
  const client = await store.findClient(request.clientId)
  const found = sessionSecret === undefined ? undefined : await store.findSession(sha256(sessionSecret))
  if (!client || !found) return { client, user: undefined, session: undefined, subjects: [], barredFrom: [] }
  const { user, session } = found
  const organizations = rules.subject === 'user' ? [undefined] : await store.findOrganizationsOf(user.id)
  const barring = rules.subject === 'user' ? await store.listBarring(user.id, client.id) : []
  // Acting for the user alone it would be back with everybody whose organization has taken it out.
  if (barring.length > 0) return { client, user, session, subjects: [], barredFrom: barring }
  const enabled = organizations.filter((organization) => organization?.status !== 'disabled')
  const barred = await Promise.all(
    enabled.map(async (organization) => organization && store.isBarred(organization.id, client.id)),
  )
  const subjects = enabled
    .filter((_, at) => !barred[at])
    .map(async (organization): Promise<Subject> => {
      const userId = rules.subject === 'organization' ? '' : user.id
      const organizationId = organization?.id ?? ''
      const connection = await store.findConnection(client.id, userId, organizationId)
      return { userId, organizationId, organization, connection }
    })
  return {
    client,
    user,
    session,
    subjects: await Promise.all(subjects),
    barredFrom: enabled.flatMap((organization, at) => (organization && barred[at] ? [organization] : [])),
  }
}

/**
 * Checks a request. A refusal that comes back alone is never sent to the address that the request names.
 * RFC 9700 §4.11.2: until client and address are known to be good, a redirect serves whoever made the link.
 */
export function checkAuthorization(
  { request, rules, dialect }: AuthorizationInput,
  { client, user, session }: AuthorizationFacts,
  now: Milliseconds,
): Checked | Refusal {
  if (!client || client.dialect !== dialect) return { reason: 'client_unknown' }
  if (client.status === 'disabled') return { reason: 'client_disabled' }
  const redirectUri = redirectUriOf(client, request, rules)
  if (redirectUri === undefined) return { reason: 'redirect_uri_unknown', parameter: 'redirect_uri' }
  const scopes = rules.scopes === 'asked' ? (request.scopes ?? client.scopes) : client.scopes
  const signedIn = user?.status === 'enabled' && session !== undefined && counts(session, request, now)
  return {
    client,
    redirectUri,
    scopes,
    refusal: refusalOf(request, rules, client, scopes),
    user: signedIn ? user : undefined,
    authenticatedAt: signedIn ? authenticatedAt(session, request) : undefined,
  }
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
  const { responseType, codeChallenge } = request
  if (request.wrong) return request.wrong
  if (codeChallenge !== undefined) {
    const method = request.codeChallengeMethod ?? rules.absentChallengeMethod
    // RFC 9700 §2.1.1: `plain` shows the verifier to whoever sees the request.
    if (method !== 'S256')
      return { reason: 'parameter_malformed', parameter: 'code_challenge_method', accepted: ['S256'] }
    // RFC 7636 §4.2: SHA-256 in base64url is 43 characters.
    if (!/^[\w-]{43}$/.test(codeChallenge))
      return { reason: 'parameter_malformed', parameter: 'code_challenge' }
  }
  if (responseType === undefined && rules.responseType === 'required') {
    return { reason: 'parameter_missing', parameter: 'response_type', accepted: ['code'] }
  }
  const beyond = firstBeyond(scopes, client.scopes)
  if (beyond !== undefined) return { reason: 'scope_not_allowed', parameter: beyond }
  if (responseType !== undefined && responseType !== 'code') {
    return { reason: 'response_type_unsupported', parameter: 'response_type', accepted: ['code'] }
  }
  if (codeChallenge === undefined && client.type === 'public' && rules.codeChallenge === 'public') {
    return { reason: 'code_challenge_missing', parameter: 'code_challenge' }
  }
  return undefined
}

/** What was allowed before is answered as often as it is asked: an app that loops makes no more rows. */
const openCodesMax = 20

/** A code for the app: 256 random bits, of which the row keeps the hash. */
export function answerWithCode(
  { request, rules, policy }: AuthorizationInput,
  { client, redirectUri, scopes, authenticatedAt }: Checked,
  subject: Subject,
  user: User,
  { now, random }: Moment,
): { readonly step: Step; readonly write: Write } {
  const code = Buffer.from(random(32)).toString('base64url')
  const row: AuthorizationCode = {
    hash: sha256(code),
    kind: 'consent',
    clientId: client.id,
    userId: subject.userId,
    organizationId: subject.organizationId,
    actsAs: rules.subject === 'organization' ? 'organization' : 'user',
    authorizedBy: user.id,
    scopes,
    resource: request.resource,
    // RFC 6749 §4.1.3: the token request must repeat it only where this request named it.
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
    legacyLookup: undefined,
    legacyClientId: undefined,
    wrappedLocator: undefined,
    created: now,
    expires: now + seconds(policyOf(policy, client).codeSeconds),
    status: 'open',
    grantNumber: undefined,
    nonce: request.nonce,
    authenticatedAt,
  }
  return {
    step: {
      client,
      redirectUri,
      next: 'answer',
      code,
      userId: user.id,
      organizationId: subject.organizationId,
    },
    write: { write: 'add_code', code: row, openMax: openCodesMax },
  }
}
