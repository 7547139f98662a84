import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { brandOf } from '../brand.ts'
import { launchBrowser, withoutBrowser } from '../testing/browser.ts'
import { languages } from '../words/index.ts'
import { asHtml } from './as-html.ts'
import type { AppAsked, Setting } from './contents.ts'
import { installedMail, lockedMail, reminderMail, uninstalledMail } from './contents.ts'
import { oneTimeCodeMail } from './one-time-code-mail.ts'

const publicUrl = 'https://auth.acme.example'
/** The palest colour that the configuration takes, where it is hardest to read. */
const brand = brandOf({
  brand: { name: 'Acme', accent: '#767676', support: 'help@acme.example' },
  public_url: publicUrl,
})
const at = Date.UTC(2026, 6, 1, 12, 5)
const about: AppAsked = {
  app: 'Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww',
  maker: 'Northwind',
  organization: '東京'.repeat(40),
  scopes: ['See your deals', 'Read basic data'],
  reach: 'old_token_for_now',
}

suite('mail: in a browser', { skip: withoutBrowser }, () => {
  let browser: Browser
  before(async () => {
    browser = await launchBrowser()
  })
  after(() => browser?.close())

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`each mail is accessible, fits 320 pixels and loads nothing, ${colorScheme}`, async () => {
      const context = await browser.newContext({ colorScheme, viewport: { width: 320, height: 640 } })
      const page = await context.newPage()
      const asked: string[] = []
      page.on('request', (request) => void asked.push(request.url()))
      for (const language of languages) {
        const setting: Setting = { language, publicUrl, brand, userName: 'Alice Sample' }
        for (const mail of [
          installedMail(setting, about, 'pending'),
          reminderMail(setting, about, at),
          uninstalledMail(setting, about, { at, by: 'reader', isForAll: true, isBarred: true }),
          lockedMail(setting, at, at + 900_000),
          oneTimeCodeMail(setting, about, { code: '012345', until: at }),
        ]) {
          await page.setContent(asHtml(mail, brand))
          await page.evaluate(axe.source)
          const violations = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]))',
          )
          assert.deepEqual(violations, [], mail.subject)
          assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, mail.subject)
        }
      }
      assert.deepEqual(asked, [])
      await context.close()
    })
  }
})
