/** Whether the provider is there, for an operator who asks before users do. */
import * as oidc from 'openid-client'
import { discover } from './discovery.ts'
import { troubleOf } from './trouble.ts'

export type ProviderProblem =
  /** It answers, and calls itself otherwise; absent where it says no name. */
  | { readonly problem: 'other_issuer'; readonly said: string | undefined }
  | { readonly problem: 'unavailable'; readonly code: string }

/** What is wrong with the discovery document; `undefined` where nothing is. */
export async function checkProvider(
  issuer: string,
  clientId: string,
  timeoutSeconds: number,
): Promise<ProviderProblem | undefined> {
  try {
    await discover({ issuer, clientId, clientSecret: undefined }, timeoutSeconds)
    return undefined
  } catch (error) {
    if (isOtherIssuer(error)) return { problem: 'other_issuer', said: issuerSaid(error) }
    return { problem: 'unavailable', code: troubleOf(error, 'discovery').problem }
  }
}

/** The library reads what the provider says as a URL, which it may not even be. */
const isOtherIssuer = (error: unknown): error is Error =>
  (error instanceof oidc.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') ||
  (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL')

/** As far as it can be an issuer: it is printed. */
function issuerSaid({ cause }: Error): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('body' in cause)) return undefined
  const { body } = cause
  if (typeof body !== 'object' || body === null || !('issuer' in body)) return undefined
  const said = String(body.issuer)
  return URL.canParse(said) && /^[\x21-\x7e]{1,300}$/.test(said) ? said : undefined
}
