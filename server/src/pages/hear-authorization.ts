/** Hears an authorization request (RFC 6749 §4.1.1) from the query of its address. */
import type { AuthorizePage } from '../dialects/dialect.ts'
import type { Parameters } from '../http/parameters.ts'
import { hearForm, repeatedIn } from '../http/parameters.ts'
import type { Moment } from '../kernel/kernel.ts'
import type { AuthorizationRequest } from '../kernel/operations/authorization.ts'
import type { Milliseconds } from '../kernel/records.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { hearScopes, within } from '../kernel/scopes.ts'
import { targetsFit } from '../kernel/token-size.ts'
import type { Hub } from './page.ts'
import { hearAsked, markAsked } from './sign-in-asked.ts'

export type HeardAuthorization =
  | {
      readonly request: AuthorizationRequest
      readonly state: string | undefined
      readonly signIn: SignInWanted
    }
  /** It does not say for sure where to send the user back to: shown on a page. */
  | { readonly refusal: Refusal }

/** What the app wants of the sign-in (OpenID Connect Core 1.0 §3.1.2.1), to be handed on to a provider. */
export type SignInWanted = {
  /** `login`, `select_account`, or both. */
  readonly prompt: string | undefined
  readonly maxAgeSeconds: number | undefined
}

/** Hears the request that stands at a hub's address. */
export function hearAtHub({ path, page }: Pick<Hub, 'path' | 'page'>, query: string, moment: Moment) {
  const { ring, now } = moment
  const asked = hearAsked(path, query, ring, now)
  const heard = hearAuthorization(query, page, { now, asked })
  if ('refusal' in heard) return heard
  const isMarked = heard.request.signedInSince !== undefined && asked === undefined
  /** Where signing in leads back to. */
  const returnTo = `${path}?${isMarked ? markAsked(path, query, moment) : query}`
  return { ...heard, returnTo }
}

/** When the request is heard, and when a sign-in was asked for, where it was. */
export type HearingTimes = { readonly now: Milliseconds; readonly asked: Milliseconds | undefined }

export function hearAuthorization(
  query: string,
  page: AuthorizePage,
  times: HearingTimes,
): HeardAuthorization {
  const heard = hearForm(query)
  if ('refusal' in heard) return heard
  for (const name of ['client_id', 'redirect_uri']) {
    if ((heard.get(name)?.length ?? 0) > 1)
      return { refusal: { reason: 'parameter_repeated', parameter: name } }
  }
  const one = (name: string): string | undefined => heard.get(name)?.[0]
  const clientId = one('client_id')
  if (clientId === undefined) return { refusal: { reason: 'client_id_missing', parameter: 'client_id' } }
  const scope = page.scopes === 'asked' ? one('scope') : undefined
  const scopes = scope === undefined ? undefined : hearScopes(scope, page.separator)
  const prompts = one('prompt')?.split(' ').filter(Boolean) ?? []
  const signIn = signInWanted(prompts, one('max_age'))
  return {
    state: one('state'),
    signIn,
    request: {
      clientId,
      redirectUri: one('redirect_uri'),
      responseType: one('response_type'),
      scopes,
      codeChallenge: one('code_challenge'),
      codeChallengeMethod: one('code_challenge_method'),
      resource: page.resource === 'many' ? (heard.get('resource') ?? []) : [],
      nonce: one('nonce'),
      prompt: prompts.includes('none') ? 'none' : prompts.includes('consent') ? 'consent' : undefined,
      signedInSince: signedInSince(signIn, times),
      wrong: wrongIn(heard, page, scope !== undefined && scopes === undefined, prompts),
    },
  }
}

function signInWanted(prompts: readonly string[], maxAge: string | undefined): SignInWanted {
  // A prompt that nobody here knows asks for nothing: what an app may ask for grows, and this is no provider
  // of identities (OpenID Connect Core 1.0 §3.1.2.1 names those that there are).
  const known = prompts.filter((prompt) => prompt === 'login' || prompt === 'select_account')
  const isWhole = maxAge !== undefined && seconds.test(maxAge)
  return {
    prompt: [...new Set(known)].join(' ') || undefined,
    maxAgeSeconds: isWhole ? Number(maxAge) : undefined,
  }
}

const seconds = /^\d{1,10}$/

/** Signed in again since that was asked for is always enough, so that `max_age=0` ends. */
function signedInSince(
  { prompt, maxAgeSeconds }: SignInWanted,
  { now, asked }: HearingTimes,
): AuthorizationRequest['signedInSince'] {
  if (prompt === undefined && maxAgeSeconds === undefined) return undefined
  const since = asked ?? Number.POSITIVE_INFINITY
  // OpenID Connect Core 1.0 §3.1.2.1: `max_age=0` asks for the same as `prompt=login`.
  const young = prompt === undefined && maxAgeSeconds ? now - maxAgeSeconds * 1000 : since
  return { password: Math.min(since, young), provider: since }
}

function wrongIn(
  heard: Parameters,
  { resource, displays, prompts: known }: AuthorizePage,
  scopeIsWrong: boolean,
  prompts: readonly string[],
): Refusal | undefined {
  const repeated = repeatedIn(heard, (name) => name === 'resource' && resource === 'many')
  if (repeated !== undefined) return { reason: 'parameter_repeated', parameter: repeated }
  if (scopeIsWrong) return { reason: 'parameter_malformed', parameter: 'scope' }
  // To ask nothing and to ask for something cannot both be meant.
  if (prompts.includes('none') && prompts.length > 1)
    return { reason: 'parameter_malformed', parameter: 'prompt' }
  if (known && !within(prompts, known))
    return { reason: 'parameter_malformed', parameter: 'prompt', accepted: known }
  const [display] = heard.get('display') ?? []
  if (display !== undefined && displays && !displays.includes(display))
    return { reason: 'parameter_malformed', parameter: 'display', accepted: displays }
  const [maxAge] = heard.get('max_age') ?? []
  if (maxAge !== undefined && !seconds.test(maxAge))
    return { reason: 'parameter_malformed', parameter: 'max_age' }
  if ((heard.get('nonce')?.[0]?.length ?? 0) > nonceLengthMax)
    return { reason: 'parameter_malformed', parameter: 'nonce' }
  const resources = resource === 'many' ? (heard.get('resource') ?? []) : []
  if (!resources.every(isResource) || !targetsFit(resources))
    return { reason: 'target_invalid', parameter: 'resource' }
  return undefined
}

/** It is kept with the code and said again: what is longer than this is no word, but somebody's data. */
const nonceLengthMax = 500

/** RFC 8707 §2: an absolute URI without fragment. */
const isResource = (resource: string): boolean =>
  resource.length <= 500 && /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(resource)
