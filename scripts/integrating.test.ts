/** What the page for developers of apps shows as code does what it says. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { allowInsecureRequests } from 'openid-client'
import type { Signing } from '../server/src/callbacks/standard-webhook.ts'
import { webhookRequest } from '../server/src/callbacks/standard-webhook.ts'
import { callbackKinds } from '../server/src/callbacks/wanted.ts'
import { listening } from '../server/src/real-clients/listening.ts'
import { allow } from '../server/src/testing/allowing.ts'
import { root } from './files.ts'

/** What the lines about users export. */
type SigningIn = {
  provider(issuer: string, id: string, secret: string, options: object): Promise<object>
  leave(config: object): Promise<{ readonly address: URL; readonly kept: object }>
  comeBack(
    config: object,
    address: URL,
    kept: object,
  ): Promise<{ readonly user: { readonly preferred_username?: string } }>
}

type Verify = (secret: string, headers: Readonly<Record<string, string>>, body: string) => unknown

const page = readFileSync(join(root, 'docs/integrating.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-integrating-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** The lines of code below a heading. */
function codeOf(heading: string): string {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [, code] = /^```js\n(.*?)^```$/ms.exec(section) ?? assert.fail(`${heading} shows no code`)
  return code ?? ''
}

function runs(name: string, code: string): Promise<unknown> {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, code)
  return import(pathToFileURL(path).href)
}

const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`
const message = { type: 'grant.revoked', timestamp: '2026-11-20T12:00:00.000Z', data: { user_id: 'u1' } }
const sent = (signing: Partial<Signing> = {}) =>
  webhookRequest('https://app.example/', message, {
    id: 'msg_1',
    now: Date.now(),
    secrets: [secretOf(1)],
    ...signing,
  })

suite('docs/integrating.md', () => {
  let verify: Verify

  before(async () => {
    // What the page exports is what is looked for here.
    verify = ((await runs('verify', codeOf('Be told'))) as { readonly verify: Verify }).verify
  })

  test('its lines verify what is sent, also while a secret is changed', () => {
    const { headers, body } = sent()
    assert.deepEqual(verify(secretOf(1), headers, body), message)
    const both = sent({ secrets: [secretOf(2), secretOf(1)] })
    for (const byte of [1, 2]) assert.deepEqual(verify(secretOf(byte), both.headers, both.body), message)
  })

  test('and nothing else: changed, old, of another secret, or without a signature', () => {
    const { headers, body } = sent()
    assert.equal(verify(secretOf(1), headers, body.replace('u1', 'u2')), undefined)
    assert.equal(verify(secretOf(1), { ...headers, 'webhook-id': 'msg_2' }, body), undefined)
    assert.equal(verify(secretOf(3), headers, body), undefined)
    const old = sent({ now: Date.now() - 400_000 })
    assert.equal(verify(secretOf(1), old.headers, old.body), undefined)
    assert.equal(verify(secretOf(1), { ...headers, 'webhook-signature': 'v1,' }, body), undefined)
    assert.equal(verify(secretOf(1), {}, body), undefined)
  })

  test('its lines sign a user in, at either dialect that speaks OpenID Connect', async () => {
    const here = await listening({ mounts: ['standard', 'concur'] })
    try {
      for (const [dialect, prefix, app] of [
        ['standard', '', ''],
        ['concur', '/concur', 'trusted_'],
      ] as const) {
        const text = (name: string): string => String(here.sections[dialect]?.[name])
        const code = codeOf('Who the user is')
          // The lines lie in a folder of their own here, and the sample app waits elsewhere.
          .replace("'openid-client'", JSON.stringify(import.meta.resolve('openid-client')))
          .replace('https://app.example/callback', text('redirect_uri'))
        const lines = (await runs(dialect, code)) as SigningIn
        const config = await lines.provider(
          here.base + prefix,
          text(`${app}client_id`),
          text(`${app}client_secret`),
          { execute: [allowInsecureRequests] },
        )
        const { address, kept } = await lines.leave(config)
        const told = await allow(here, dialect, address.search.slice(1))
        const { user } = await lines.comeBack(config, new URL(`${text('redirect_uri')}?${told}`), kept)
        assert.equal(user.preferred_username, text('username'))
      }
    } finally {
      await here.close()
    }
  })

  test('every kind of message has its row', () => {
    const missing = Object.keys(callbackKinds).filter((kind) => !page.includes(`| \`${kind}\` |`))
    assert.deepEqual(missing, [])
  })
})
