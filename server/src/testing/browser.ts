/** A real browser for the pages, where one is installed; where it is required, a missing one is a failure. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const found = process.env.CHROMIUM ?? places.find((path) => existsSync(path))

/** Why browser tests are skipped here; `false` where they run. For a test's `skip`. */
export const withoutBrowser: string | false =
  found === undefined && process.env.TOKENFERRY_BROWSER_TESTS !== 'required'
    ? 'No browser is installed (apt-get install chromium), so the pages are not tried in one.'
    : false

/** `more`: switches of the browser's own. */
export function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  if (found === undefined) throw new Error('A browser is required here, and none is installed.')
  return chromium.launch({
    executablePath: found,
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...more,
    ],
  })
}

/** The page of this title has no violation that axe knows, and nothing of it is wider than the screen. */
export async function isAccessible(page: Page, title: string): Promise<void> {
  await page.waitForFunction(`document.title.startsWith(${JSON.stringify(title)})`, undefined, {
    timeout: 10_000,
  })
  await page.evaluate(axe.source)
  const violations = await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]))',
  )
  assert.deepEqual(violations, [], title)
  const width = page.viewportSize()?.width
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, title)
}
