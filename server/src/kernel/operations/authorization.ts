/**
 * What the pages' operations share: an authorization request (RFC 6749 §4.1.1), and what is looked up for it.
 * The request is heard anew at every step, from its own address: no half-done authorization lies in a table.
 */
import type { Policy } from '../policy.ts'
import type { Client, Connection, Milliseconds, Organization, Session, User } from '../records.ts'
import type { Refusal } from '../refusals.ts'
import { sha256 } from '../ring.ts'
import type { Store } from '../store.ts'
import type { ActsFor, Standing } from '../subjects.ts'
import type { Identity } from './identity.ts'

/** What an app may ask to get at its address; `code` alone is what OAuth knows. */
export type ResponseType = 'code' | 'id_token' | 'code id_token'

/** What a dialect's authorize page asks of a request. */
export type AuthorizationRules = {
  /** Whether the app must say a `response_type`; none means `code`. */
  readonly responseType: 'required' | 'optional'
  /** Those that there are; words in the order of the alphabet. Absent: `code` alone. */
  readonly responseTypes?: readonly ResponseType[]
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
  /** `offline_access` is had only where the user is asked for it. Absent: it is a scope like any other. */
  readonly offlineAccess?: 'by consent'
  /** Whom the user lets the app act for. */
  readonly subject: ActsFor
  /** Whether whoever belongs to no organization acts alone. Absent: there is nothing for them to allow. */
  readonly withoutOrganization?: 'user'
  /** Who hears that the app may be used by nobody whom the user could name. Absent: the user, on the page. */
  readonly denied?: 'told to the app'
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
  /** The browser's: an organization may let its people in from some places only. */
  readonly address: string | undefined
}

/** Somebody, or some organization, that the user may let the app act for. */
export type Subject = {
  readonly userId: string
  readonly organizationId: string
  readonly organization: Organization | undefined
  readonly connection: Connection | undefined
}

/** With how they stand to the app, which may keep it from them. */
export type Candidate = Subject & Pick<Standing, 'barred' | 'enabled'>

export type AuthorizationFacts = {
  readonly client: Client | undefined
  readonly user: User | undefined
  readonly session: Pick<Session, 'created' | 'expires' | 'method'> | undefined
  readonly subjects: readonly Candidate[]
}

/** Where the app's answer goes: into the query of its address, or behind the `#`. */
export type Destination = {
  readonly client: Client
  readonly redirectUri: string
  readonly responseMode: 'query' | 'fragment'
}

/** Where the user goes next. Refusals without an address to go to are no step: they are shown on a page. */
export type Step = Destination &
  (
    | { readonly next: 'refuse'; readonly refusal: Refusal }
    | { readonly next: 'sign in' }
    | {
        readonly next: 'ask'
        readonly user: User
        readonly scopes: readonly string[]
        /** Of the only subject there is: shown, and not asked again. */
        readonly allowedBefore: readonly string[]
        readonly subjects: readonly Subject[]
        /** Why there are none. */
        readonly denied: Refusal | undefined
      }
    | {
        readonly next: 'answer'
        readonly code: string | undefined
        /** Who the user is, to be signed, where the request asks for it here. */
        readonly identity: Identity | undefined
        /** Who allowed it. */
        readonly userId: string
        readonly organizationId: string
        /** Where whom the app acts for lives, by the name of a region. */
        readonly region: string | undefined
      }
  )

/** A request that may go on: the app, a good address, and the scopes that it would get. */
export type Checked = Destination & {
  readonly responseType: ResponseType
  readonly scopes: readonly string[]
  /** Told to the app at its address. */
  readonly refusal: Refusal | undefined
  readonly user: User | undefined
  /** When they signed in, where that is known. */
  readonly authenticatedAt: Milliseconds | undefined
  /** Those whom they may let the app act for. */
  readonly subjects: readonly Subject[]
  /** Why that is nobody, where it is for a reason. */
  readonly denied: Refusal | undefined
}

export async function lookForAuthorization(
  store: Store,
  { request, rules, sessionSecret }: AuthorizationInput,
): Promise<AuthorizationFacts> {
  const client = await store.findClient(request.clientId)
  const found = sessionSecret === undefined ? undefined : await store.findSession(sha256(sessionSecret))
  if (!client || !found) return { client, user: undefined, session: undefined, subjects: [] }
  const { user, session } = found
  const userId = rules.subject === 'organization' ? '' : user.id
  const subjects = (await lookForStandings(store, client.id, user.id, rules)).map((standing) => ({
    userId,
    organizationId: standing.organization?.id ?? '',
    ...standing,
  }))
  return { client, user, session, subjects }
}

async function lookForStandings(
  store: Store,
  clientId: string,
  userId: string,
  { subject, withoutOrganization }: AuthorizationRules,
): Promise<readonly Standing[]> {
  const standings = await store.listStandings(clientId, userId, subject)
  const isAlone = standings.length === 0 && withoutOrganization !== undefined
  return isAlone ? store.listStandings(clientId, userId, withoutOrganization) : standings
}
