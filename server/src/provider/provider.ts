/**
 * The operator's own OpenID Connect provider: where a user is sent, and what comes back. Authorization code
 * with PKCE S256, state and nonce (RFC 9700 §2.1.1); nothing of it is kept here between the two.
 */
import * as oidc from 'openid-client'
import type { Milliseconds } from '../kernel/records.ts'
import type { Reason } from '../kernel/refusals.ts'
import { discovering } from './discovery.ts'
import type { Trouble } from './trouble.ts'
import { troubleOf } from './trouble.ts'

export type ProviderSettings = {
  /** What users know it by. */
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  /** Absent: a public client. */
  readonly clientSecret: string | undefined
  readonly scopes: readonly string[]
  /** Where the provider sends users back to: of the configured public address. */
  readonly redirectUri: string
}

/** What must survive the way to the provider and back. */
export type Trip = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly begun: Milliseconds
  /** Of our own, where the user was asked to sign in. */
  readonly returnTo: string
  readonly asked: Asked
}

/** How fresh the app wants the sign-in to be (OpenID Connect Core 1.0 §3.1.2.1). */
export type Asked = {
  /** `login`, `select_account`, or both. */
  readonly prompt: string | undefined
  readonly maxAgeSeconds: number | undefined
}

export type UserClaims = Readonly<Record<string, unknown>>

export type Provider = Pick<ProviderSettings, 'name' | 'issuer'> & {
  /** The address to send the user to. */
  begin(asked: Pick<Trip, 'returnTo' | 'asked'>): Promise<{ location: string; trip: Trip } | Trouble>
  /** What the provider says of the user who came back with this query. */
  finish(trip: Trip, query: string, needed: readonly string[]): Promise<{ claims: UserClaims } | Trouble>
}

/** After this long nobody is still signing in there. */
export const tripMilliseconds = 10 * 60_000

/** Two clocks may differ by this much. */
const clockToleranceMilliseconds = 30_000

export function provider(settings: ProviderSettings, now: () => Milliseconds): Provider {
  const { name, issuer, scopes, redirectUri } = settings
  const discovered = discovering(settings, now)

  return {
    name,
    issuer,

    async begin({ returnTo, asked }) {
      try {
        const config = await discovered()
        const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
        const verifier = oidc.randomPKCECodeVerifier()
        const location = oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: scopes.join(' '),
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          ...promptOf(asked, config),
          ...(asked.maxAgeSeconds !== undefined && { max_age: String(asked.maxAgeSeconds) }),
        })
        return { location: location.href, trip: { state, nonce, verifier, begun: now(), returnTo, asked } }
      } catch (error) {
        return troubleOf(error, 'discovery')
      }
    },

    async finish(trip, query, needed) {
      const back = new URL(redirectUri)
      back.search = query
      try {
        const config = await discovered()
        // Checks `iss` (RFC 9207) and the ID token: issuer, audience, nonce, times, signature.
        const tokens = await oidc.authorizationCodeGrant(config, back, {
          expectedState: trip.state,
          expectedNonce: trip.nonce,
          pkceCodeVerifier: trip.verifier,
          idTokenExpected: true,
        })
        const idToken: UserClaims & { readonly sub: string } = { sub: '', ...tokens.claims() }
        const stale = staleness(trip, idToken.auth_time)
        if (stale) return stale
        const isWhole = needed.every((claim) => idToken[claim] !== undefined)
        if (isWhole || config.serverMetadata().userinfo_endpoint === undefined) return { claims: idToken }
        // OpenID Connect Core 1.0 §5.4: what scopes ask for is said there, not in the ID token.
        const said = await oidc.fetchUserInfo(config, tokens.access_token, idToken.sub)
        return { claims: { ...said, ...idToken } }
      } catch (error) {
        return troubleOf(error, 'answer')
      }
    },
  }
}

/** A provider that lists the prompts it knows, and not this one, would refuse it; signing in anew is more. */
function promptOf({ prompt }: Asked, config: oidc.Configuration): { readonly prompt?: string } {
  if (prompt === undefined) return {}
  const { prompt_values_supported: supported } = config.serverMetadata()
  // The library hands on members of the document that it does not know itself.
  const isUnknown = Array.isArray(supported) && !supported.includes('select_account')
  const prompts = prompt.split(' ').map((one) => (one === 'select_account' && isUnknown ? 'login' : one))
  return { prompt: [...new Set(prompts)].join(' ') }
}

/**
 * A sign-in there that is older than was asked for. It is measured from the moment when the user was sent
 * there, as the provider does it: how long they then looked at its pages does not count.
 */
function staleness({ asked, begun }: Trip, authTime: unknown): Trouble | undefined {
  const { maxAgeSeconds, prompt } = asked
  const isAnew = prompt?.split(' ').includes('login') ?? false
  if (maxAgeSeconds === undefined && !isAnew) return undefined
  const invalid = (problem: string): Trouble => ({
    reason: 'provider_answer_invalid' satisfies Reason,
    problem,
  })
  // OpenID Connect Core 1.0 §2: `auth_time` must be there where `max_age` was asked for.
  if (typeof authTime !== 'number')
    return maxAgeSeconds === undefined ? undefined : invalid('auth_time_missing')
  const since = begun - (isAnew ? 0 : (maxAgeSeconds ?? 0) * 1000)
  return authTime * 1000 + clockToleranceMilliseconds < since ? invalid('auth_time_too_old') : undefined
}
