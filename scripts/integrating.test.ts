/** What the page for developers of apps shows as code does what it says. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Signing } from '../server/src/callbacks/standard-webhook.ts'
import { webhookRequest } from '../server/src/callbacks/standard-webhook.ts'
import { callbackKinds } from '../server/src/callbacks/wanted.ts'
import { root } from './files.ts'

type Verify = (secret: string, headers: Readonly<Record<string, string>>, body: string) => unknown

const page = readFileSync(join(root, 'docs/integrating.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-integrating-'))
after(() => rmSync(folder, { recursive: true, force: true }))

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
    const [, code] = /^```js\n(.*?)^```$/ms.exec(page) ?? assert.fail('there is no code')
    const path = join(folder, 'verify.mjs')
    writeFileSync(path, code ?? '')
    // What the page exports is what is looked for here.
    verify = ((await import(pathToFileURL(path).href)) as { readonly verify: Verify }).verify
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

  test('every kind of message has its row', () => {
    const missing = Object.keys(callbackKinds).filter((kind) => !page.includes(`| \`${kind}\` |`))
    assert.deepEqual(missing, [])
  })
})
