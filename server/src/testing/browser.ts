/** A real browser for the pages, where one is installed; where it is required, a missing one is a failure. */
import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const found = process.env.CHROMIUM ?? places.find((path) => existsSync(path))

/** Why browser tests are skipped here; `false` where they run. For a test's `skip`. */
export const withoutBrowser: string | false =
  found === undefined && process.env.TOKENFERRY_BROWSER_TESTS !== 'required'
    ? 'No browser is installed (apt-get install chromium), so the pages are not tried in one.'
    : false

export function launchBrowser(): Promise<Browser> {
  if (found === undefined) throw new Error('A browser is required here, and none is installed.')
  return chromium.launch({
    executablePath: found,
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}
