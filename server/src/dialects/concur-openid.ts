/** Concur's own names of OpenID Connect: what its id_token says, and where it is asked. */
import type { Identity } from '../kernel/operations/identity.ts'
import { appUri, principalUri } from './concur-answers.ts'
import { authorize } from './concur-authorize.ts'
import type { Context } from './dialect.ts'
import { discovery, openIdMetadata, publicDocument, userInfoEndpoints } from './openid.ts'

/**
 * Without the scopes that an access token of Concur's has: an API that looks at nothing else would take one
 * for the other.
 */
export const identityClaims = ({ clientId, userId, issuedAt }: Identity, issuer: string) => ({
  'concur.profile': principalUri(issuer, userId),
  'concur.version': 2,
  'concur.type': 'user',
  'concur.app': appUri(issuer, clientId),
  nbf: issuedAt / 1000,
})

export const openIdEndpoints = userInfoEndpoints('/oauth2/v0/userinfo')

const metadata = (context: Context) => {
  const { issuer } = context
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/v0/authorize`,
    token_endpoint: `${issuer}/oauth2/v0/token`,
    userinfo_endpoint: `${issuer}/oauth2/v0/userinfo`,
    jwks_uri: `${issuer}/oauth2/v0/jwks`,
    response_types_supported: authorize.responseTypes,
    // Behind the `#` where an id_token is in the answer, and nobody chooses.
    response_modes_supported: ['query', 'fragment'],
    display_values_supported: authorize.displays,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', 'password', 'otp'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    ...openIdMetadata(context),
  }
}

export const openIdDocuments = [
  discovery(metadata),
  publicDocument(
    (prefix) => `${prefix}/oauth2/v0/jwks`,
    ({ publicKeys }) => publicKeys(),
  ),
]
