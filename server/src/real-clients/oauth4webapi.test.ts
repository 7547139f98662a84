import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { legacyTokenType, tokenExchange } from '../promises/asks.ts'
import type { Listening } from './listening.ts'
import { listening } from './listening.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

suite('oauth4webapi against the standard dialect', () => {
  let here: Listening
  let section: Readonly<Record<string, unknown>>
  let server: oauth.AuthorizationServer
  let app: oauth.Client
  let proof: oauth.ClientAuth

  before(async () => {
    here = await listening({ mounts: ['standard'] })
    section = here.sections.standard ?? {}
    const issuer = new URL(here.base)
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    server = await oauth.processDiscoveryResponse(issuer, found)
    app = { client_id: String(section.client_id) }
    proof = oauth.ClientSecretPost(String(section.client_secret))
  })
  after(() => here.close())

  const exchange = async (legacyToken: string): Promise<oauth.TokenEndpointResponse> => {
    const form = { subject_token: legacyToken, subject_token_type: legacyTokenType }
    const answer = await oauth.genericTokenEndpointRequest(server, app, proof, tokenExchange, form, insecure)
    return oauth.processGenericTokenEndpointResponse(server, app, answer)
  }

  test('exchanges, refreshes, introspects and revokes', async () => {
    const [legacyToken = ''] = section.legacy_tokens as string[]
    const first = await exchange(legacyToken)
    const refreshed = await oauth.refreshTokenGrantRequest(
      server,
      app,
      proof,
      first.refresh_token ?? '',
      insecure,
    )
    const second = await oauth.processRefreshTokenResponse(server, app, refreshed)
    const asked = await oauth.introspectionRequest(server, app, proof, second.access_token, insecure)
    assert.equal((await oauth.processIntrospectionResponse(server, app, asked)).active, true)
    const legacy = await oauth.introspectionRequest(server, app, proof, legacyToken, insecure)
    assert.equal(
      (await oauth.processIntrospectionResponse(server, app, legacy)).active,
      true,
      'kept, until told otherwise',
    )
    const revoked = await oauth.revocationRequest(server, app, proof, second.refresh_token ?? '', insecure)
    await oauth.processRevocationResponse(revoked)
    const gone = await oauth.introspectionRequest(server, app, proof, second.access_token, insecure)
    assert.equal((await oauth.processIntrospectionResponse(server, app, gone)).active, false)
  })

  test('a refusal is an error that the client understands', async () => {
    await assert.rejects(exchange('no such token'), { name: 'ResponseBodyError', error: 'invalid_request' })
    const refreshed = await oauth.refreshTokenGrantRequest(server, app, proof, 'tfr_nothing', insecure)
    await assert.rejects(oauth.processRefreshTokenResponse(server, app, refreshed), {
      error: 'invalid_grant',
    })
  })
})
