/**
 * A peer: @jmondi/oauth2-server over bare `node:http`, with its store in memory and its JWT service, which
 * signs by ES256 or RS256 here. Its refresh tokens and codes are opaque, so that an answer has one signature,
 * as everybody's. Its token exchange says no refresh token.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse } from 'node:querystring'
import type {
  OAuthAuthCode,
  OAuthAuthCodeRepository,
  OAuthClient,
  OAuthClientRepository,
  OAuthScope,
  OAuthScopeRepository,
  OAuthToken,
  OAuthTokenRepository,
  OAuthUser,
} from '@jmondi/oauth2-server'
import { AuthorizationServer, DateInterval, JwtService, OAuthRequest } from '@jmondi/oauth2-server'
import { generateKeyPair } from '../server/src/keys/key-pair.ts'
import { clientId, clientSecret, codeChallenge, legacyTokenOf, redirectUri, userOf } from './rows.ts'
import type { Kind } from './serve-peer.ts'
import { servePeer } from './serve-peer.ts'

const [from = '0', to = '0', algorithm = 'ES256'] = process.argv.slice(2)
const subjects = new Map<string, string>()
for (let at = Number(from); at < Number(to); at += 1) subjects.set(legacyTokenOf(at), userOf(at))

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const scopes: readonly OAuthScope[] = [{ name: 'read' }, { name: 'write' }]
const client: OAuthClient = {
  id: clientId,
  name: 'Bench',
  secret: createHash('sha256').update(clientSecret).digest('hex'),
  redirectUris: [redirectUri],
  allowedGrants: ['client_credentials', 'refresh_token', 'authorization_code', exchangeGrant],
  scopes: [...scopes],
}
const lifeMilliseconds = 90 * 86_400_000
const later = (): Date => new Date(Date.now() + lifeMilliseconds)
const newId = (): string => randomBytes(32).toString('base64url')
const userHere = (id: string | number): OAuthUser => ({ id })

const clients: OAuthClientRepository = {
  async getByIdentifier() {
    return client
  },
  async isClientValid(_grant, { secret }, presented = '') {
    return createHash('sha256').update(presented).digest('hex') === secret
  },
}
const scopesHere: OAuthScopeRepository = {
  async getAllByIdentifiers(names) {
    return scopes.filter(({ name }) => names.includes(name))
  },
  async finalize(asked) {
    return asked.length > 0 ? asked : [...scopes]
  },
}
const byAccess = new Map<string, OAuthToken>()
const byRefresh = new Map<string, OAuthToken>()
const revoked = new WeakSet<OAuthToken>()
const kept = <Found>(found: Found | undefined): Found => {
  if (found === undefined) throw new Error('There is no such entry.')
  return found
}
const tokens: OAuthTokenRepository = {
  async issueToken(owner, granted, user) {
    return {
      accessToken: newId(),
      accessTokenExpiresAt: later(),
      refreshToken: null,
      refreshTokenExpiresAt: null,
      client: owner,
      user: user ?? null,
      scopes: granted,
    }
  },
  async issueRefreshToken(token) {
    token.refreshToken = newId()
    token.refreshTokenExpiresAt = later()
    byRefresh.set(token.refreshToken, token)
    return token
  },
  async persist(token) {
    byAccess.set(token.accessToken, token)
    if (token.refreshToken) byRefresh.set(token.refreshToken, token)
  },
  async revoke(token) {
    revoked.add(token)
    byAccess.delete(token.accessToken)
    if (token.refreshToken) byRefresh.delete(token.refreshToken)
  },
  isRefreshTokenRevoked: async (token) => revoked.has(token),
  getByRefreshToken: async (id) => kept(byRefresh.get(id)),
  getByAccessToken: async (id) => kept(byAccess.get(id)),
}
const codes = new Map<string, OAuthAuthCode>()
const codesHere: OAuthAuthCodeRepository = {
  getByIdentifier: async (code) => kept(codes.get(code)),
  async issueAuthCode(owner, user, granted) {
    return {
      code: newId(),
      client: owner,
      user: user ?? null,
      scopes: granted,
      redirectUri,
      expiresAt: later(),
    }
  },
  async persist(code) {
    codes.set(code.code, code)
  },
  isRevoked: async (code) => !codes.has(code),
  async revoke(code) {
    codes.delete(code)
  },
}

type Signer = {
  sign(payload: unknown, key: unknown, options: { algorithm: string }): string
  verify(token: string, key: unknown, options: object): Record<string, unknown>
}
// What its service is made of; that takes one key for both, so it can do HMAC alone by itself.
const { default: jsonwebtoken } = (await import('jsonwebtoken' as string)) as { default: Signer }
const keys = generateKeyPair(algorithm === 'RS256' ? 'RS256' : 'ES256')
const jwt = new JwtService('unused')
jwt.sign = async (payload) => jsonwebtoken.sign(payload, keys.privateKey, { algorithm })
jwt.verify = async (token, options = {}) =>
  jsonwebtoken.verify(token, keys.publicKey, { ...options, algorithms: [algorithm] })

const server = new AuthorizationServer(clients, tokens, scopesHere, jwt, {
  issuer: 'http://127.0.0.1:4000',
  useOpaqueAuthorizationCodes: true,
  useOpaqueRefreshTokens: true,
})
const users = { getUserByCredentials: async (id: string | number) => userHere(id) }
const hour = new DateInterval('1h')
server.enableGrantTypes(
  ['client_credentials', hour],
  ['refresh_token', hour],
  [{ grant: 'authorization_code', authCodeRepository: codesHere, userRepository: users }, hour],
  [
    {
      grant: exchangeGrant,
      async processTokenExchange({ subjectToken }) {
        const user = kept(subjects.get(subjectToken))
        subjects.delete(subjectToken)
        return userHere(user)
      },
    },
    hour,
  ],
)

async function answer(url: string, text: string, response: ServerResponse): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = new OAuthRequest({ body: { ...parse(text) }, query: {}, headers })
  const said = url.endsWith('/introspect')
    ? await server.introspect(request)
    : await server.respondToAccessTokenRequest(request)
  const body = JSON.stringify(said.body)
  response.writeHead(said.status, { ...said.headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function listener(request: IncomingMessage, response: ServerResponse): void {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.on('end', () => {
    answer(request.url ?? '', text, response).catch((error: unknown) => {
      const body = JSON.stringify({ error: String(error) })
      response.writeHead(400, { 'content-length': Buffer.byteLength(body) }).end(body)
    })
  })
}

async function make(kind: Kind, at: number): Promise<string> {
  const user = userHere(userOf(at))
  if (kind === 'code') {
    const code = await codesHere.issueAuthCode(client, user, [...scopes])
    await codesHere.persist({ ...code, codeChallenge, codeChallengeMethod: 'S256' })
    return code.code
  }
  const token = await tokens.issueToken(client, [...scopes], user)
  if (kind === 'refresh') {
    await tokens.persist(await tokens.issueRefreshToken(token, client))
    return token.refreshToken ?? ''
  }
  await tokens.persist(token)
  const said = await server.getGrant('client_credentials').respondToAccessTokenRequest(
    new OAuthRequest({
      body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
      query: {},
      headers: {},
    }),
    hour,
  )
  return String((said.body as Record<string, unknown>).access_token)
}

servePeer(listener, make)
