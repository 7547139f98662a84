import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { legacyTokenType, tokenExchange } from '../promises/asks.ts'
import { launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { Listening } from './listening.ts'
import { listening } from './listening.ts'

suite('openid-client against the standard dialect', () => {
  let here: Listening
  let section: Readonly<Record<string, unknown>>
  const text = (name: string): string => String(section[name])

  before(async () => {
    here = await listening({ mounts: ['standard'] })
    section = here.sections.standard ?? {}
  })
  after(() => here.close())

  const discover = (id: string, secret?: string): Promise<client.Configuration> =>
    client.discovery(
      new URL(here.base),
      id,
      secret === undefined ? {} : { client_secret: secret },
      secret === undefined ? client.None() : client.ClientSecretBasic(secret),
      {
        algorithm: 'oauth2',
        execute: [client.allowInsecureRequests],
      },
    )

  test('exchanges a legacy token (RFC 8693), refreshes, introspects and revokes', async () => {
    const config = await discover(text('client_id'), text('client_secret'))
    const [legacyToken = ''] = section.legacy_tokens as string[]
    const first = await client.genericGrantRequest(config, tokenExchange, {
      subject_token: legacyToken,
      subject_token_type: legacyTokenType,
    })
    assert.equal(first.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
    assert.equal(first.expires_in, 3600)
    const second = await client.refreshTokenGrant(config, first.refresh_token ?? '')
    assert.notEqual(second.refresh_token, first.refresh_token)
    const told = await client.tokenIntrospection(config, second.access_token)
    assert.equal(told.active, true)
    assert.equal(told.client_id, text('client_id'))
    await client.tokenRevocation(config, second.refresh_token ?? '')
    assert.equal((await client.tokenIntrospection(config, second.access_token)).active, false)
    await assert.rejects(client.refreshTokenGrant(config, second.refresh_token ?? ''), {
      error: 'invalid_grant',
    })
  })

  test('an access token is one that jose verifies by the published keys (RFC 9068)', async () => {
    const config = await discover(text('client_id'), text('client_secret'))
    const { access_token } = await client.clientCredentialsGrant(config, { scope: 'read' })
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
    const { payload } = await jwtVerify(access_token, keys, {
      issuer: here.base,
      audience: here.base,
      typ: 'at+jwt',
    })
    assert.equal(payload.client_id, text('client_id'))
    assert.equal(payload.scope, 'read')
  })

  test('completes the code flow with PKCE through the pages, in a browser', {
    skip: withoutBrowser,
  }, async () => {
    for (const [id, secret] of [
      [text('client_id'), text('client_secret')],
      [text('public_client_id')],
    ] as const) {
      const config = await discover(id, secret)
      const verifier = client.randomPKCECodeVerifier()
      const state = client.randomState()
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: text('redirect_uri'),
        scope: 'read write',
        state,
        // What came over with a legacy token of hers is allowed already.
        prompt: 'consent',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const landed = await allowInBrowser(address)
      const pair = await client.authorizationCodeGrant(config, landed, {
        pkceCodeVerifier: verifier,
        expectedState: state,
      })
      assert.equal(pair.scope, 'read write')
      const next = await client.refreshTokenGrant(config, pair.refresh_token ?? '')
      assert.ok(next.access_token)
      await assert.rejects(
        client.authorizationCodeGrant(config, landed, { pkceCodeVerifier: verifier, expectedState: state }),
        { error: 'invalid_grant' },
        'a code is redeemed once',
      )
    }
  })

  /** Signs in, allows the app, and says where the browser was sent. */
  async function allowInBrowser(address: URL): Promise<URL> {
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await page.goto(address.href)
      await page.getByLabel('User name').fill(text('username'))
      await page.getByLabel('Password').fill(text('password'))
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.waitForURL(/callback/)
      // The app's answer at its address is of no interest here: the address has all that it needs.
      return new URL(page.url())
    } finally {
      await browser.close()
    }
  }
})
