/** `tokenferry mail` and what `doctor` says of mail, with a mail server on the loopback. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import PostalMime from 'postal-mime'
import { parseConfig } from '../config.ts'
import type { MailServerOptions } from '../testing/mail-server.ts'
import { mailServer } from '../testing/mail-server.ts'
import { mailFindings } from './doctor-mail.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-mail-command-'))
after(() => rmSync(folder, { recursive: true }))
const password = 'the-password-of-a-test'
process.env.MAIL_TEST_PASSWORD = password

const settingsWith = (mail: object | undefined) =>
  JSON.stringify({
    public_url: 'http://127.0.0.1:4000',
    database: `sqlite:${join(folder, 'tokenferry.db')}`,
    root_secret: 'env:MAIL_TEST_ROOT_SECRET',
    mounts: [{ dialect: 'standard', prefix: '/' }],
    mail,
  })

const smtp = (port: number) => ({
  from: 'Acme <no-reply@acme.example>',
  smtp: { host: '127.0.0.1', port, username: 'mailer', password: 'env:MAIL_TEST_PASSWORD' },
})

async function run(mail: object | undefined, ...args: readonly string[]) {
  const config = join(folder, 'tokenferry.yaml')
  writeFileSync(config, settingsWith(mail))
  const child = spawn(process.execPath, [binary, ...args, '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      output[name] += chunk.toString()
    })
  }
  await once(child, 'close')
  return { status: child.exitCode, ...output }
}

async function withServer(options: MailServerOptions, work: (port: number) => Promise<void>) {
  const server = await mailServer(options)
  await work(server.port).finally(server.close)
}

suite('mail test', () => {
  test('sends one mail and says what the server answered', async () => {
    const server = await mailServer({ user: { name: 'mailer', password } })
    try {
      const done = await run(
        smtp(server.port),
        'mail',
        'test',
        '--to',
        'you@one.example',
        '--language',
        'de',
        '--json',
      )
      assert.equal(done.status, 0, done.stderr)
      const said = JSON.parse(done.stdout) as { messageId: string; answer: string }
      assert.match(said.answer, /^250 /)
      const mail = await PostalMime.parse(server.taken[0]?.bytes ?? '')
      assert.equal(mail.messageId, said.messageId)
      assert.equal(mail.subject, 'Ein Test: E-Mails kommen an')
      assert.equal(mail.from?.address, 'no-reply@acme.example')
    } finally {
      await server.close()
    }
  })

  test('says what is wrong: a refusal, no mail configured, no address', async () => {
    const refusing = { user: { name: 'mailer', password }, recipient: () => '550 nobody here' }
    await withServer(refusing, async (port) => {
      const { status, stderr } = await run(smtp(port), 'mail', 'test', '--to', 'you@one.example')
      assert.equal(status, 1)
      assert.equal(
        stderr,
        'tokenferry: The mail server answered RCPT TO: 550 nobody here. Nothing was sent.\n',
      )
    })
    assert.match(
      (await run(undefined, 'mail', 'test', '--to', 'you@one.example')).stderr,
      /No mail is configured/,
    )
    assert.match((await run(undefined, 'mail', 'test', '--to', 'you')).stderr, /An address is written/)
  })
})

suite('doctor: mail', () => {
  const said = async (mail: object | undefined): Promise<string> => {
    const [finding] = await mailFindings(parseConfig(settingsWith(mail), 'a.yaml'))
    return `${finding?.result}: ${finding?.says}`
  }

  test('asks the server, signs in, and sends nothing', async () => {
    const server = await mailServer({ user: { name: 'mailer', password } })
    try {
      assert.match(await said(smtp(server.port)), /^ok: 127\.0\.0\.1 answers and knows mailer/)
      assert.equal(server.asked.size, 0)
    } finally {
      await server.close()
    }
  })

  test('says what is wrong and where to look, and never the password', async () => {
    assert.match(await said(undefined), /^warn: is not configured: users are told of nothing/)
    await withServer({ user: { name: 'mailer', password: 'another' } }, async (port) => {
      const wrong = await said(smtp(port))
      assert.match(
        wrong,
        /^fail: The mail server does not accept our user name and password \(535\)\. Look at/,
      )
      assert.ok(!wrong.includes(password))
    })
    assert.match(await said(smtp(1)), /^fail: The mail server cannot be used: .*ECONNREFUSED.*\. Look at/)
    const from = 'no-reply@acme.example'
    assert.match(await said({ from, folder: join(folder, 'mails') }), /^warn: is written to the folder/)
    assert.match(
      await said({ from, folder: join(folder, 'none/mails') }),
      /^fail: The folder of mails cannot be/,
    )
    const unset = { host: '127.0.0.1', username: 'a', password: 'env:MAIL_TEST_UNSET' }
    assert.match(
      await said({ from, smtp: unset }),
      /^fail: The environment variable MAIL_TEST_UNSET is not set/,
    )
  })
})
