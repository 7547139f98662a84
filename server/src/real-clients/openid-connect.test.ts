/** Whole logins by OpenID Connect, as apps make them: from the discovery document to the refresh. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { allow } from '../testing/allowing.ts'
import type { Listening } from './listening.ts'
import { listening } from './listening.ts'

type Provider = {
  readonly dialect: string
  readonly algorithm: string
  readonly id: string
  readonly secret: string
  /** How its documents say that an app proves itself. */
  readonly proof: (secret: string) => client.ClientAuth
}

const providers: readonly Provider[] = [
  {
    dialect: 'standard',
    algorithm: 'ES256',
    id: 'client_id',
    secret: 'client_secret',
    proof: client.ClientSecretBasic,
  },
  {
    dialect: 'concur',
    algorithm: 'RS256',
    id: 'trusted_client_id',
    secret: 'trusted_client_secret',
    proof: client.ClientSecretPost,
  },
]

for (const { dialect, algorithm, proof, ...names } of providers) {
  suite(`a login by OpenID Connect at ${dialect}`, () => {
    let here: Listening
    let issuer: URL
    const text = (name: string): string => String(here.sections[dialect]?.[name])
    const scope = 'openid profile email offline_access'

    before(async () => {
      here = await listening({ mounts: ['standard', 'concur'] })
      issuer = new URL(here.base + (dialect === 'standard' ? '' : `/${dialect}`))
    })
    after(() => here.close())

    async function discover(): Promise<client.Configuration> {
      const secret = text(names.secret)
      const config = await client.discovery(
        issuer,
        text(names.id),
        { client_secret: secret },
        proof(secret),
        {
          execute: [client.allowInsecureRequests],
        },
      )
      // Verifies each id_token by the published keys, which is not asked of an app that got it over TLS.
      client.enableNonRepudiationChecks(config)
      return config
    }

    /** Signs in and allows the app, through the pages; where the user is sent back to. */
    async function landing(address: URL): Promise<URL> {
      const told = await allow(here, dialect, address.search.slice(1))
      return new URL(`${text('redirect_uri')}?${told}`)
    }

    test('openid-client signs a user in, asks who they are, and refreshes', async () => {
      const config = await discover()
      const verifier = client.randomPKCECodeVerifier()
      const [state, nonce] = [client.randomState(), client.randomNonce()]
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: text('redirect_uri'),
        scope,
        state,
        nonce,
        max_age: '600',
        prompt: 'consent',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const tokens = await client.authorizationCodeGrant(config, await landing(address), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        maxAge: 600,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      assert.ok(claims?.at_hash)
      assert.equal(claims.auth_time, Math.floor(here.clock.now / 1000))
      const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
      assert.equal(info.preferred_username, text('username'))
      assert.equal(info.email, `${text('username')}@demo.example`)

      const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
      assert.equal(next.claims()?.sub, claims.sub)
      assert.equal(next.claims()?.nonce, undefined)
      assert.equal((await client.fetchUserInfo(config, next.access_token, claims.sub)).sub, claims.sub)
    })

    test('an id_token with another nonce is no login', async () => {
      const config = await discover()
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: text('redirect_uri'),
        scope: 'openid',
        nonce: 'the nonce',
      })
      await assert.rejects(
        client.authorizationCodeGrant(config, await landing(address), { expectedNonce: 'another' }),
        { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' },
      )
    })

    test('oauth4webapi validates the id_token and its signature', async () => {
      const insecure = { [oauth.allowInsecureRequests]: true }
      const found = await oauth.discoveryRequest(issuer, insecure)
      const server = await oauth.processDiscoveryResponse(issuer, found)
      assert.equal(server.id_token_signing_alg_values_supported?.[0], algorithm)
      const app: oauth.Client = { client_id: text(names.id), id_token_signed_response_alg: algorithm }
      const nonce = oauth.generateRandomNonce()
      const verifier = oauth.generateRandomCodeVerifier()
      const query = new URLSearchParams({
        client_id: app.client_id,
        redirect_uri: text('redirect_uri'),
        response_type: 'code',
        scope: 'openid',
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const landed = await landing(new URL(`${server.authorization_endpoint}?${query}`))
      const answer = await oauth.authorizationCodeGrantRequest(
        server,
        app,
        oauth.ClientSecretPost(text(names.secret)),
        oauth.validateAuthResponse(server, app, landed),
        text('redirect_uri'),
        verifier,
        insecure,
      )
      const tokens = await oauth.processAuthorizationCodeResponse(server, app, answer, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(server, answer, insecure)
      assert.equal(oauth.getValidatedIdTokenClaims(tokens)?.aud, app.client_id)
    })
  })
}
