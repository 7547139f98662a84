/** Takes the pictures of README and docs anew, from the pages as they are, in a browser. Look at them. */
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { brandOf } from '../server/src/brand.ts'
import { asHtml } from '../server/src/mail/as-html.ts'
import { installedMail } from '../server/src/mail/contents.ts'
import type { AccountBed } from '../server/src/testing/account.ts'
import { accountBed, testPassword } from '../server/src/testing/account.ts'
import { launchBrowser } from '../server/src/testing/browser.ts'
import { testDeployment } from '../server/src/testing/deployment.ts'
import { root } from './files.ts'

const folder = join(root, 'docs/pictures')
const name = 'accounts.northwind.example'
const day = 86_400_000
const redirectUri = 'https://charts.example/callback'

const host = await testDeployment({
  mounts: ['standard', 'pipedrive'],
  seed: false,
  config: {
    public_url: `http://${name}`,
    brand: { name: 'Northwind', support: 'help@northwind.example' },
    scopes: {
      'deals:read': { en: 'See your deals', de: 'Ihre Geschäfte sehen' },
      'contacts:full': {
        en: 'See, add, change and delete your contacts',
        de: 'Ihre Kontakte sehen, anlegen, ändern und löschen',
      },
      'mail:send': { en: 'Send mail in your name', de: 'E-Mails in Ihrem Namen verschicken' },
    },
  },
})
const bed = accountBed(host)
await furnish(bed)
const address = await host.app.listen({ host: '127.0.0.1', port: 0 })
// The pages are shown under the name that an operator would give them.
const browser = await launchBrowser([`--host-resolver-rules=MAP ${name} ${new URL(address).host}`])
try {
  await take('connected-apps', { viewport: { width: 900, height: 640 } }, (page) =>
    signIn(page, '/account/apps'),
  )
  await take('connected-apps-phone', phone('de-DE', 'dark'), (page) => signIn(page, '/account/apps'))
  await take('consent', { viewport: { width: 560, height: 760 } }, (page) => signIn(page, authorize()))
  await take('mail', { viewport: { width: 640, height: 760 } }, (page) => page.setContent(mail()))
} finally {
  await browser.close()
  await host.close()
}

function phone(locale: string, colorScheme: 'dark' | 'light'): BrowserContextOptions {
  return { viewport: { width: 360, height: 720 }, locale, colorScheme }
}

async function take(
  picture: string,
  options: BrowserContextOptions,
  show: (page: Page) => Promise<unknown>,
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false, ...options })
  const page = await context.newPage()
  await show(page)
  await page.screenshot({ path: join(folder, `${picture}.png`), fullPage: true })
  await context.close()
  process.stdout.write(`docs/pictures/${picture}.png\n`)
}

async function signIn(page: Page, path: string): Promise<void> {
  await page.goto(`http://${name}${path}`)
  await page.fill('#username', 'alice')
  await page.fill('#password', testPassword)
  await page.click('form[action$="/sign-in"] button')
}

function authorize(): string {
  const asked = {
    response_type: 'code',
    client_id: 'charts',
    redirect_uri: redirectUri,
    scope: 'deals:read contacts:full',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  }
  return `/oauth2/authorize?${new URLSearchParams(asked)}`
}

function mail(): string {
  const brand = brandOf(host.config)
  const setting = {
    language: 'en',
    publicUrl: host.config.public_url,
    brand,
    userName: 'Alice Archer',
  } as const
  const about = {
    app: 'Mailer',
    maker: 'Paper & Pen',
    organization: 'Harbour Books',
    reach: 'all',
    scopes: ['See your deals', 'Send mail in your name'],
  } as const
  return asHtml(installedMail(setting, about, 'pending'), brand)
}

/** Somebody with a few apps, one of which waits for her. */
async function furnish({ organization, person, app, connect }: AccountBed): Promise<void> {
  const { now } = host.clock
  await organization({ id: 'harbour', name: 'Harbour Books' })
  await person({ id: 'alice', name: 'Alice Archer' }, { harbour: 'admin' })
  const scopes = ['deals:read', 'contacts:full', 'mail:send']
  await app({ id: 'mailer', name: 'Mailer', maker: 'Paper & Pen', dialect: 'pipedrive', scopes })
  await app({ id: 'dialer', name: 'Dialer', maker: 'Telephone Exchange Ltd', scopes })
  await app({ id: 'charts', name: 'Charts', maker: 'Compass Software', scopes, redirectUris: [redirectUri] })
  await app({ id: 'forms', name: 'Forms', maker: 'Blank & Sons', scopes })
  const hers = { userId: 'alice', organizationId: 'harbour' }
  await connect({
    ...hers,
    clientId: 'mailer',
    confirmation: 'pending',
    scopes: ['deals:read', 'mail:send'],
    since: now,
  })
  await connect({
    ...hers,
    clientId: 'dialer',
    confirmation: 'confirmed',
    scopes: ['contacts:full'],
    since: now - 40 * day,
  })
  await connect({
    ...hers,
    clientId: 'forms',
    origin: 'authorized',
    scopes: ['contacts:full'],
    since: now - 300 * day,
  })
  const used = 'update connections set last_used = $1 where client = $2 returning 1'
  await host.deployment.database.query(used, [now - 3 * day, 'dialer'])
  await host.deployment.database.query(used, [now - 3_600_000, 'forms'])
}
