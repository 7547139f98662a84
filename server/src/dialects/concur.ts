/**
 * SAP Concur's way from the tokens of before 2017 to OAuth 2.0. An app proves itself with a token of its own
 * and its secret, trades each old token for a refresh token alone, and that one for an access token.
 */
import type { Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { hearScopes } from '../kernel/scopes.ts'
import type { ExchangeCode, TokenCode } from './concur-codes.ts'
import { exchangeCodes, missingParameterCodes, tokenCodes, words } from './concur-codes.ts'
import type { Claims, Context, Dialect, HearClaims, Refuse, Reply, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import type { Proof } from './proofs.ts'
import { hearBearer, inBody } from './proofs.ts'
import { explain } from './words.ts'

const day = 86_400

/** Every answer of Concur's has a name by which its support finds it. */
const answer = (status: number, body: object, { requestId }: Context): Reply =>
  reply(status, body, { 'concur-correlationid': requestId })

const tokens = (result: SignedTokens, context: Context): Reply => {
  const { access, accessToken, refreshToken, refreshExpiresAt, scopes, organization } = result
  const { region } = organization ?? {}
  return answer(
    200,
    {
      expires_in: access && (access.expiresAt - access.issuedAt) / 1000,
      scope: scopes.join(' '),
      token_type: 'Bearer',
      access_token: accessToken,
      refresh_token: refreshToken,
      // Concur says a moment here, not a duration.
      refresh_expires_in: refreshExpiresAt && Math.floor(refreshExpiresAt / 1000),
      geolocation: region && /^https?:\/\//.test(region) ? region : context.issuer,
    },
    context,
  )
}

const malformed = (parameter: string, ...accepted: readonly string[]) => ({
  refusal: { reason: 'parameter_malformed', parameter, accepted } as const,
})

const clientCredentials = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'client_credentials' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { scope: 'optional' },
  does: 'issue_client_token',
  hear({ scope }) {
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    return scope !== undefined && scopes === undefined ? malformed('scope') : { scopes }
  },
  say: tokens,
  refuse: refuseAtToken({ notAllowed: 115 }),
})

const refresh = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'refresh_token' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { refresh_token: 'required', scope: 'optional' },
  does: 'refresh_token_pair',
  hear({ refresh_token, scope }) {
    const scopes = scope === undefined ? undefined : hearScopes(scope)
    if (scope !== undefined && scopes === undefined) return malformed('scope')
    return { refreshToken: refresh_token, scopes }
  },
  say: tokens,
  refuse: refuseAtToken({ notAllowed: 107 }),
})

/** No code comes of this dialect until it has a page of its own: each is bad or expired. */
const code = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'authorization_code' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { code: 'required', redirect_uri: 'required' },
  does: 'redeem_authorization_code',
  hear: (parameters) => ({ code: parameters.code, redirectUri: parameters.redirect_uri }),
  say: tokens,
})

/** The app's own token in the header, its secret in the body, its old key in the path: all of one app. */
const applicationToken: Proof = ({ headers, parameters, path, clientOfToken }) => {
  const token = hearBearer(headers.authorization)
  const clientId = token && clientOfToken(token)
  if (!clientId) return { refusal: { reason: 'application_token_invalid' } }
  const secret = parameters.get('secret')
  // Even an app without a secret cannot do without one here.
  if (secret === undefined) return { refusal: { reason: 'client_secret_missing', parameter: 'secret' } }
  return { clientId, secret, proof: 'required', pathIdentifier: path.key }
}

/** Its two paths: the guide's, and the one of its curl line. */
const exchanges = (['/appmgmt/v0', '/v0'] as const).map((base) =>
  endpoint({
    route: `POST ${base}/legacyApps/:key/exchangeRefreshToken/me`,
    // Concur's own curl line sends JSON under curl's default, which is a form.
    body: 'json, whatever the content type says',
    inQuery: ['returnType'],
    client: applicationToken,
    order: 'client first',
    takes: { token: 'required', secret: 'required', returnType: 'optional' },
    does: 'exchange_legacy_token',
    hear({ token, returnType }) {
      if (returnType !== undefined && returnType !== 'companyToken') {
        return malformed('returnType', 'companyToken')
      }
      const as = returnType === undefined ? 'user' : 'organization'
      return { legacyToken: token, as, companyKinds: ['wsadmin'], wants: 'refresh_token' } as const
    },
    say: (result, context) =>
      answer(
        200,
        {
          token: result.refreshToken,
          // Both are the grant's, so that a repeat says the same.
          created: result.grantCreatedAt,
          expired: result.refreshExpiresAt,
          scopes: result.grantScopes,
          context: JSON.stringify(contextOf(result, context.caller.client.id, context.issuer)),
        },
        context,
      ),
    refuse: refuseAtExchange,
  }),
)

/** Concur sends this object as a text. */
function contextOf({ actsAs, userId, organization, grantScopes }: SignedTokens, cid: string, issuer: string) {
  const company = actsAs === 'organization'
  const userid = company ? organization?.id : userId
  return {
    userid,
    cid,
    ptype: company ? 'company' : 'user',
    userURI: company ? principalUri(issuer, userid) : userUri(issuer, userid),
    scope: grantScopes.join(' '),
  }
}

const userUri = (issuer: string, id = ''): string => `${issuer}/profile-service/v1/users/${id}`
const principalUri = (issuer: string, id = ''): string => `${issuer}/profile/v1/principals/${id}`
const appUri = (issuer: string, id: string): string => `${issuer}/profile/v1/apps/${id}`

/** `notAllowed` is what a grant calls a client that may not use it. */
function refuseAtToken({ notAllowed }: { readonly notAllowed?: TokenCode } = {}): Refuse {
  return (refusal, context) => {
    const number =
      refusal.reason === 'grant_type_not_allowed' && notAllowed ? notAllowed : tokenCodeOf(refusal)
    const row = tokenCodes[number]
    const description = 'explained' in row ? `${row.says}: ${ours(refusal)}` : row.says
    const body = { code: number, error: row.error, error_description: description }
    return answer(statusOf(row.status, number, context), body, context)
  }
}

function tokenCodeOf({ reason, parameter = '' }: Refusal): TokenCode {
  const { token } = words[reason]
  return reason === 'parameter_missing' ? (missingParameterCodes.get(parameter) ?? token) : token
}

function refuseAtExchange(refusal: Refusal, context: Context): Reply {
  const symbol: ExchangeCode = words[refusal.reason].exchange
  const row = exchangeCodes[symbol]
  // Concur's words do not tell a missing parameter from a wrong one, so ours follow.
  const missing = refusal.reason === 'parameter_missing' || refusal.reason === 'client_secret_missing'
  const message = 'explained' in row || missing ? `${row.says}: ${ours(refusal)}` : row.says
  return answer(statusOf(row.status, symbol, context), { code: symbol, message }, context)
}

/** The operator may know better which status Concur's clients expect; trouble of ours stays trouble. */
const statusOf = (status: number, word: string | number, { policy }: Context): number =>
  status >= 500 ? status : (policy.statuses[word] ?? status)

/** Where Concur's words do not say what is wrong, ours do. */
function ours(refusal: Refusal): string {
  const { reason } = refusal
  const says = reason === 'client_secret_missing' ? 'A required parameter is missing.' : refusals[reason].says
  return explain(says, refusal)
}

/** The names of Concur's sample; those that are addresses have this server's host instead of Concur's. */
const claims: Claims = (access, { issuer, keyId, algorithm }) => {
  const { clientId, userId, organizationId, actsAs, scopes } = access
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
  endpoints: [clientCredentials, refresh, code, ...exchanges],
  claims,
  hearClaims,
  refuse: refuseAtToken(),
  query: 'refused',
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
        key: 'public',
        id: 'sample-app-without-secret',
        name: 'Sample app without a secret',
        type: 'public',
        scopes,
      },
    ],
    lists: [
      { name: 'legacy_tokens', client: 'app', kind: 'user', scopes, organization: 'one' },
      { name: 'wsadmin_tokens', client: 'app', kind: 'wsadmin', scopes, organization: 'each' },
    ],
    say: ({ client, tokens: list }) => ({
      client_id: client('app').id,
      client_secret: client('app').secret,
      old_consumer_key: oldConsumerKey,
      legacy_tokens: list('legacy_tokens'),
      wsadmin_tokens: list('wsadmin_tokens'),
    }),
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
