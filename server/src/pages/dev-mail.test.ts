import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import fastify from 'fastify'
import { brandOf } from '../brand.ts'
import { uninstalledMail } from '../mail/contents.ts'
import { folderTransport, mailFolder } from '../mail/folder.ts'
import { composeMessage, messageIdOf } from '../mail/message.ts'
import { noon } from '../testing/records.ts'
import { devMail } from './dev-mail.ts'

const publicUrl = 'http://127.0.0.1:4000'
const brand = brandOf({ brand: { name: 'Acme' }, public_url: publicUrl })

suite("pages: the demo's mails", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-dev-mail-'))
  let app: FastifyInstance

  before(async () => {
    app = fastify()
    devMail({ publicUrl, brand, language: 'en', scopes: {}, mails: mailFolder(folder) })(app)
  })
  after(async () => {
    await app.close()
    rmSync(folder, { recursive: true })
  })

  test('without a mail, the page says how there will be one', async () => {
    assert.match((await app.inject('/dev/mail')).payload, /No mail has been written yet/)
  })

  test('each is listed, and shown as text and as HTML, which may style itself and nothing more', async () => {
    const setting = { language: 'en', publicUrl, brand, userName: undefined } as const
    const about = { app: '<script>alert(1)</script>', maker: undefined, organization: undefined }
    const ended = { at: noon, by: 'reader', isForAll: false, isBarred: false } as const
    const message = await composeMessage(uninstalledMail(setting, about, ended), brand, {
      messageId: messageIdOf(publicUrl, 'one'),
      from: { name: 'Acme', address: 'no-reply@acme.example' },
      to: { name: 'Alice', address: 'alice@one.example' },
      replyTo: undefined,
      at: noon,
    })
    await folderTransport(folder).send(message)
    const list = await app.inject('/dev/mail')
    assert.match(list.payload, /alice@one\.example/)
    const [, path = ''] = /href="(\/dev\/mail\/[0-9a-f]{32})"/.exec(list.payload) ?? []
    const shown = await app.inject(path)
    assert.match(shown.payload, /<pre>“&lt;script&gt;alert\(1\)&lt;\/\u200cscript&gt;” has been uninstalled/)
    assert.match(String(shown.headers['content-security-policy']), /default-src 'none'/)
    const html = await app.inject(`${path}/html`)
    assert.ok(html.payload.includes(`href="${publicUrl}/account/apps"`))
    assert.ok(!html.payload.includes('<script'))
    const policy = String(html.headers['content-security-policy'])
    assert.match(policy, /default-src 'none'; style-src 'unsafe-inline'; .*frame-ancestors 'none'; .*sandbox/)
    assert.ok(!policy.includes('allow-scripts'))
  })

  test('what is no mail is not found, however it is spelled', async () => {
    for (const path of ['/dev/mail/none', '/dev/mail/..%2f..%2fetc%2fpasswd', '/dev/mail/x.eml/html']) {
      assert.equal((await app.inject(path)).statusCode, 404, path)
    }
  })
})
