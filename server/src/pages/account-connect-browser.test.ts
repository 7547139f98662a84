/** The pages that connect an app for a whole organization, in a real browser: small, dark, by keyboard. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { accountBed, testPassword } from '../testing/account.ts'
import { isAccessible, launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

suite('account: connecting an app, in a browser', { skip: withoutBrowser }, () => {
  let host: TestDeployment
  let browser: Browser
  let base: string

  before(async () => {
    host = await testDeployment({
      mounts: ['concur'],
      config: { scopes: { LIST: { en: 'Read your lists' } } },
    })
    const bed = accountBed(host)
    const id = '6f0b2a8e-5d0f-4a35-9b8e-0d6b5a4f7c21'
    await bed.organization({ id, name: 'Acme Ltd' })
    await bed.person({ id: 'boss' }, { [id]: 'admin' })
    await bed.app({
      id: 'guarded',
      name: 'The guarded app',
      maker: 'Sample Software',
      dialect: 'concur',
      scopes: ['LIST', 'EXPRPT'],
      policy: { directGrants: ['authtoken'], organizations: 'enabled' },
    })
    base = await host.app.listen({ host: '127.0.0.1', port: 0 })
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    await host.close()
  })

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${base}/account/apps`)
    await page.fill('[name=username]', 'boss')
    await page.fill('[name=password]', testPassword)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/account/apps')
  }

  for (const [name, options] of [
    ['on a small dark screen', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
    ['on a large one', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ] as const) {
    test(`${name}: from the list to the token, which one press selects`, async () => {
      // The checker is a script, which our own policy would stop.
      const page = await (await browser.newContext({ ...options, bypassCSP: true })).newPage()
      const asked: string[] = []
      page.on('request', (request) => void asked.push(request.url()))
      await signIn(page)
      await page.click('text=Apps of Acme Ltd')
      await isAccessible(page, 'Apps of Acme Ltd')
      await page.click('text=Connect an app for the whole organization')
      await isAccessible(page, 'Connect an app for the whole organization')
      await page.click('text=The guarded app')
      await isAccessible(page, 'The guarded app')
      const enable = page.locator('button:text-is("Enable")')
      if ((await enable.count()) > 0) {
        await enable.focus()
        await page.keyboard.press('Enter')
        await page.waitForURL('**done=enabled')
      }
      await isAccessible(page, 'The guarded app')
      await page.click('text=Make request token')
      await isAccessible(page, 'Connect The guarded app')
      const [id, token] = await page.locator('code.whole').allTextContents()
      assert.match(`${id} ${token}`, /^6f0b2a8e-\S+ tfq_\w{49}$/)
      await page.locator('code.whole').last().click()
      assert.equal(await page.evaluate('getSelection().toString()'), token)
      assert.ok(!asked.join().includes('tfq_'), 'no address holds it')
      await page.click('text=Done')
      await page.waitForURL('**/apps')
      await page.context().close()
    })
  }
})
