import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nameBrowser } from './browser-names.ts'

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const appleKit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

const known: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0', 'Firefox', 'Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0', 'Firefox', 'Linux'],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/139.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webKit} Chrome/139.0.0.0 Safari/537.36`, 'Chrome', 'ChromeOS'],
  [`Mozilla/5.0 (Linux; Android 15; K) ${webKit} Chrome/139.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
  [
    `Mozilla/5.0 (Linux; Android 15; K) ${webKit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet',
    'Android',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0`,
    'Edge',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0`,
    'Opera',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${appleKit} Version/18.6 Safari/605.1.15`,
    'Safari',
    'macOS',
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${appleKit} Version/18.6 Mobile/15E148 Safari/604.1`,
    'Safari',
    'iPhone',
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${appleKit} CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1`,
    'Chrome',
    'iPhone',
  ],
  [
    `Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) ${appleKit} FxiOS/141.0 Mobile/15E148 Safari/605.1.15`,
    'Firefox',
    'iPad',
  ],
]

suite('pages: browsers by name', () => {
  for (const [userAgent, browser, system] of known) {
    test(`${browser} on ${system} is known`, () => {
      assert.deepEqual(nameBrowser(userAgent), { browser, system })
    })
  }

  test('what is not known is not guessed, and nothing of the header is repeated', () => {
    const odd = [
      undefined,
      '',
      'curl/8.5.0',
      '<script>alert(1)</script>',
      'Firefoxy Windowsill',
      'x'.repeat(300),
    ]
    for (const userAgent of odd) {
      assert.deepEqual(nameBrowser(userAgent), { browser: undefined, system: undefined })
    }
    assert.deepEqual(nameBrowser('Something (Windows NT 10.0)'), { browser: undefined, system: 'Windows' })
  })
})
