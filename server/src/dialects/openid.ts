/** OpenID Connect as any dialect may have it: who the user is, and where that is asked. */
import type { UserInfo } from '../kernel/operations/read-user-info.ts'
import type { SignatureAlgorithm } from '../kernel/policy.ts'
import { refusals } from '../kernel/refusals.ts'
import type { Context, Document, Endpoint, Refuse } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { byAccessToken } from './proofs.ts'
import { explain } from './words.ts'

/** OpenID Connect Core 1.0 §5.3.1: asked by GET and by POST. */
export const userInfoEndpoints = (path: `/${string}`): readonly Endpoint[] =>
  (['GET', 'POST'] as const).map((method) =>
    endpoint({
      route: `${method} ${path}`,
      body: 'none',
      client: byAccessToken,
      crossOrigin: true,
      takes: {},
      does: 'read_user_info',
      hear: (_parameters, { bearer = '', verify }) => ({ token: bearer, signed: verify(bearer) }),
      say: (result) => reply(200, userInfo(result)),
      refuse: refuseBearer,
    }),
  )

/** OpenID Connect Core 1.0 §5.1. Whether an address was verified, nobody here knows. */
const userInfo = ({ userId, name, username, email }: UserInfo) => ({
  sub: userId,
  name,
  preferred_username: username,
  email,
})

/** RFC 6750 §3. */
const refuseBearer: Refuse = (refusal, { bearer }) => {
  const { status, oauth, says } = refusals[refusal.reason]
  const body = { error: oauth, error_description: explain(says, refusal) }
  if (status !== 401 && status !== 403) return reply(status, body)
  const challenge = [
    'Bearer realm="tokenferry"',
    // RFC 6750 §3.1: who showed nothing is told only what to show.
    ...(bearer === undefined ? [] : [`error="${oauth}"`]),
    ...(refusal.reason === 'scope_insufficient' ? ['scope="openid"'] : []),
  ]
  return reply(status, body, { 'www-authenticate': challenge.join(', ') })
}

/** A fixed document that anybody may keep for a while. */
export const publicDocument = (path: Document['path'], say: (context: Context) => object): Document => ({
  path,
  say: (context) => reply(200, say(context), { 'cache-control': 'public, max-age=300' }),
})

/** OpenID Connect Discovery 1.0 §4: an issuer's path comes before the well-known part. */
export const discovery = (say: (context: Context) => object): Document =>
  publicDocument((prefix) => `${prefix}/.well-known/openid-configuration`, say)

/** The part of a server's metadata that is about users (OpenID Connect Discovery 1.0 §3). */
export const openIdMetadata = ({ policy }: Context) => ({
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: algorithmsFrom(policy.signature),
  claims_supported: [
    'iss',
    'sub',
    'aud',
    'exp',
    'iat',
    'auth_time',
    'nonce',
    'at_hash',
    'name',
    'preferred_username',
    'email',
  ],
  prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
  claims_parameter_supported: false,
  request_parameter_supported: false,
  // Absent, this one would mean that it is.
  request_uri_parameter_supported: false,
})

/** The mount's own first; a client may have another one by its own policy. */
const algorithmsFrom = (signature: SignatureAlgorithm): readonly SignatureAlgorithm[] => [
  ...new Set([signature, ...algorithms]),
]

const algorithms = ['ES256', 'RS256', 'EdDSA'] as const satisfies readonly SignatureAlgorithm[]
