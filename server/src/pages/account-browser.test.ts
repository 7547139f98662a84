/** The account's pages in a real browser: without JavaScript, by keyboard, small, and for a screen reader. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { perform } from '../kernel/kernel.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { hashPassword } from '../keys/password.ts'
import { accountBed, testPassword } from '../testing/account.ts'
import { isAccessible, launchBrowser, withoutBrowser } from '../testing/browser.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient } from '../testing/records.ts'

suite('account: in a browser', { skip: withoutBrowser }, () => {
  let host: TestDeployment
  let browser: Browser
  let base: string
  let section: Readonly<Record<string, string>>
  let legacyTokens: readonly string[]

  before(async () => {
    host = await testDeployment({ mounts: ['pipedrive', 'standard'] })
    section = host.sections.pipedrive as unknown as typeof section // The members that are read here are texts.
    legacyTokens = [host.sections.pipedrive?.legacy_tokens].flat().map(String)
    base = await host.app.listen({ host: '127.0.0.1', port: 0 })
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    await host.close()
  })

  const token = (body: Readonly<Record<string, string>>): Promise<TestAnswer> => {
    const basic = Buffer.from(`${section.client_id}:${section.client_secret}`).toString('base64')
    return host.request('/pipedrive', {
      path: '/oauth/token',
      body,
      headers: { authorization: `Basic ${basic}` },
    })
  }
  const exchange = (legacyToken: string) =>
    token({ grant_type: 'exchange_api_token', api_token: legacyToken })
  const refresh = (refreshToken: unknown) =>
    token({ grant_type: 'refresh_token', refresh_token: String(refreshToken) })

  /** What a resource server is told of a token. */
  async function anApi(): Promise<(told: unknown) => Promise<unknown>> {
    const { id: _made, secrets: _none, ...client } = aClient({ name: 'The API', mayIntrospect: true })
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const added = await perform(registerClient, { client, actor }, host.deployment.world)
    assert.ok('granted' in added)
    const proof = { client_id: added.granted.client.id, client_secret: String(added.granted.secret) }
    return async (told) => {
      const body = { token: String(told), ...proof }
      return (await host.request('', { path: '/oauth2/introspect', body })).json.active
    }
  }

  /** The owner of a legacy token that was exchanged, who can sign in now. */
  async function ownerOf(answer: TestAnswer): Promise<string> {
    assert.equal(answer.status, 200, answer.text)
    const { database, store } = host.deployment
    const [row] = await database.query('select user_id from connections order by number desc limit 1', [])
    const user = await store.findUser(String(row?.user_id))
    assert.ok(user)
    const passwordHash = await hashPassword(testPassword)
    await store.commit([{ write: 'put_user', user: { ...user, passwordHash }, organizations: [] }])
    return user.username
  }

  async function open(options: BrowserContextOptions): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage()
    await page.goto(`${base}/account/apps`)
    return page
  }

  async function press(page: Page, ...keys: string[]): Promise<void> {
    for (const key of keys) await page.keyboard.press(key)
  }

  /** Goes on with the tabulator until what has the focus is called so. */
  async function reach(page: Page, name: RegExp): Promise<void> {
    for (let at = 0; at < 30; at += 1) {
      await page.keyboard.press('Tab')
      const focused = page.locator(':focus')
      const named = (await focused.getAttribute('aria-label')) ?? (await focused.innerText())
      if (name.test(named)) return
    }
    assert.fail(`The keyboard does not reach ${name}.`)
  }

  test('by keyboard alone and without JavaScript: sign in, confirm, uninstall; then all of the app is dead at once', async () => {
    const introspects = await anApi()
    const pair = await exchange(legacyTokens[0] ?? '')
    const username = await ownerOf(pair)
    assert.equal(await introspects(pair.json.access_token), true)

    const page = await open({ javaScriptEnabled: false })
    await page.waitForSelector('#username:focus')
    await page.keyboard.type(username)
    await press(page, 'Tab')
    await page.keyboard.type(testPassword)
    await press(page, 'Enter')
    await page.waitForSelector('h1:text("Connected apps")')
    await reach(page, /^Confirm Sample marketplace app$/)
    await press(page, 'Enter')
    await page.waitForSelector('[role=status]:text("Sample marketplace app is confirmed.")')
    assert.equal(await introspects(pair.json.access_token), true)
    await reach(page, /^Uninstall Sample marketplace app$/)
    await press(page, 'Enter')
    await page.waitForSelector('h1:text("Uninstall Sample marketplace app?")')
    await reach(page, /^Uninstall$/)
    await press(page, 'Enter')
    await page.waitForSelector('[role=status]:text("Sample marketplace app is uninstalled.")')
    await page.waitForSelector('h2:text("No app is connected")')

    assert.equal(await introspects(pair.json.access_token), false)
    assert.equal(await introspects(pair.json.refresh_token), false)
    const refused = await refresh(pair.json.refresh_token)
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_grant'])
    const again = await exchange(legacyTokens[0] ?? '')
    assert.deepEqual(
      [again.status, again.json],
      [400, { error: 'invalid_grant', error_description: 'Invalid grant: `api_token` is invalid' }],
    )
    // One page back in the history is the question, which there is nothing to ask of any more.
    await page.goBack()
    await page.waitForSelector('[role=status]:text("That app is not connected any more.")')
    await page.context().close()
  })

  for (const [at, colorScheme] of (['light', 'dark'] as const).entries()) {
    for (const width of [320, 1100]) {
      test(`each page is accessible and fits ${width} pixels, ${colorScheme}`, async () => {
        const pair = await exchange(legacyTokens[1 + at * 2 + (width > 320 ? 1 : 0)] ?? '')
        const username = await ownerOf(pair)
        const bed = accountBed(host)
        const user = await host.deployment.store.findUserByUsername(username)
        const [membership] = await host.deployment.store.findMemberships(user?.id ?? '')
        const { organization } = membership ?? assert.fail()
        const where = {
          userId: user?.id ?? '',
          organizationId: organization.id,
          role: 'admin',
        } as const
        await host.deployment.store.commit([{ write: 'put_membership', ...where }])
        const longName = `app-${'averyveryverylongname'.repeat(4)}-${at}-${width}`
        await bed.app({ id: longName, name: longName, maker: longName, status: 'disabled' })
        const { number } = await bed.connect({ ...where, clientId: longName, scopes: [longName] })

        // The checker is a script, which our own policy would stop.
        const page = await open({ bypassCSP: true, colorScheme, viewport: { width, height: 640 } })
        await isAccessible(page, 'Sign in')
        await page.fill('#username', username)
        await page.fill('#password', testPassword)
        await page.click('main form button')
        await isAccessible(page, 'Connected apps')
        await page.locator('summary').first().click()
        await isAccessible(page, 'Connected apps')
        await page.click('text="Confirm"')
        await isAccessible(page, 'Connected apps')
        const company = `/account/organizations/${organization?.id}/apps`
        const pages: readonly (readonly [string, string])[] = [
          [`/account/apps/${number}`, longName],
          [`/account/apps/${number}/uninstall`, `Uninstall ${longName}?`],
          ['/account/sessions', 'Sign-ins'],
          [company, 'Apps of '],
          [`${company}/${longName}`, longName],
          [`${company}/${longName}/uninstall`, `Uninstall ${longName} for all of`],
          ['/account/apps/999999', 'There is nothing here'],
        ]
        for (const [path, title] of pages) {
          await page.goto(base + path)
          await isAccessible(page, title)
        }
        await page.goto(`${base}${company}/${longName}/uninstall`)
        await page.click('main form button')
        await isAccessible(page, longName)
        await page.goto(`${base}/account/sessions`)
        await page.click('text="Sign out"')
        await isAccessible(page, 'Signed out')
        await page.context().close()
      })
    }
  }
})
