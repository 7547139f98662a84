import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { App } from '../promises/asks.ts'
import { asks, countOf, exchange, proof, refresh, refreshTokenOf, standardApp } from '../promises/asks.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

suite('faults: requests that lay in wait for longer than their senders did', () => {
  let here: TestDeployment
  let app: App & { readonly legacyTokens: readonly string[] }
  let base: URL
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
    app = standardApp(here)
    base = new URL(await here.app.listen({ host: '127.0.0.1', port: 0 }))
  })
  after(() => here.close())

  /** Sends a refresh and hangs up at once, as the kernel keeps it for a server that stood still. */
  async function leaveBehind(refreshToken: string): Promise<void> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...proof(app) }
    const body = new URLSearchParams(form).toString()
    const head = ['POST /oauth2/token HTTP/1.1', 'host: here', `content-length: ${body.length}`]
    const type = 'content-type: application/x-www-form-urlencoded'
    const logged = here.logs.length
    const socket = connect(Number(base.port), base.hostname)
    socket.end([...head, type, '', body].join('\r\n'))
    socket.resume().on('error', () => undefined)
    await once(socket, 'close')
    // It is answered when its line is logged; the answer has nobody to go to.
    while (here.logs.length === logged) await new Promise((resolve) => setImmediate(resolve))
  }

  test('a repeat whose sender has hung up, asked again and gone on, ends no grant', async () => {
    const first = refreshTokenOf(await exchange(asks(here), app, app.legacyTokens[0] ?? ''))
    const second = refreshTokenOf(await refresh(asks(here), app, first))
    const third = refreshTokenOf(await refresh(asks(here), app, second))
    await leaveBehind(first)
    refreshTokenOf(await refresh(asks(here), app, third))
    assert.equal(await countOf(here, `select count(*) from events where kind = 'refresh_token_reused'`), 0)
  })

  test('one that is not there to hear it, and would have been granted: the same request says the same later', async () => {
    const first = refreshTokenOf(await exchange(asks(here), app, app.legacyTokens[1] ?? ''))
    await leaveBehind(first)
    const second = refreshTokenOf(await refresh(asks(here), app, first))
    refreshTokenOf(await refresh(asks(here), app, second))
  })

  test('whoever waits for the answer is refused, and the grant ends', async () => {
    const first = refreshTokenOf(await exchange(asks(here), app, app.legacyTokens[2] ?? ''))
    const second = refreshTokenOf(await refresh(asks(here), app, first))
    const third = refreshTokenOf(await refresh(asks(here), app, second))
    const form = { grant_type: 'refresh_token', refresh_token: first, ...proof(app) }
    const answer = await fetch(new URL('/oauth2/token', base), {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    assert.equal(answer.status, 400)
    assert.equal((await refresh(asks(here), app, third)).status, 400)
  })
})
