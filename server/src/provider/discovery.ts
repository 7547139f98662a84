/** Finds the provider by its discovery document, keeps what it says, and reads it again from time to time. */
import * as oidc from 'openid-client'
import type { Milliseconds } from '../kernel/records.ts'
import type { ProviderSettings } from './provider.ts'

const keptMilliseconds = 3_600_000
const timeoutSeconds = 10

type Settings = Pick<ProviderSettings, 'issuer' | 'clientId' | 'clientSecret'>

/**
 * Looks for the provider when it is first needed, so that the server starts without it. What was read stays
 * in use where it cannot be read again.
 */
export function discovering(settings: Settings, now: () => Milliseconds): () => Promise<oidc.Configuration> {
  let known: { readonly config: oidc.Configuration; readonly readAt: Milliseconds } | undefined
  let reading: Promise<oidc.Configuration> | undefined

  const read = async (): Promise<oidc.Configuration> => {
    try {
      const config = await discover(settings)
      known = { config, readAt: now() }
      return config
    } catch (error) {
      if (known) return known.config
      throw error
    } finally {
      reading = undefined
    }
  }

  return async () => {
    if (known && now() - known.readAt < keptMilliseconds) return known.config
    // However many users wait, it is asked once.
    reading ??= read()
    return reading
  }
}

/** Asks the provider for its discovery document, which must name the issuer as it is configured. */
export async function discover(
  { issuer, clientId, clientSecret }: Settings,
  timeout: number = timeoutSeconds,
): Promise<oidc.Configuration> {
  const address = new URL(issuer)
  const isLocal = address.protocol === 'http:'
  const found = await oidc.discovery(address, clientId, undefined, oidc.None(), {
    timeout,
    execute: isLocal ? [oidc.allowInsecureRequests] : [],
  })
  const metadata = found.serverMetadata()
  const config = new oidc.Configuration(
    metadata,
    clientId,
    undefined,
    proofOf(clientSecret, metadata.token_endpoint_auth_methods_supported),
  )
  config.timeout = timeoutSeconds
  if (isLocal) oidc.allowInsecureRequests(config)
  // The ID token comes over TLS from the provider itself, and its signature is verified all the same.
  oidc.enableNonRepudiationChecks(config)
  return config
}

/** RFC 6749 §2.3.1: Basic is what every provider must take; some say that they take only the other. */
function proofOf(secret: string | undefined, supported: readonly string[] | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None()
  return supported === undefined || supported.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(secret)
    : oidc.ClientSecretPost(secret)
}
