/** The answers that come through the browser (OpenID Connect Core 1.0 §3.2, §3.3), heard by openid-client. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'
import * as client from 'openid-client'
import { visitor } from '../testing/visitor.ts'
import type { Listening } from './listening.ts'
import { listening } from './listening.ts'

suite('openid-client against Concur’s authorize page', () => {
  let here: Listening
  let section: Readonly<Record<string, unknown>>
  const text = (name: string): string => String(section[name])

  before(async () => {
    here = await listening({ mounts: ['concur'] })
    section = here.sections.concur ?? {}
  })
  after(() => here.close())

  const discover = (): Promise<client.Configuration> =>
    client.discovery(
      new URL(`${here.base}/concur`),
      text('trusted_client_id'),
      { client_secret: text('trusted_client_secret') },
      client.ClientSecretPost(text('trusted_client_secret')),
      { execute: [client.allowInsecureRequests] },
    )

  /** A user signs in and allows the app; where the browser was sent. */
  async function allowed(address: URL): Promise<URL> {
    const user = visitor(here.app)
    const path = address.pathname + address.search
    const page = await user.get(path)
    await user.fill(page, /sign-in/, { username: text('username'), password: text('password') })
    const asked = await user.get(path)
    const answer = await user.fill(asked, /authorize/, { decision: 'allow' })
    return new URL(answer.location ?? '')
  }

  const asked = { scope: 'openid profile EXPRPT', prompt: 'consent', max_age: '600' }

  test('a code and an id_token beside it are one answer, whose hash and nonce fit', async () => {
    const config = await discover()
    client.useCodeIdTokenResponseType(config)
    const verifier = client.randomPKCECodeVerifier()
    const [nonce, state] = [client.randomNonce(), client.randomState()]
    const landed = await allowed(
      client.buildAuthorizationUrl(config, {
        ...asked,
        redirect_uri: text('redirect_uri'),
        nonce,
        state,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, maxAge: 600 }
    await assert.rejects(client.authorizationCodeGrant(config, landed, { ...checks, expectedNonce: 'other' }))
    const tokens = await client.authorizationCodeGrant(config, landed, checks)
    assert.equal(tokens.claims()?.nonce, nonce)
    const who = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '')
    assert.equal(who.preferred_username, text('username'))
  })

  test('a code that is not the id_token’s own is noticed before it is redeemed', async () => {
    const config = await discover()
    client.useCodeIdTokenResponseType(config)
    const nonce = client.randomNonce()
    const landed = await allowed(
      client.buildAuthorizationUrl(config, { ...asked, redirect_uri: text('redirect_uri'), nonce }),
    )
    const swapped = new URL(landed)
    const parameters = new URLSearchParams(landed.hash.slice(1))
    parameters.set('code', 'another-code')
    swapped.hash = parameters.toString()
    await assert.rejects(client.authorizationCodeGrant(config, swapped, { expectedNonce: nonce }), (error) =>
      /c_hash/.test(inspect(error, { depth: 5 })),
    )
  })

  test('an id_token alone says who has signed in', async () => {
    const config = await discover()
    client.useIdTokenResponseType(config)
    const nonce = client.randomNonce()
    const landed = await allowed(
      client.buildAuthorizationUrl(config, { ...asked, redirect_uri: text('redirect_uri'), nonce }),
    )
    const claims = await client.implicitAuthentication(config, landed, nonce, { maxAge: 600 })
    const alice = await here.deployment.store.findUserByUsername(text('username'))
    assert.equal(claims.sub, alice?.id)
  })
})
