/**
 * A peer: better-auth with its plugins `oidcProvider` and `jwt`, on PostgreSQL: its store in memory looks
 * through all rows for each token. It serves codes and refreshes. Its access tokens are random strings, so a
 * code's one signature is that of the id_token; a refresh has none, proves no client and leaves the old token
 * alive.
 */
import { randomBytes } from 'node:crypto'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt, oidcProvider } from 'better-auth/plugins'
import pg from 'pg'
import { clientId, clientSecret, codeChallenge, redirectUri } from './rows.ts'
import type { Kind } from './serve-peer.ts'
import { servePeer } from './serve-peer.ts'

const [url = '', algorithm = 'ES256'] = process.argv.slice(2)
const app = { clientId, clientSecret, name: 'Bench', type: 'web', disabled: false } as const
const options = {
  baseURL: 'http://127.0.0.1:4000',
  secret: randomBytes(32).toString('hex'),
  database: new pg.Pool({ connectionString: url, max: 10 }),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
  plugins: [
    jwt({
      jwks: {
        keyPairConfig: { alg: algorithm === 'RS256' ? 'RS256' : 'ES256' },
        // Else each signature would decrypt its key anew.
        disablePrivateKeyEncryption: true,
      },
    }),
    oidcProvider({
      loginPage: '/sign-in',
      useJWTPlugin: true,
      requirePKCE: true,
      codeExpiresIn: 86_400,
      // Kept in memory, which saves a question for each request.
      trustedClients: [{ ...app, redirectUrls: [redirectUri], metadata: {}, skipConsent: true }],
      __skipDeprecationWarning: true,
    }),
  ],
} as const

const auth = betterAuth(options as unknown as Parameters<typeof betterAuth>[0])
const { runMigrations } = await getMigrations(options as unknown as Parameters<typeof getMigrations>[0])
await runMigrations()
const { adapter, internalAdapter } = await auth.$context
const now = new Date()
const { id: userId } = await internalAdapter.createUser({
  name: 'Some One',
  email: `user-${process.pid}@bench.example`,
  emailVerified: true,
})
const known = await adapter.findOne({
  model: 'oauthApplication',
  where: [{ field: 'clientId', value: clientId }],
})
if (!known) {
  await adapter.create({
    model: 'oauthApplication',
    data: { ...app, redirectUrls: redirectUri, createdAt: now, updatedAt: now },
  })
}

const scope = ['openid', 'offline_access']

async function make(kind: Kind): Promise<string> {
  const token = randomBytes(24).toString('base64url')
  const expiresAt = new Date(Date.now() + 86_400_000)
  if (kind === 'code') {
    const value = { clientId, redirectURI: redirectUri, scope, userId, authTime: Date.now() }
    await internalAdapter.createVerificationValue({
      value: JSON.stringify({ ...value, codeChallenge, codeChallengeMethod: 'S256' }),
      identifier: token,
      expiresAt,
    })
    return token
  }
  await adapter.create({
    model: 'oauthAccessToken',
    data: {
      accessToken: randomBytes(24).toString('base64url'),
      refreshToken: token,
      accessTokenExpiresAt: expiresAt,
      refreshTokenExpiresAt: expiresAt,
      clientId,
      userId,
      scopes: scope.join(' '),
      createdAt: now,
      updatedAt: now,
    },
  })
  return token
}

servePeer(toNodeHandler(auth), make)
