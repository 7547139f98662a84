import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { ExchangeCode, TokenCode } from '../dialects/concur-codes.ts'
import { exchangeCodes, tokenCodes } from '../dialects/concur-codes.ts'
import type { Cause } from './concur-cause.ts'
import { causesOfExchangeCodes, causesOfTokenCodes } from './concur-codes.ts'
import type { ConcurServer, Heard } from './concur-server.ts'
import { concurServer } from './concur-server.ts'

type Row = { readonly says: string; readonly explained?: boolean }

/** The row's sentence alone, or with one of ours behind it, where it does not say what is wrong. */
function assertSays(text: unknown, { says, explained }: Row): void {
  if (explained) assert.ok(String(text).startsWith(`${says}: `), `${text}`)
  else assert.equal(text, says)
}

function assertGranted({ status, json, text }: Heard): void {
  if (status === undefined) assert.ok('id_token' in json || typeof json.code === 'string', text)
  else assert.equal(status, 200, text)
}

suite('promises: every code of Concur’s has a real cause', { timeout: 900_000 }, () => {
  let at: ConcurServer
  before(async () => {
    at = await concurServer()
  })
  after(() => at.close())

  const bring = async ({ bring: doIt }: Cause, check: (heard: Heard) => void): Promise<void> => {
    const { heard, after: next } = await doIt(at)
    check(heard)
    // By which Concur's support finds the request; a redirect to the app has it at the browser.
    if (heard.status !== undefined) assert.ok(heard.headers['concur-correlationid'])
    if (next) assertGranted(await next())
  }

  // Each cause has people of its own, and an app where it changes one.
  suite('at the token endpoint, /otp, /authorize and the end of connections', { concurrency: 3 }, () => {
    for (const [key, causes] of Object.entries(causesOfTokenCodes)) {
      const code = Number(key) as TokenCode
      const row: Row & { readonly status: number; readonly error: string } = tokenCodes[code]
      for (const cause of causes) {
        test(`${code}: ${cause.because}`, async () => {
          await bring(cause, ({ status, json, text }) => {
            assert.equal(json.code, code, text)
            assertSays(json.error_description, { ...row, ...(cause.says && { says: cause.says }) })
            // At `/authorize` the app is told by a redirect, without a status or an error of its own.
            if (status !== undefined) assert.deepEqual([status, json.error], [row.status, row.error])
          })
        })
      }
    }
  })

  // The old tokens are all of one app's.
  suite('at the exchange', () => {
    for (const [key, causes] of Object.entries(causesOfExchangeCodes)) {
      const symbol = key as 'OK' | ExchangeCode
      for (const cause of causes) {
        test(`${symbol}: ${cause.because}`, async () => {
          await bring(cause, (heard) => {
            if (symbol === 'OK') return assertGranted(heard)
            const row: Row & { readonly status: number } = exchangeCodes[symbol]
            assert.deepEqual([heard.status, heard.json.code], [row.status, symbol], heard.text)
            assertSays(heard.json.message, row)
          })
        })
      }
    }
  })
})

/** Concur's page, as it stands: what is a row there has a cause here. */
const documented = [
  5, 10, 11, 12, 13, 14, 16, 19, 20, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 80, 81, 83, 84,
  85, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 115, 117, 118, 119, 120, 121, 122, 123,
] // biome-ignore format: a list of numbers reads best in lines

test('promises: no code of Concur’s page is without a row, and each row has a cause', () => {
  for (const code of documented) assert.ok(code in tokenCodes, `${code} has no row`)
  for (const code of Object.keys(tokenCodes)) {
    assert.ok((causesOfTokenCodes[Number(code) as TokenCode]?.length ?? 0) > 0, `${code} has no cause`)
  }
  assert.equal(causesOfTokenCodes[119].length, 2, 'one for each of its texts')
})
