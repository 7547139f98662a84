/** The provider's button in a real browser, which holds every redirect behind a form to the page's policy. */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import type { Listening } from '../real-clients/listening.ts'
import { listening } from '../real-clients/listening.ts'
import { launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { IdentityProvider } from '../testing/identity-provider.ts'
import { identityProvider, providerClient } from '../testing/identity-provider.ts'
import { addUser } from '../testing/provider-host.ts'
import { freePort } from '../testing/server-process.ts'

suite('pages: the provider’s button in a browser', { skip: withoutBrowser }, () => {
  let host: Listening
  let at: IdentityProvider
  let app: Server
  let browser: Browser
  let hub: string

  before(async () => {
    // Each needs to know the other's address.
    const port = await freePort()
    const issuer = `http://127.0.0.1:${port}`
    const provider = { name: 'Acme ID', issuer, client_id: providerClient.id }
    const client_secret = 'env:TOKENFERRY_TEST_PROVIDER_SECRET'
    const config = { sign_in: { provider: { ...provider, client_secret } } }
    host = await listening({ mounts: ['code'], config })
    at = await identityProvider(`${host.base}/sign-in/callback`, port)
    at.user = { sub: 'u-1' }
    await addUser(host, { id: 'u-1', username: 'alice' })
    app = createServer((_request, answer) => answer.end('<title>Home</title>'))
    const appPort = await freePort()
    await new Promise<void>((ready) => app.listen(appPort, '127.0.0.1', ready))
    const redirectUri = `http://127.0.0.1:${appPort}/callback`
    const seen = await host.deployment.store.findClient(String(host.sections.code?.client_id))
    assert.ok(seen)
    const client = { ...seen, redirectUris: [redirectUri] }
    await host.deployment.store.commit([{ write: 'change_client', client, seen }])
    const query = new URLSearchParams({
      client_id: client.id,
      redirect_uri: redirectUri,
      response_type: 'code',
    })
    hub = `${host.base}/code/oauth2/authorize?${query}`
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    app?.close()
    await at?.close()
    await host?.close()
  })

  test('without JavaScript it leads there and back, and on to the app where all was allowed before', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(hub)
    await page.click('text=Sign in with Acme ID')
    assert.match(await page.innerText('h1'), /Allow Sample app\?/)
    await page.click('button[value=allow]')
    await page.waitForURL(/\/callback\?/)
    assert.equal(await page.title(), 'Home')
    // Signed in anew: from the button to the app, nothing in between is shown.
    await page.goto(`${hub}&prompt=login`)
    await page.click('text=Sign in with Acme ID')
    await page.waitForURL(/\/callback\?/)
    assert.equal(await page.title(), 'Home')
    const cookies = await context.cookies(host.base)
    assert.deepEqual(
      cookies.filter(({ name }) => /provider/.test(name)).map(({ name }) => name),
      [],
    )
    for (const { httpOnly, sameSite } of cookies.filter(({ name }) => /^tokenferry/.test(name)))
      assert.deepEqual([httpOnly, sameSite], [true, 'Lax'])
    await context.close()
  })

  test('password and provider stand beside one another, readable on a small screen and for a screen reader', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport: { width: 320, height: 640 }, colorScheme })
      const page = await context.newPage()
      await page.goto(hub)
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(wide) <= 320, `${wide}`)
      await page.evaluate(axe.source)
      const found = await page.evaluate('axe.run()')
      const { violations } = found as { readonly violations: readonly { readonly id: string }[] }
      assert.deepEqual(
        violations.map(({ id }) => id),
        [],
      )
      await context.close()
    }
  })
})
