import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import PostalMime from 'postal-mime'
import type { Brand } from '../brand.ts'
import { uninstalledMail } from './contents.ts'
import { folderTransport, mailFolder } from './folder.ts'
import type { Envelope } from './message.ts'
import { composeMessage, messageIdOf } from './message.ts'
import { readMessage } from './read-message.ts'

const at = Date.UTC(2026, 6, 1, 12)
const brand: Brand = {
  name: 'Ämtliche Tools',
  support: 'mailto:help@acme.example',
  colours: { light: { accent: '#0b5c7f', over: '#084863' }, dark: { accent: '#66c1e6', over: '#8ed3ef' } },
}
const mail = uninstalledMail(
  { language: 'de', publicUrl: 'https://auth.acme.example', brand, userName: 'Ärmel\r\nBcc: a@b.example' },
  { app: 'Übersicht 東京\r\nBcc: all@one.example', maker: undefined, organization: undefined },
  { at, by: 'reader', isForAll: false, isBarred: false },
)
const envelope: Envelope = {
  messageId: messageIdOf('https://auth.acme.example', 'delivery 1'),
  from: { name: 'Acme, Inc. “A”', address: 'no-reply@acme.example' },
  to: { name: 'Jürgen <x@evil.example>, "Q"', address: 'juergen@one.example' },
  replyTo: 'help@acme.example',
  at,
}

suite('mail: the message', () => {
  test('its headers say who, what, when, and that nobody need answer', async () => {
    const { bytes, from, to } = await composeMessage(mail, brand, envelope)
    assert.deepEqual([from, to], ['no-reply@acme.example', 'juergen@one.example'])
    const parsed = await PostalMime.parse(bytes)
    assert.deepEqual(parsed.from, envelope.from)
    assert.deepEqual(parsed.to, [envelope.to])
    assert.deepEqual(parsed.replyTo, [{ name: '', address: 'help@acme.example' }])
    assert.equal(parsed.subject, mail.subject)
    assert.equal(parsed.date, new Date(at).toISOString())
    assert.equal(parsed.messageId, envelope.messageId)
    const header = (key: string) => parsed.headers.find((one) => one.key === key)?.value
    assert.equal(header('auto-submitted'), 'auto-generated')
    assert.equal(header('content-language'), 'de')
    assert.equal(parsed.attachments.length, 0)
    const keys = parsed.headers.map(({ key }) => key)
    assert.equal(new Set(keys).size, keys.length)
    for (const unwanted of ['bcc', 'cc', 'list-unsubscribe', 'x-mailer']) assert.ok(!keys.includes(unwanted))
  })

  test('each line is as long as mail servers take, and ASCII', async () => {
    const { bytes } = await composeMessage(mail, brand, envelope)
    const text = bytes.toString('latin1')
    assert.ok(text.split('\r\n').every((line) => line.length <= 998))
    assert.match(text, /^[\r\n\x20-\x7e]*$/)
    assert.ok(!/[^\r]\n/.test(text))
  })

  test('made again, by whomever, it is the same bytes under the same Message-ID', async () => {
    const [one, other] = [
      await composeMessage(mail, brand, envelope),
      await composeMessage(mail, brand, { ...envelope }),
    ]
    assert.deepEqual(one.bytes, other.bytes)
    assert.match(envelope.messageId, /^<[0-9a-f]{32}@auth\.acme\.example>$/)
    assert.notEqual(messageIdOf('https://auth.acme.example', 'delivery 2'), envelope.messageId)
    assert.notEqual(messageIdOf('https://auth.other.example', 'delivery 1'), envelope.messageId)
    assert.match(messageIdOf('http://127.0.0.1:4000', 'x'), /^<[0-9a-f]{32}@127\.0\.0\.1>$/)
  })

  test('what we read back is what another reader reads', async () => {
    const { bytes } = await composeMessage(mail, brand, envelope)
    const theirs = await PostalMime.parse(bytes)
    const ours = readMessage(bytes)
    assert.equal(ours.subject, theirs.subject)
    assert.equal(ours.text.replaceAll('\r\n', '\n').trim(), theirs.text?.trim())
    assert.equal(ours.html.replaceAll('\r\n', '\n').trim(), theirs.html?.trim())
    assert.ok(ours.text.includes('Übersicht 東京'))
    assert.ok(ours.to.includes('juergen@one.example'))
  })
})

suite('mail: into a folder', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'tokenferry-mail-')), 'mails')
  after(() => rmSync(join(folder, '..'), { recursive: true }))

  test('a mail is a file for its owner alone, and takes its own place when sent again', async () => {
    const transport = folderTransport(folder)
    assert.equal(await transport.check(), undefined)
    const message = await composeMessage(mail, brand, envelope)
    assert.equal((await transport.send(message)).outcome, 'sent')
    assert.equal((await transport.send(message)).outcome, 'sent')
    const names = readdirSync(folder)
    assert.deepEqual(names, [`${envelope.messageId.slice(1, 33)}.eml`])
    assert.equal(statSync(join(folder, names[0] ?? '')).mode & 0o777, 0o600)
    const there = mailFolder(folder)
    const [listed] = await there.list()
    assert.deepEqual(await there.read(listed?.name ?? ''), readMessage(message.bytes))
  })

  test('nothing else is read by its name', async () => {
    writeFileSync(join(folder, '..', 'secret.eml'), 'secret')
    for (const name of ['../secret', '..%2fsecret', '/etc/passwd', '', '.', 'none']) {
      assert.equal(await mailFolder(folder).read(name), undefined, name)
    }
  })

  test('a folder that cannot be written is trouble of the operator, and no mail is lost', async () => {
    const file = join(folder, '..', 'file')
    writeFileSync(file, '')
    assert.match((await folderTransport(join(file, 'mails')).check()) ?? '', /cannot be written/)
    const outcome = await folderTransport(join(file, 'mails')).send(
      await composeMessage(mail, brand, envelope),
    )
    assert.ok(outcome.outcome === 'failed' && !outcome.isFinal && outcome.isOperatorTrouble)
  })
})
