import type { SignInSettings } from '../config-sign-in.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { readReference } from '../keys/root-secret.ts'
import type { Mapping } from './claims.ts'
import type { Provider } from './provider.ts'
import { provider } from './provider.ts'

/** How users sign in here. */
export type WaysToSignIn = {
  readonly password: boolean
  readonly provider: { readonly at: Provider; readonly mapping: Mapping } | undefined
  /** Where users choose another password, if anywhere. */
  readonly passwordPage: string | undefined
}

/** What a provider is told to send users back to. */
export const callbackPath = '/sign-in/callback'

type Configured = { readonly public_url: string; readonly sign_in: SignInSettings }

/** From the configuration. The provider's secret is read now; the provider itself, when it is needed. */
export function openProvider({ sign_in, public_url }: Configured, now: () => Milliseconds): WaysToSignIn {
  const { password, password_page: passwordPage, provider: settings } = sign_in
  if (!settings) return { password, passwordPage, provider: undefined }
  const { name, issuer, client_id, client_secret, scopes, claim, user, unknown_users } = settings
  const at = provider(
    {
      name,
      issuer,
      clientId: client_id,
      clientSecret: client_secret === undefined ? undefined : readReference(client_secret).trim(),
      scopes,
      redirectUri: redirectUriOf(public_url),
    },
    now,
  )
  return { password, passwordPage, provider: { at, mapping: { claim, user, unknownUsers: unknown_users } } }
}

/** As the library compares it: in the one spelling of a URL. */
export const redirectUriOf = (publicUrl: string): string =>
  new URL(publicUrl.replace(/\/+$/, '') + callbackPath).href
