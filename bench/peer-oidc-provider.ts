/**
 * The peer: oidc-provider with a store in memory, doing the same work. Its own memory store keeps a
 * thousand entries; this one keeps all, and is a plain `Map`, so that nothing but the peer itself is
 * measured.
 */
import { generateKeyPairSync } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientId, clientSecret, legacyTokenOf, userOf } from './rows.ts'

/** What of the peer's interface is used here; it declares no types. */
type Model = { save(): Promise<string>; resourceServer?: unknown; scope?: string; expiration: number }
type Grant = Model & { addResourceScope(resource: string, scope: string): void }
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
  readonly RefreshToken: new (payload: object) => Model
  readonly Grant: new (payload: object) => Grant
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
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'ES256' } },
}
const signingKey = {
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  alg: 'ES256',
  use: 'sig',
}

const provider = new Provider(issuer, {
  adapter: memoryAdapter(),
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['client_credentials', 'refresh_token', exchangeGrant],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
      scope: `${scope} offline_access`,
      // The default algorithm is another one, for which there is no key here.
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['read', 'write', 'offline_access'],
  jwks: { keys: [signingKey] },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 90 * 86_400, Grant: 90 * 86_400 },
  findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resourceServer,
    },
  },
})

const [from = '0', to = '0'] = process.argv.slice(2)
/** Whose each legacy token is; an exchanged one is gone. */
const subjects = new Map<string, string>()
for (let at = Number(from); at < Number(to); at += 1) subjects.set(legacyTokenOf(at), userOf(at))

provider.registerGrantType(exchangeGrant, exchange, ['subject_token', 'subject_token_type'])

async function exchange(context: Context): Promise<void> {
  const { client, params } = context.oidc
  const accountId = subjects.get(params.subject_token ?? '')
  if (accountId === undefined) {
    context.status = 400
    context.body = { error: 'invalid_grant' }
    return
  }
  subjects.delete(params.subject_token ?? '')
  const grant = new provider.Grant({ accountId, clientId })
  grant.addResourceScope(issuer, scope)
  const grantId = await grant.save()
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

const server = createServer(provider.callback())
server.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit(0))
