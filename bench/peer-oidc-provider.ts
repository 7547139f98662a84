/**
 * A peer: oidc-provider, doing the same work, with a store in memory or in PostgreSQL. Its own memory store
 * keeps a thousand entries; this one keeps all, and is a plain `Map`, so that nothing but the peer itself is
 * measured.
 */
import type { RequestListener } from 'node:http'
import { generateKeyPair } from '../server/src/keys/key-pair.ts'
import { postgresAdapter } from './oidc-postgres.ts'
import { clientId, clientSecret, codeChallenge, legacyTokenOf, redirectUri, userOf } from './rows.ts'
import { servePeer } from './serve-peer.ts'

/** What of the peer's interface is used here; it declares no types. */
type Model = { save(): Promise<string>; resourceServer?: unknown; scope?: string; expiration: number }
type Grant = Model & {
  addResourceScope(resource: string, scope: string): void
  addOIDCScope(scope: string): void
}
type Context = {
  readonly oidc: {
    readonly client: unknown
    readonly params: Readonly<Record<string, string>>
    entity(name: string, entity: unknown): void
  }
  body: unknown
  status: number
}
type Provider = {
  readonly AccessToken: new (payload: object) => Model
  readonly AuthorizationCode: new (payload: object) => Model
  readonly RefreshToken: new (payload: object) => Model
  readonly Grant: new (payload: object) => Grant
  readonly Client: { find(id: string): Promise<unknown> }
  readonly ResourceServer: new (resource: string, info: object) => unknown
  registerGrantType(
    name: string,
    handle: (context: Context) => Promise<void>,
    parameters: readonly string[],
  ): void
  callback(): RequestListener
}
// Without its types, TypeScript would refuse the import.
const { Provider } = (await import('oidc-provider' as string)) as {
  Provider: new (issuer: string, configuration: object) => Provider
}

type Payload = Record<string, unknown> & { grantId?: string; consumed?: number }

const [from = '0', to = '0', algorithm = 'ES256', url = ''] = process.argv.slice(2)

function memoryAdapter() {
  const entries = new Map<string, Payload>()
  return (model: string) => ({
    find: async (id: string) => entries.get(`${model}:${id}`),
    async upsert(id: string, payload: Payload) {
      entries.set(`${model}:${id}`, payload)
    },
    async consume(id: string) {
      const payload = entries.get(`${model}:${id}`)
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id: string) {
      entries.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId: string) {
      for (const [id, payload] of entries) if (payload.grantId === grantId) entries.delete(id)
    },
  })
}

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const issuer = 'http://127.0.0.1:4000'
const scope = 'read write'
const resourceServer = {
  scope,
  audience: issuer,
  accessTokenTTL: 3600,
  ...(algorithm === 'opaque'
    ? { accessTokenFormat: 'opaque' }
    : { accessTokenFormat: 'jwt', jwt: { sign: { alg: algorithm } } }),
}
const keyAlgorithm = algorithm === 'RS256' ? 'RS256' : 'ES256'
const { privateKey } = generateKeyPair(keyAlgorithm)
const signingKey = { ...privateKey.export({ format: 'jwk' }), alg: keyAlgorithm, use: 'sig' }

const provider = new Provider(issuer, {
  adapter: url === '' ? memoryAdapter() : await postgresAdapter(url),
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['authorization_code', 'client_credentials', 'refresh_token', exchangeGrant],
      response_types: ['code'],
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_post',
      scope: `${scope} offline_access`,
      // The default algorithm is another one, for which there is no key here.
      id_token_signed_response_alg: keyAlgorithm,
    },
  ],
  scopes: ['read', 'write', 'offline_access'],
  jwks: { keys: [signingKey] },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 3600,
    ClientCredentials: 3600,
    RefreshToken: 90 * 86_400,
    Grant: 90 * 86_400,
  },
  findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resourceServer,
    },
  },
})

/** Whose each legacy token is; an exchanged one is gone. */
const subjects = new Map<string, string>()
for (let at = Number(from); at < Number(to); at += 1) subjects.set(legacyTokenOf(at), userOf(at))

provider.registerGrantType(exchangeGrant, exchange, ['subject_token', 'subject_token_type'])

async function newGrant(accountId: string): Promise<{ grant: Grant; grantId: string }> {
  const grant = new provider.Grant({ accountId, clientId })
  grant.addResourceScope(issuer, scope)
  grant.addOIDCScope('offline_access')
  return { grant, grantId: await grant.save() }
}

async function exchange(context: Context): Promise<void> {
  const { client, params } = context.oidc
  const accountId = subjects.get(params.subject_token ?? '')
  if (accountId === undefined) {
    context.status = 400
    context.body = { error: 'invalid_grant' }
    return
  }
  subjects.delete(params.subject_token ?? '')
  const { grant, grantId } = await newGrant(accountId)
  const common = { accountId, client, grantId, gty: 'token_exchange' }
  const accessToken = new provider.AccessToken(common)
  accessToken.resourceServer = new provider.ResourceServer(issuer, resourceServer)
  accessToken.scope = scope
  const refreshToken = new provider.RefreshToken({ ...common, scope, resource: issuer, rotations: 0 })
  context.oidc.entity('Grant', grant)
  context.oidc.entity('AccessToken', accessToken)
  context.oidc.entity('RefreshToken', refreshToken)
  context.body = {
    access_token: await accessToken.save(),
    expires_in: accessToken.expiration,
    refresh_token: await refreshToken.save(),
    scope,
    token_type: 'Bearer',
  }
}

/** What the load needs to begin with, made by the peer's own models. */
async function make(kind: string, at: number): Promise<string> {
  const accountId = userOf(at)
  const client = await provider.Client.find(clientId)
  const { grantId } = await newGrant(accountId)
  const common = { accountId, client, grantId, gty: 'authorization_code', scope: `${scope} offline_access` }
  if (kind === 'code') {
    const values = { redirectUri, resource: issuer, codeChallenge, codeChallengeMethod: 'S256' }
    return new provider.AuthorizationCode({ ...common, ...values }).save()
  }
  if (kind === 'refresh')
    return new provider.RefreshToken({ ...common, resource: issuer, rotations: 0 }).save()
  // Its JWTs cannot be introspected: this one is opaque, in every bench.
  return new provider.AccessToken(common).save()
}

servePeer(provider.callback(), make)
