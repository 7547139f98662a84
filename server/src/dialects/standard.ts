/** The standard's own dialect: RFC 6749, RFC 8693 with a legacy subject token, and their family. */

import type { Introspected } from '../kernel/operations/introspect-token.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { hearScopes } from '../kernel/scopes.ts'
import { standardClaims } from './claims.ts'
import type { AuthorizePage, Context, Dialect, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { discovery, openIdMetadata, publicDocument, userInfoEndpoints } from './openid.ts'
import { basicOrBody } from './proofs.ts'
import { explain } from './words.ts'

export const legacyTokenType = 'urn:tokenferry:params:oauth:token-type:legacy'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const refreshTokenType = 'urn:ietf:params:oauth:token-type:refresh_token'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 6749 §5.1. */
const tokens = (result: SignedTokens) => ({
  access_token: result.accessToken,
  token_type: 'Bearer',
  expires_in: result.access && Math.round((result.access.expiresAt - result.access.issuedAt) / 1000),
  refresh_token: result.refreshToken,
  scope: result.scopes.join(' '),
  // OpenID Connect Core 1.0 §3.1.3.3.
  id_token: result.idToken,
})

const malformed = (parameter: string) => ({ refusal: { reason: 'parameter_malformed', parameter } as const })

const exchange = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: tokenExchange },
  body: 'form',
  client: basicOrBody,
  crossOrigin: true,
  takes: {
    subject_token: 'required',
    subject_token_type: 'required',
    requested_token_type: 'optional',
    actor_token: 'optional',
    scope: 'optional',
    resource: 'many',
    audience: 'many',
  },
  does: 'exchange_legacy_token',
  hear({ subject_token, subject_token_type, requested_token_type, actor_token, scope, resource, audience }) {
    if (subject_token_type !== legacyTokenType) return malformed('subject_token_type')
    if (requested_token_type !== undefined && requested_token_type !== accessTokenType) {
      return malformed('requested_token_type')
    }
    // Nobody acts for a legacy token's user but the app that holds it.
    if (actor_token !== undefined) return malformed('actor_token')
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    if (scope !== undefined && scopes === undefined) return malformed('scope')
    const targets = [...resource, ...audience]
    if (!targets.every(isTarget)) return { refusal: { reason: 'target_invalid' } }
    return { legacyToken: subject_token, as: 'user', scopes, resource: targets, wants: 'pair' } as const
  },
  // RFC 8693 §2.2.1: `issued_token_type` is always there.
  say: (result) => reply(200, { ...tokens(result), issued_token_type: accessTokenType }),
  // RFC 8693 §2.2.2: a bad subject token is an invalid request, not an invalid grant.
  refuse: (refusal) => refuse(refusal, 'invalid_request'),
})

const refresh = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'refresh_token' },
  body: 'form',
  client: basicOrBody,
  crossOrigin: true,
  takes: { refresh_token: 'required', scope: 'optional', resource: 'many' },
  does: 'refresh_token_pair',
  hear({ refresh_token, scope, resource }) {
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    if (scope !== undefined && scopes === undefined) return malformed('scope')
    // RFC 8707 §2.2: some of those that were granted, which the grant tells; each once, as there.
    return {
      refreshToken: refresh_token,
      scopes,
      resource: resource.length > 0 ? [...new Set(resource)] : undefined,
    }
  },
  say: (result) => reply(200, tokens(result)),
})

const clientCredentials = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'client_credentials' },
  body: 'form',
  client: basicOrBody,
  takes: { scope: 'optional', resource: 'many' },
  does: 'issue_client_token',
  hear({ scope, resource }) {
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    if (scope !== undefined && scopes === undefined) return malformed('scope')
    if (!resource.every(isTarget)) return { refusal: { reason: 'target_invalid' } }
    return { scopes, resource }
  },
  say: (result) => reply(200, tokens(result)),
})

const code = endpoint({
  route: 'POST /oauth2/token',
  when: { grant_type: 'authorization_code' },
  body: 'form',
  client: basicOrBody,
  crossOrigin: true,
  takes: { code: 'required', redirect_uri: 'optional', code_verifier: 'optional' },
  does: 'redeem_authorization_code',
  hear: ({ code, redirect_uri, code_verifier }) => ({
    code,
    redirectUri: redirect_uri,
    codeVerifier: code_verifier,
  }),
  say: (result) => reply(200, tokens(result)),
})

const introspect = endpoint({
  route: 'POST /oauth2/introspect',
  body: 'form',
  client: basicOrBody,
  takes: { token: 'required', token_type_hint: 'optional' },
  does: 'introspect_token',
  hear: ({ token }, { verify, policies }) => ({ token, signed: verify(token), policies }),
  say: (result) => reply(200, introspection(result)),
})

const revoke = endpoint({
  route: 'POST /oauth2/revoke',
  body: 'form',
  client: basicOrBody,
  crossOrigin: true,
  takes: { token: 'required', token_type_hint: 'optional' },
  does: 'revoke_token',
  hear: ({ token }, { verify }) => ({ token, signed: verify(token) }),
  // RFC 7009 §2.2: 200, also for a token that was not alive. Some clients want JSON where nothing need be
  // said.
  say: () => reply(200, {}),
})

const userInfo = userInfoEndpoints('/oauth2/userinfo')

const tokenKinds = { access: accessTokenType, refresh: refreshTokenType, legacy: legacyTokenType }

/** RFC 7662 §2.2. */
function introspection(result: Introspected) {
  // Against RFC 7662 §2.2, which would not have anybody told why: it is about third parties, and only the
  // token's own app and the operator's APIs come this far. Without the reason, an app would give up a token
  // that its user has yet to wake. §2.2 lets an answer have members of its server's own.
  if (!result.active) return { active: false, inactive_reason: result.inactiveReason }
  const { kind, clientId, userId, organizationId, scopes, resource, issuer, jti, issuedAt, expiresAt } =
    result
  return {
    active: true,
    token_kind: tokenKinds[kind],
    ...(kind === 'access' && { token_type: 'Bearer' }),
    client_id: clientId,
    sub: userId || organizationId || clientId,
    ...(organizationId && { organization: organizationId }),
    scope: scopes?.join(' '),
    ...(resource.length > 0 && { aud: resource }),
    iss: issuer,
    jti,
    iat: issuedAt && Math.floor(issuedAt / 1000),
    exp: expiresAt && Math.floor(expiresAt / 1000),
  }
}

/** RFC 6749 §4.1, with RFC 7636, RFC 8707 and RFC 9207. */
const authorize: AuthorizePage = {
  path: '/oauth2/authorize',
  responseType: 'required',
  redirectUri: 'optional',
  scopes: 'asked',
  separator: ' ',
  resource: 'many',
  codeChallenge: 'public',
  subject: 'user',
  say: ({ code, state, issuer }) => ({ code, state, iss: issuer }),
  // RFC 6749 §4.1.2.1.
  refuse: (refusal, state, issuer) => {
    const { oauth, says } = refusals[refusal.reason]
    const isScope = refusal.reason === 'parameter_malformed' && refusal.parameter === 'scope'
    const error = isScope ? 'invalid_scope' : oauth
    return { error, error_description: explain(says, refusal), state, iss: issuer }
  },
}

/** RFC 8414 §2, and OpenID Connect Discovery 1.0 §3. */
const metadata = (context: Context) => {
  const { issuer, origin } = context
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/authorize`,
    token_endpoint: `${issuer}/oauth2/token`,
    userinfo_endpoint: `${issuer}/oauth2/userinfo`,
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    revocation_endpoint: `${issuer}/oauth2/revoke`,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', tokenExchange],
    token_endpoint_auth_methods_supported: proofMethods,
    introspection_endpoint_auth_methods_supported: proofMethods.slice(0, 2),
    revocation_endpoint_auth_methods_supported: proofMethods,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    subject_token_types_supported: [legacyTokenType],
    ...openIdMetadata(context),
  }
}

const documents = [
  // RFC 8414 §3.1: an issuer's path comes behind the well-known part.
  publicDocument((prefix) => `/.well-known/oauth-authorization-server${prefix}`, metadata),
  discovery(metadata),
]

const proofMethods = ['client_secret_basic', 'client_secret_post', 'none']

/** RFC 8707 §2: an absolute URI without fragment; an audience may be any name. */
const isTarget = (target: string): boolean => target.length <= 500 && !/[\s#]/.test(target)

/** RFC 6749 §5.2. `grantError` is what a bad credential is called. */
function refuse(refusal: Refusal, grantError = 'invalid_grant') {
  const { status, oauth, says } = refusals[refusal.reason]
  const error = oauth === 'invalid_grant' ? grantError : oauth
  const body = { error, error_description: explain(says, refusal) }
  return status === 401
    ? reply(status, body, { 'www-authenticate': 'Basic realm="tokenferry"' })
    : reply(status, body)
}

const scopes = ['read', 'write', 'openid', 'profile', 'email', 'offline_access']

export const standard: Dialect = {
  name: 'standard',
  title: 'OAuth 2.0',
  source:
    'RFC 6749, RFC 7009, RFC 7636, RFC 7662, RFC 8414, RFC 8693, RFC 8707, RFC 9068, RFC 9207, OpenID Connect',
  policy: { rotate: { atMostEverySeconds: 60 }, cardinality: 'first_client' },
  endpoints: [exchange, refresh, clientCredentials, code, introspect, revoke, ...userInfo],
  documents,
  authorize,
  claims: standardClaims,
  refuse: (refusal) => refuse(refusal),
  query: 'ignored',
  sample: {
    clients: [
      {
        key: 'client',
        name: 'Sample app',
        type: 'confidential',
        scopes,
        redirectUris: ['http://127.0.0.1:4000/callback'],
        isTold: true,
      },
      {
        key: 'public',
        name: 'Sample app without a secret',
        type: 'public',
        scopes,
        redirectUris: ['http://127.0.0.1:4000/callback'],
      },
      { key: 'api', name: 'Sample API', type: 'confidential', scopes: [], mayIntrospect: true },
    ],
    lists: [{ name: 'legacy_tokens', kind: 'user', scopes: ['read', 'write'], organization: 'none' }],
    say: ({ client, tokens, username, password }) => ({
      client_id: client('client').id,
      client_secret: client('client').secret,
      public_client_id: client('public').id,
      resource_server_id: client('api').id,
      resource_server_secret: client('api').secret,
      redirect_uri: 'http://127.0.0.1:4000/callback',
      scopes,
      username,
      password,
      legacy_tokens: tokens('legacy_tokens'),
    }),
    // The exchange, and a refresh with what it answered.
    curl({ at, value, unused }) {
      const ask = `curl -s ${at}/oauth2/token -u '${value('client_id')}:${value('client_secret')}'`
      return [
        `ANSWER=$(${ask} \\`,
        `  -d grant_type=${tokenExchange} \\`,
        `  -d subject_token_type=${legacyTokenType} \\`,
        `  -d subject_token=${unused('legacy_tokens')}); echo "$ANSWER"`,
        '',
        `${ask} -d grant_type=refresh_token \\`,
        `  -d refresh_token="$(echo "$ANSWER" | sed 's/.*"refresh_token":"\\([^"]*\\)".*/\\1/')"`,
      ].join('\n')
    },
  },
}
