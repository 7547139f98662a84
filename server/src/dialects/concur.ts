/**
 * SAP Concur's way from the tokens of before 2017 to OAuth 2.0. An app proves itself with a token of its own
 * and its secret, trades each old token for a refresh token alone, and that one for an access token. What its
 * endpoints take and say stands beside this file, each kind in its own.
 */
import { appUri, principalUri, refuseAtToken, userUri } from './concur-answers.ts'
import { authorize } from './concur-authorize.ts'
import { connectionEndpoints } from './concur-connections.ts'
import { exchanges } from './concur-exchange.ts'
import { identityClaims, openIdDocuments, openIdEndpoints } from './concur-openid.ts'
import { otpEndpoints } from './concur-otp.ts'
import { passwordEndpoints } from './concur-password.ts'
import { requestTokenEndpoints, requestTokenRequest } from './concur-request-token.ts'
import { tokenEndpoints } from './concur-token.ts'
import type { Claims, Dialect, HearClaims } from './dialect.ts'

const day = 86_400

/** The names of Concur's sample; those that are addresses have this server's host instead of Concur's. */
const claims: Claims = (access, { issuer, keyId, algorithm }) => {
  const { clientId, userId, organizationId, actsAs, scopes, proxies = [] } = access
  const subject = { user: userId, organization: organizationId, client: clientId }[actsAs]
  const { origin } = new URL(issuer)
  const issuedAt = access.issuedAt / 1000
  return {
    header: { typ: 'JWT', alg: algorithm, kid: keyId },
    claims: {
      'concur.scopes': scopes,
      aud: '*',
      'concur.profile': principalUri(issuer, subject),
      'concur.version': 2,
      'concur.type': principalTypes[actsAs],
      'concur.app': appUri(issuer, clientId),
      sub: subject,
      iss: issuer,
      exp: access.expiresAt / 1000,
      // Only for a company, whose token may do all that its users may: here nobody has said that one user may
      // act for another.
      ...(actsAs === 'organization' && proxies.length > 0 && { 'concur.proxies': proxies }),
      ...(actsAs === 'user' && { userURI: userUri(issuer, userId), useruuid: userId }),
      nbf: issuedAt,
      [`${origin}/app`]: appUri(issuer, clientId),
      [`${origin}/scopes`]: scopes,
      iat: issuedAt,
      // Ours: by these the token is known again when it comes back.
      client_id: clientId,
      jti: access.jti,
    },
  }
}

const principalTypes = { user: 'user', organization: 'company', client: 'app' } as const

const hearClaims: HearClaims = (heard) => {
  const { client_id, sub, 'concur.type': type, 'concur.scopes': scopes } = heard
  if (typeof client_id !== 'string' || typeof sub !== 'string' || !Array.isArray(scopes)) return undefined
  return {
    clientId: client_id,
    userId: type === principalTypes.user ? sub : '',
    organizationId: type === principalTypes.organization ? sub : '',
    scopes: scopes.map(String),
  }
}

const scopes = ['EXPRPT', 'LIST', 'BANK', 'CCARD']
const oldConsumerKey = 'OldKeyOfTheSampleApp00'

export const concur: Dialect = {
  name: 'concur',
  title: 'SAP Concur: migrating to OAuth 2.0',
  source: 'SAP Concur, "Migrating to OAuth2 Tokens" (read 2026-08), and its pages on authentication',
  policy: {
    accessSeconds: 3600,
    refreshSeconds: 180 * day,
    // Concur tells its clients to refresh before every call.
    rotate: { atMostEverySeconds: 60 },
    cardinality: 'bound',
    signature: 'RS256',
    codeSeconds: 300,
    legacyScopesBeyondClient: 'refuse',
  },
  endpoints: [
    ...tokenEndpoints,
    ...requestTokenEndpoints,
    ...passwordEndpoints,
    ...otpEndpoints,
    ...exchanges,
    ...connectionEndpoints,
    ...openIdEndpoints,
  ],
  documents: openIdDocuments,
  authorize,
  claims,
  hearClaims,
  identityClaims,
  refuse: refuseAtToken(),
  query: 'refused',
  isRegional: true,
  requestToken: requestTokenRequest,
  correlationHeader: 'Concur-Correlationid',
  sample: {
    clients: [
      { key: 'app', name: 'Sample app', type: 'confidential', scopes, identifiers: [oldConsumerKey] },
      {
        key: 'other',
        id: 'another-sample-app',
        name: 'Another sample app',
        type: 'confidential',
        scopes,
        identifiers: ['OldKeyOfAnotherApp0000'],
      },
      {
        key: 'trusted',
        id: 'sample-app-of-our-own',
        name: 'Sample app of our own',
        type: 'confidential',
        scopes: [...scopes, 'openid', 'profile', 'email', 'offline_access'],
        redirectUris: ['http://127.0.0.1:4000/callback'],
        policy: { directGrants: ['password', 'otp', 'authtoken'] },
      },
      {
        key: 'public',
        id: 'sample-app-without-secret',
        name: 'Sample app without a secret',
        type: 'public',
        scopes,
        redirectUris: ['http://127.0.0.1:4000/callback'],
      },
    ],
    lists: [
      { name: 'legacy_tokens', client: 'app', kind: 'user', scopes, organization: 'one' },
      { name: 'wsadmin_tokens', client: 'app', kind: 'wsadmin', scopes, organization: 'each' },
    ],
    requestTokens: [{ name: 'request_token', client: 'trusted' }],
    say: ({ client, tokens: list, requestToken, organization, username, password, elsewhere }) => ({
      client_id: client('app').id,
      client_secret: client('app').secret,
      trusted_client_id: client('trusted').id,
      trusted_client_secret: client('trusted').secret,
      redirect_uri: 'http://127.0.0.1:4000/callback',
      username,
      password,
      elsewhere_region: elsewhere?.region,
      elsewhere_username: elsewhere?.username,
      elsewhere_password: elsewhere?.password,
      company_id: organization,
      request_token: requestToken('request_token'),
      old_consumer_key: oldConsumerKey,
      legacy_tokens: list('legacy_tokens'),
      wsadmin_tokens: list('wsadmin_tokens'),
    }),
    // Asked again where the first answer says that they live.
    curlElsewhere: ({ at, value }) =>
      [
        `at=${at}; ask() { curl -s $at/oauth2/v0/token -d grant_type=password \\`,
        `  -d username=${value('elsewhere_username')} -d password=${value('elsewhere_password')} \\`,
        `  -d client_id=${value('trusted_client_id')} -d client_secret=${value('trusted_client_secret')}; echo; }`,
        `ask; at=$(ask | sed 's/.*"geolocation":"\\([^"]*\\)".*/\\1/'); ask`,
      ].join('\n'),
    // The app's own token first, which the exchange is asked with.
    curl({ at, value, unused }) {
      const [id, secret] = [value('client_id'), value('client_secret')]
      return [
        `curl -s ${at}/appmgmt/v0/legacyApps/${value('old_consumer_key')}/exchangeRefreshToken/me \\`,
        `  -H "Authorization: Bearer $(curl -s ${at}/oauth2/v0/token -d grant_type=client_credentials \\`,
        `    -d client_id=${id} -d client_secret=${secret} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')" \\`,
        `  -d '{ "token": "${unused('legacy_tokens')}", "secret": "${secret}" }'`,
      ].join('\n')
    },
  },
}
