/** What `tokenferry doctor` says of the operator's own provider: whether users can sign in there. */
import type { Config } from '../config.ts'
import { readReference } from '../keys/root-secret.ts'
import { checkProvider } from '../provider/check-provider.ts'
import { redirectUriOf } from '../provider/open-provider.ts'
import type { Finding } from './doctor-finding.ts'

const finding = (result: Finding['result'], says: string): Finding => ({ result, about: 'sign_in', says })

const timeoutSeconds = 5

export async function signInFindings({
  sign_in: { provider },
  public_url,
}: Pick<Config, 'sign_in' | 'public_url'>): Promise<readonly Finding[]> {
  if (!provider) return []
  const { issuer, client_id, client_secret } = provider
  const problems = [secretProblem(client_secret), await discoveryProblem(issuer, client_id)]
  const found = problems.flatMap((problem) => (problem === undefined ? [] : [finding('fail', problem)]))
  if (found.length > 0) return found
  const back = redirectUriOf(public_url)
  return [finding('ok', `${issuer} answers. It must know ${back} as where ${client_id} gets users back`)]
}

/** In the words with which the server would refuse to start. */
function secretProblem(reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined
  try {
    readReference(reference)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function discoveryProblem(issuer: string, clientId: string): Promise<string | undefined> {
  const found = await checkProvider(issuer, clientId, timeoutSeconds)
  if (!found) return undefined
  if (found.problem === 'other_issuer') {
    const said = found.said === undefined ? 'otherwise' : found.said
    return `${issuer} calls itself ${said}. Set sign_in.provider.issuer as the provider says it`
  }
  const address = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`
  return `${issuer} does not answer as a provider (${found.code}). Look at it: curl ${address}`
}
