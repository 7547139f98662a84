/** Hears an authorization request (RFC 6749 §4.1.1) from the query of its address. */
import type { AuthorizePage } from '../dialects/dialect.ts'
import type { Parameters } from '../http/parameters.ts'
import { hearForm, repeatedIn } from '../http/parameters.ts'
import type { AuthorizationRequest } from '../kernel/operations/authorization.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { hearScopes } from '../kernel/scopes.ts'

export type HeardAuthorization =
  | { readonly request: AuthorizationRequest; readonly state: string | undefined }
  /** It does not say for sure where to send the user back to: shown on a page. */
  | { readonly refusal: Refusal }

export function hearAuthorization(query: string, page: AuthorizePage): HeardAuthorization {
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
  const prompts = one('prompt')?.split(' ') ?? []
  return {
    state: one('state'),
    request: {
      clientId,
      redirectUri: one('redirect_uri'),
      responseType: one('response_type'),
      scopes,
      codeChallenge: one('code_challenge'),
      codeChallengeMethod: one('code_challenge_method'),
      resource: page.resource === 'many' ? (heard.get('resource') ?? []) : [],
      prompt: prompts.includes('none') ? 'none' : prompts.includes('consent') ? 'consent' : undefined,
      wrong: wrongIn(heard, page, scope !== undefined && scopes === undefined, prompts),
    },
  }
}

function wrongIn(
  heard: Parameters,
  { resource }: AuthorizePage,
  scopeIsWrong: boolean,
  prompts: readonly string[],
): Refusal | undefined {
  const repeated = repeatedIn(heard, (name) => name === 'resource' && resource === 'many')
  if (repeated !== undefined) return { reason: 'parameter_repeated', parameter: repeated }
  if (scopeIsWrong) return { reason: 'parameter_malformed', parameter: 'scope' }
  // To ask nothing and to ask for something cannot both be meant.
  if (prompts.includes('none') && prompts.length > 1)
    return { reason: 'parameter_malformed', parameter: 'prompt' }
  if (resource === 'many' && !(heard.get('resource') ?? []).every(isResource))
    return { reason: 'target_invalid', parameter: 'resource' }
  return undefined
}

/** RFC 8707 §2: an absolute URI without fragment. */
const isResource = (resource: string): boolean =>
  resource.length <= 500 && /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(resource)
