/**
 * Clover, whose apps trade the token that a merchant's employee once gave them for an authorization
 * code, and that for a pair. All bodies are JSON, all moments are absolute, in Unix seconds. Clover
 * publishes no schema of errors: `{message}` is what its API says; the sentences of a bad code and of a bad
 * refresh token are its own, all others are ours.
 */
import { refusals } from '../kernel/refusals.ts'
import { standardClaims } from './claims.ts'
import {
  badClient,
  badCode,
  badLegacyToken,
  badRecoveryToken,
  badRefreshToken,
  refuse,
} from './clover-words.ts'
import type { AuthorizePage, Dialect, Reply, Sample, SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { inBody, named } from './proofs.ts'

const day = 86_400
const unixSeconds = (moment: number): number => Math.floor(moment / 1000)

/** Clover sends no `token_type`, no `expires_in` and no scope. What is `undefined` is left out. */
const tokens = ({ access, accessToken, refreshToken, refreshExpiresAt }: SignedTokens): Reply =>
  reply(200, {
    access_token: accessToken,
    access_token_expiration: access && unixSeconds(access.expiresAt),
    refresh_token: refreshToken,
    refresh_token_expiration:
      refreshToken === undefined || refreshExpiresAt === undefined
        ? undefined
        : unixSeconds(refreshExpiresAt),
  })

/** Clover's pages call the three by several names; the first of each is the seed's. */
const appNames = ['app_uuid', 'app_id', 'app_ID'] as const
const merchantNames = ['merchant_uuid', 'merchant_id', 'merchant_ID'] as const
const tokenNames = ['auth_token', 'legacy_API_token'] as const

/** No secret and no header here: a code is good only with the secret, or the verifier, that redeems it. */
const migrate = endpoint({
  route: 'POST /oauth/token/migrate_v2',
  body: 'json',
  client: named(...appNames),
  takes: {
    app_uuid: 'optional',
    app_id: 'optional',
    app_ID: 'optional',
    merchant_uuid: 'optional',
    merchant_id: 'optional',
    merchant_ID: 'optional',
    auth_token: 'optional',
    legacy_API_token: 'optional',
    code_challenge: 'optional',
  },
  does: 'exchange_legacy_token_for_code',
  hear(heard) {
    for (const names of [appNames, merchantNames, tokenNames]) {
      const [first, second] = names.filter((name) => heard[name] !== undefined)
      if (first === undefined) return refused('parameter_missing', names[0])
      // One thing under two names is a parameter that is there twice.
      if (second !== undefined) return refused('parameter_repeated', second)
    }
    const { code_challenge } = heard
    // RFC 7636 §4.2: SHA-256 in base64url is 43 characters. Another length could never be redeemed.
    if (code_challenge !== undefined && !/^[\w-]{43}$/.test(code_challenge))
      return refused('parameter_malformed', 'code_challenge', 'SHA-256 of the code_verifier, in base64url')
    return {
      legacyToken: heard.auth_token ?? heard.legacy_API_token ?? '',
      organizationId: heard.merchant_uuid ?? heard.merchant_id ?? heard.merchant_ID ?? '',
      as: 'user',
      codeChallenge: code_challenge,
    } as const
  },
  say: ({ code, expiresAt }) => reply(200, { authorization_code: code, expiration: unixSeconds(expiresAt) }),
  refuse: (refusal) => refuse(refusal, badLegacyToken),
})

const token = endpoint({
  route: 'POST /oauth/v2/token',
  body: 'json',
  client: inBody(),
  takes: {
    client_id: 'required',
    client_secret: 'optional',
    code: 'required',
    code_verifier: 'optional',
    redirect_uri: 'optional',
    no_refresh_token: 'optional',
  },
  does: 'redeem_authorization_code',
  hear({ code, code_verifier, redirect_uri, no_refresh_token }) {
    if (no_refresh_token !== undefined && !/^(true|false)$/.test(no_refresh_token))
      return refused('parameter_malformed', 'no_refresh_token', 'true', 'false')
    return {
      code,
      codeVerifier: code_verifier,
      redirectUri: redirect_uri,
      // Against RFC 6749 §4.1.3: Clover's token request does not say the redirect address again.
      redirectUriOptional: true,
      withoutRefreshToken: no_refresh_token === 'true',
    }
  },
  say: tokens,
  refuse: (refusal) => refuse(refusal, badCode),
})

/**
 * Clover takes no secret here, so whoever has the token has what comes of it; a lost answer is said again
 * for a minute.
 */
const refresh = endpoint({
  route: 'POST /oauth/v2/refresh',
  body: 'json',
  client: named('client_id'),
  takes: { client_id: 'required', refresh_token: 'required' },
  does: 'refresh_token_pair',
  hear: ({ refresh_token }) => ({ refreshToken: refresh_token }),
  say: tokens,
  refuse(refusal) {
    const { status, body } = refuse(refusal, badRefreshToken)
    if (status !== 401) return reply(status, body)
    return reply(status, body, { 'x-clover-recovery-available': String(refusal.recoverable ?? false) })
  },
})

/**
 * The way on after that minute, for an app with a secret: the token before the lost one says its successor
 * again.
 */
const recover = endpoint({
  route: 'POST /oauth/v2/recovery',
  body: 'json',
  client: inBody(),
  takes: { client_id: 'required', client_secret: 'required', recovery_token: 'required' },
  does: 'refresh_token_pair',
  hear: ({ recovery_token }) => ({ refreshToken: recovery_token, recovering: true }),
  say: tokens,
  refuse: (refusal) => refuse(refusal, badRecoveryToken),
})

const refused = (
  reason: 'parameter_missing' | 'parameter_repeated' | 'parameter_malformed',
  parameter: string,
  ...accepted: readonly string[]
) => ({ refusal: { reason, parameter, accepted } })

const authorize: AuthorizePage = {
  path: '/oauth/v2/authorize',
  responseType: 'optional',
  redirectUri: 'optional',
  // Permissions are set on the app.
  scopes: 'of the client',
  separator: ' ',
  codeChallenge: 'public',
  // Clover knows SHA-256 alone.
  absentChallengeMethod: 'S256',
  subject: 'user in an organization',
  // Who allowed it stands in no token answer, only here.
  say: ({ code, state, clientId, userId, organizationId }) => ({
    merchant_id: organizationId,
    employee_id: userId,
    client_id: clientId,
    code,
    state,
  }),
  // Not documented; the shape of RFC 6749 §4.1.2.1 is ours.
  refuse: (refusal, state) => ({
    error: refusals[refusal.reason].oauth,
    error_description: refusals[refusal.reason].says,
    state,
  }),
}

const callback = 'http://127.0.0.1:4000/callback'
const scopes = ['MERCHANT_R', 'ORDERS_R', 'ORDERS_W']

const sample: Sample = {
  clients: [
    { key: 'high', name: 'Sample app', type: 'confidential', scopes, redirectUris: [callback] },
    { key: 'low', name: 'Sample app without a secret', type: 'public', scopes, redirectUris: [callback] },
  ],
  lists: [
    { name: 'legacy_tokens', client: 'high', kind: 'user', organization: 'one' },
    { name: 'low_trust_legacy_tokens', client: 'low', kind: 'user', organization: 'one' },
  ],
  say: ({ client, tokens: list, organization, username, password }) => ({
    app_uuid: client('high').id,
    app_secret: client('high').secret,
    low_trust_app_uuid: client('low').id,
    redirect_uri: callback,
    merchant_uuid: organization,
    username,
    password,
    legacy_tokens: list('legacy_tokens'),
    low_trust_legacy_tokens: list('low_trust_legacy_tokens'),
  }),
  curl: ({ at, value, unused }) =>
    [
      `curl -s ${at}/oauth/token/migrate_v2 -H 'Content-Type: application/json' \\`,
      `  -d '{ "merchant_uuid": "${value('merchant_uuid')}", "app_uuid": "${value('app_uuid')}",`,
      `    "auth_token": "${unused('legacy_tokens')}" }'`,
    ].join('\n'),
}

export const clover: Dialect = {
  name: 'clover',
  title: 'Clover',
  source: 'docs.clover.com: legacy token migration flow; OAuth flows; refresh access tokens (read 2026-08)',
  policy: {
    accessSeconds: 1800,
    refreshSeconds: 366 * day,
    codeSeconds: 600,
    signature: 'ES256',
    rotate: 'always',
    // Clover documents a way on after a token that was used twice, so its grant does not end: `/recovery`.
    reuse: 'refuse',
    refreshRepeatSeconds: 14 * day,
    cardinality: 'bound',
  },
  endpoints: [migrate, token, refresh, recover],
  authorize,
  claims: standardClaims,
  refuse: (refusal) => refuse(refusal, badClient),
  query: 'ignored',
  sample,
}
