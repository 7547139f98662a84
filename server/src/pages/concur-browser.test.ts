/** Concur's authorize page in a real browser: what the app gets, and what only the browser sees. */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { isAccessible, launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

suite('pages: concur in a browser', { skip: withoutBrowser }, () => {
  let host: TestDeployment
  let browser: Browser
  let app: Server
  /** What the app's server saw of its own address. */
  const asked: string[] = []
  let hub: (changes?: Readonly<Record<string, string>>) => string
  let section: Readonly<Record<string, string>>

  before(async () => {
    host = await testDeployment({ mounts: ['concur'] })
    section = host.sections.concur as unknown as typeof section // The members that are read here are texts.
    app = createServer((request, answer) => {
      asked.push(request.url ?? '')
      answer.end('<title>Home</title>')
    })
    await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening))
    const redirectUri = `http://127.0.0.1:${portOf(app)}/callback`
    const seen = await host.deployment.store.findClient(section.trusted_client_id ?? '')
    assert.ok(seen)
    const client = { ...seen, redirectUris: [redirectUri] }
    await host.deployment.store.commit([{ write: 'change_client', client, seen }])
    const address = await host.app.listen({ host: '127.0.0.1', port: 0 })
    hub = (changes = {}) =>
      `${address}/concur/oauth2/v0/authorize?${new URLSearchParams({
        client_id: client.id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'EXPRPT openid',
        state: 'x#y&id_token=evil',
        ...changes,
      })}`
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    app?.close()
    await host.close()
  })

  async function signIn(page: Page): Promise<void> {
    await page.fill('#username', section.username ?? '')
    await page.fill('#password', section.password ?? '')
    await page.click('button')
  }

  /** What stands in the app's address, once the browser is there. */
  async function arrived(page: Page) {
    await page.waitForURL('**/callback**')
    const { searchParams, hash } = new URL(page.url())
    return { query: Object.fromEntries(searchParams), fragment: new URLSearchParams(hash.slice(1)) }
  }

  test('a code comes in the query, with where the user lives; without JavaScript, and past the page’s own policy', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(hub())
    await signIn(page)
    await page.click('button[value=allow]')
    const { query, fragment } = await arrived(page)
    assert.deepEqual(Object.keys(query).sort(), ['code', 'geolocation', 'state'])
    assert.equal(query.geolocation, 'http://127.0.0.1:4000/concur')
    assert.equal(query.state, 'x#y&id_token=evil')
    assert.equal(fragment.size, 0)
    await context.close()
  })

  test('a code with an id_token comes behind the #, which the app’s server never sees', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    const path = hub({ response_type: 'code id_token', nonce: 'a nonce', prompt: 'consent' })
    await page.goto(path)
    await signIn(page)
    asked.length = 0
    await page.click('button[value=allow]')
    const { query, fragment } = await arrived(page)
    assert.deepEqual(query, {})
    assert.deepEqual([...fragment.keys()].sort(), ['code', 'geolocation', 'id_token', 'state'])
    assert.equal(fragment.get('state'), 'x#y&id_token=evil')
    assert.match(fragment.get('id_token') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.equal(
      asked.find((url) => url.startsWith('/callback')),
      '/callback',
    )
    await page.goto(path)
    await page.click('button[value=cancel]')
    await page.waitForURL('**error_code**')
    const refused = await arrived(page)
    assert.deepEqual([refused.query, refused.fragment.get('error_code')], [{}, '12'])
    await context.close()
  })

  test('whoever belongs to no company is asked on a page that names none, readable for a screen reader', async () => {
    const { store } = host.deployment
    const alice = await store.findUserByUsername(section.username ?? '')
    assert.ok(alice)
    const user = { ...alice, id: 'alone', username: 'alone', email: undefined }
    await store.commit([{ write: 'put_user', user, organizations: [] }])
    // The checker is a script, which our own policy would stop.
    const context = await browser.newContext({ bypassCSP: true, viewport: { width: 320, height: 640 } })
    const page = await context.newPage()
    await page.goto(hub())
    await page.fill('#username', 'alone')
    await page.fill('#password', section.password ?? '')
    await page.click('button')
    await isAccessible(page, 'Allow Sample app of our own?')
    assert.doesNotMatch(await page.innerText('main'), /organization/i)
    await context.close()
  })
})

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
