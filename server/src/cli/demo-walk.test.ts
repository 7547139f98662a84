/** The demo, walked through in a browser: what a user sees, and what becomes of the apps. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { launchBrowser, withoutBrowser } from '../testing/browser.ts'
import { freePort } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))

type Section = Readonly<Record<string, string>> & { readonly legacy_tokens: readonly string[] }
type Answer = { readonly status: number; readonly json: Readonly<Record<string, unknown>> }

suite('the demo, in a browser', { skip: withoutBrowser, timeout: 180_000 }, () => {
  test('a user allows one app, confirms another, uninstalls both, and then nothing of them works', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenferry-demo-walk-'))
    const port = await freePort()
    const base = `http://127.0.0.1:${port}`
    const env = { ...process.env, PORT: String(port), TOKENFERRY_DATA: join(folder, 'data') }
    const demo = spawn(process.execPath, [binary, 'demo'], { env, cwd: folder })
    t.after(async () => {
      if (demo.exitCode === null) {
        demo.kill('SIGKILL')
        await once(demo, 'close')
      }
      rmSync(folder, { recursive: true, force: true })
    })
    await new Promise<void>((greeted, failed) => {
      let said = ''
      demo.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        if (said.includes('Ctrl+C stops it.')) greeted()
      })
      demo.once('close', () => failed(new Error(`The demo ended: ${said}`)))
    })
    const sections = JSON.parse(readFileSync(join(folder, 'data/demo.json'), 'utf8'))
    const { pipedrive, standard } = sections as Record<'pipedrive' | 'standard', Section>

    const ask = async (
      path: string,
      id: unknown,
      secret: unknown,
      form: Record<string, string>,
    ): Promise<Answer> => {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      const body = new URLSearchParams(form)
      const answer = await fetch(base + path, { method: 'POST', headers: { authorization }, body })
      return { status: answer.status, json: JSON.parse((await answer.text()) || '{}') }
    }
    const token = (form: Record<string, string>, app: 'first' | 'second' = 'first'): Promise<Answer> =>
      app === 'first'
        ? ask('/pipedrive/oauth/token', pipedrive.client_id, pipedrive.client_secret, form)
        : ask('/pipedrive/oauth/token', pipedrive.second_client_id, pipedrive.second_client_secret, form)
    const isActive = async (told: unknown): Promise<unknown> => {
      const { resource_server_id, resource_server_secret } = standard
      const answer = await ask('/oauth2/introspect', resource_server_id, resource_server_secret, {
        token: String(told),
      })
      assert.equal(answer.status, 200)
      return answer.json.active
    }
    const exchange = () =>
      token({ grant_type: 'exchange_api_token', api_token: pipedrive.legacy_tokens[0] ?? '' })

    const moved = await exchange()
    assert.equal(moved.status, 200)
    const browser = await launchBrowser()
    t.after(() => browser.close())
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()

    // Another app asks, and she allows it.
    const asked = {
      client_id: pipedrive.second_client_id ?? '',
      redirect_uri: pipedrive.redirect_uri ?? '',
      state: 's',
    }
    await page.goto(`${base}/pipedrive/oauth/authorize?${new URLSearchParams(asked)}`)
    await signIn(page, pipedrive)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(/\/callback\?/)
    const code = new URL(page.url()).searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: pipedrive.redirect_uri ?? '' }
    const allowed = await token(form, 'second')
    assert.equal(allowed.status, 200)
    assert.deepEqual(await Promise.all([moved, allowed].map(({ json }) => isActive(json.access_token))), [
      true,
      true,
    ])

    // The mail leads her to her apps, where the one that was moved over waits for her.
    await page.goto(`${base}/dev/mail`)
    await page
      .getByRole('link', { name: /Sample marketplace app/ })
      .first()
      .click()
    assert.match(await page.content(), new RegExp(`${base}/account/apps`))
    await page.goto(`${base}/account/apps`)
    await page.getByRole('button', { name: /Confirm/ }).click()
    assert.equal(await page.getByText('Waiting for your confirmation').count(), 0)

    for (const left of [1, 0]) {
      await page
        .getByRole('link', { name: /Uninstall/ })
        .first()
        .click()
      await page.getByRole('button', { name: /Uninstall/ }).click()
      assert.equal(await page.getByRole('link', { name: /Uninstall/ }).count(), left)
    }
    const tokens = [moved, allowed].flatMap(({ json }) => [json.access_token, json.refresh_token])
    assert.deepEqual(await Promise.all(tokens.map(isActive)), [false, false, false, false])
    const refused = { error: 'invalid_grant', error_description: 'Invalid grant: `refresh_token` is invalid' }
    for (const [app, { json }] of [
      ['first', moved],
      ['second', allowed],
    ] as const) {
      const form = { grant_type: 'refresh_token', refresh_token: String(json.refresh_token) }
      assert.deepEqual(await token(form, app), { status: 400, json: refused })
    }
    assert.deepEqual(await exchange(), {
      status: 400,
      json: { error: 'invalid_grant', error_description: 'Invalid grant: `api_token` is invalid' },
    })
  })
})

async function signIn(page: Page, { username, password }: Section): Promise<void> {
  await page.fill('#username', username ?? '')
  await page.fill('#password', password ?? '')
  await page.click('form[action$="/sign-in"] button')
}
