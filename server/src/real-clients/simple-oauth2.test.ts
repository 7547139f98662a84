import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ClientCredentials } from 'simple-oauth2'
import { exchange, refreshTokenOf, standardApp } from '../promises/asks.ts'
import type { Listening } from './listening.ts'
import { listening } from './listening.ts'

suite('simple-oauth2 against the standard dialect', () => {
  let here: Listening
  before(async () => {
    here = await listening({ mounts: ['standard'] })
  })
  after(() => here.close())

  const options = () => {
    const app = standardApp(here)
    return {
      client: { id: app.id, secret: app.secret ?? '' },
      auth: { tokenHost: here.base, tokenPath: '/oauth2/token', revokePath: '/oauth2/revoke' },
    }
  }

  test('gets a client token, and refreshes and revokes a pair that came of a legacy token', async () => {
    const library = new ClientCredentials(options())
    const own = await library.getToken({ scope: 'read' })
    assert.equal(own.token.scope, 'read')

    const app = standardApp(here)
    const ask = (path: string, form: Readonly<Record<string, string>>) =>
      here.request('', { method: 'POST', path, body: form })
    const refreshToken = refreshTokenOf(await exchange(ask, app, app.legacyTokens[0] ?? ''))
    const { AuthorizationCode } = await import('simple-oauth2')
    const held = new AuthorizationCode(options()).createToken({ refresh_token: refreshToken, expires_in: 0 })
    assert.ok(held.expired())
    const next = await held.refresh()
    assert.notEqual(next.token.refresh_token, refreshToken)
    await next.revoke('refresh_token')
    await assert.rejects(next.refresh())
  })
})
