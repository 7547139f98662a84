/** The pages in a real browser: without JavaScript, by keyboard, on a small screen, for a screen reader. */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { isAccessible, launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

suite('pages: in a browser', { skip: withoutBrowser }, () => {
  let host: TestDeployment
  let browser: Browser
  let app: Server
  let hub: string
  let section: Readonly<Record<string, string>>

  before(async () => {
    host = await testDeployment({ mounts: ['code'] })
    section = host.sections.code as unknown as typeof section // The members that are read here are texts.
    app = createServer((request, answer) => {
      // An app that goes on to another of its sites once it has its code.
      if (request.url?.startsWith('/callback?')) {
        answer.writeHead(302, { location: `http://localhost:${portOf(app)}/home` }).end()
      } else answer.end('<title>Home</title>')
    })
    await new Promise<void>((listening) => app.listen(0, listening))
    const redirectUri = `http://127.0.0.1:${portOf(app)}/callback`
    const seen = await host.deployment.store.findClient(section.client_id ?? '')
    assert.ok(seen)
    const client = { ...seen, redirectUris: [redirectUri] }
    await host.deployment.store.commit([{ write: 'change_client', client, seen }])
    const address = await host.app.listen({ host: '127.0.0.1', port: 0 })
    hub = `${address}/code/oauth2/authorize?${new URLSearchParams({
      client_id: client.id,
      redirect_uri: redirectUri,
      response_type: 'code',
    })}`
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    app?.close()
    await host.close()
  })

  async function signIn(page: Page, password: string): Promise<void> {
    await page.fill('#username', section.username ?? '')
    await page.fill('#password', password)
    await page.click('button')
  }

  test('by keyboard alone and without JavaScript a user reaches the app, whatever it redirects to then', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(hub)
    // The browser gives the field its focus with the next frame; a key before that goes nowhere.
    await page.waitForSelector('#username:focus')
    await page.keyboard.type(section.username ?? '')
    await page.keyboard.press('Tab')
    await page.keyboard.type(section.password ?? '')
    await page.keyboard.press('Enter')
    await page.waitForSelector('button[value=allow]')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/home')
    await context.clearCookies()
    // The second time nothing is asked, so the sign-in form itself leads to the app.
    await page.goto(hub)
    await signIn(page, section.password ?? '')
    await page.waitForURL('**/home')
    await context.close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`each page is accessible and fits 320 pixels, ${colorScheme}`, async () => {
      // The checker is a script, which our own policy would stop.
      const viewport = { width: 320, height: 640 }
      const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport })
      const page = await context.newPage()
      await page.goto(`${hub}&prompt=consent`)
      await isAccessible(page, 'Sign in')
      await signIn(page, 'wrong')
      await isAccessible(page, 'Error: Sign in')
      await signIn(page, section.password ?? '')
      await isAccessible(page, 'Allow Sample app?')
      await page.goto(hub.slice(0, hub.indexOf('?')))
      await isAccessible(page, 'This does not work')
      await context.close()
    })
  }
})

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
