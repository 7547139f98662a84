import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import type { MailServer, MailServerOptions } from '../testing/mail-server.ts'
import { mailServer } from '../testing/mail-server.ts'
import type { Message } from './message.ts'
import { smtpTransport } from './smtp.ts'
import type { SmtpSettings } from './smtp-settings.ts'
import { tlsOf } from './smtp-settings.ts'
import type { MailTransport } from './transport.ts'

const message = (to: string): Message => ({
  messageId: '<one@auth.example>',
  from: 'no-reply@auth.example',
  to,
  bytes: Buffer.from(
    `Message-ID: <one@auth.example>\r\nTo: ${to}\r\n\r\n${'A line.\r\n'.repeat(5_000)}.\r\nEnd\r\n`,
  ),
})
const alice = message('alice@one.example')

/** A server and a way to it, for as long as the work takes. */
async function between(
  options: MailServerOptions,
  settings: Partial<SmtpSettings>,
  work: (transport: MailTransport, server: MailServer) => Promise<void>,
): Promise<void> {
  const server = await mailServer(options)
  const transport = smtpTransport(
    { host: '127.0.0.1', port: server.port, ...settings },
    (reference) => `${reference} says this\n`,
  )
  try {
    await work(transport, server)
  } finally {
    transport.close()
    await server.close()
  }
}

suite('mail by SMTP: the answers of the server', () => {
  test('what is taken is sent, byte for byte, many at a time', () =>
    between({}, {}, async (transport, server) => {
      const to = Array.from({ length: 20 }, (_, at) => message(`user${at}@one.example`))
      const outcomes = await Promise.all(to.map((one) => transport.send(one)))
      assert.deepEqual(new Set(outcomes.map(({ outcome }) => outcome)), new Set(['sent']))
      assert.equal(server.taken.length, 20)
      for (const { to: address, bytes } of server.taken) assert.deepEqual(bytes, message(address).bytes)
    }))

  test('"later" (451) is a failure to try again after, and then it goes', () => {
    const recipient = (_: string, time: number) => (time === 1 ? '451 4.3.2 try later' : undefined)
    return between({ recipient }, {}, async (transport, server) => {
      assert.deepEqual(await transport.send(alice), {
        outcome: 'failed',
        problem: 'The mail server answered RCPT TO: 451 4.3.2 try later',
      })
      assert.equal((await transport.send(alice)).outcome, 'sent')
      assert.equal(server.taken.length, 1)
    })
  })

  test('"never" (550) to the recipient or to the message ends it, without quoting an address', async () => {
    const recipient = (address: string) => `550 5.1.1 <${address}> is not here`
    await between({ recipient }, {}, async (transport) => {
      assert.deepEqual(await transport.send(alice), {
        outcome: 'failed',
        problem: 'The mail server answered RCPT TO: 550 5.1.1 (address) is not here',
        isFinal: true,
      })
    })
    await between({ message: () => '554 no' }, {}, async (transport) => {
      assert.deepEqual(await transport.send(alice), {
        outcome: 'failed',
        problem: 'The mail server answered DATA: 554 no',
        isFinal: true,
      })
    })
  })

  test('a server that does not trust us refuses everybody: nothing is given up for that', () => {
    const recipient = () => '554 5.7.1 relay access denied'
    return between({ recipient }, {}, async (transport) => {
      const { outcome, ...rest } = await transport.send(alice)
      assert.equal(outcome, 'failed')
      assert.ok(!('isFinal' in rest))
      assert.equal(rest.isOperatorTrouble, true)
    })
  })

  test('a connection that breaks in the middle of the message is a failure to try again after', () => {
    const broken = (_: string, time: number) => (time === 1 ? 'drop' : undefined)
    return between({ message: broken }, {}, async (transport, server) => {
      const outcome = await transport.send(alice)
      assert.equal(outcome.outcome, 'failed')
      assert.ok(!('isFinal' in outcome))
      assert.equal(server.asked.get(alice.to), 1, 'whether to send it again is not for the transport to say')
      assert.equal((await transport.send(alice)).outcome, 'sent')
      assert.equal(server.taken.length, 1)
    })
  })

  test('a server that is not there is a failure to try again after', () =>
    between({}, {}, async (transport, server) => {
      await server.close()
      const outcome = await transport.send(alice)
      assert.ok(outcome.outcome === 'failed' && !outcome.isFinal)
      assert.match(outcome.problem, /ECONNREFUSED/)
    }))
})

suite('mail by SMTP: signing in', () => {
  const user = { name: 'mailer', password: 'file:./password says this' }

  test('with the password that the reference names', () =>
    between({ user }, { username: 'mailer', password: 'file:./password' }, async (transport, server) => {
      assert.equal(await transport.check(), undefined)
      assert.equal((await transport.send(alice)).outcome, 'sent')
      assert.equal(server.taken.length, 1)
    }))

  test('a wrong password is trouble of the operator, tried again, and never quoted', () =>
    between({ user }, { username: 'mailer', password: 'file:./other' }, async (transport) => {
      assert.deepEqual(await transport.send(alice), {
        outcome: 'failed',
        problem: 'The mail server does not accept our user name and password (535).',
        isOperatorTrouble: true,
      })
      assert.match((await transport.check()) ?? '', /does not accept our user name and password/)
    }))

  test('a server that wants a password, and gets none, loses no mail', () =>
    between({ user }, {}, async (transport) => {
      const outcome = await transport.send(alice)
      assert.ok(outcome.outcome === 'failed' && !outcome.isFinal)
      assert.equal(outcome.isOperatorTrouble, true)
    }))
})

const withoutOpenssl =
  spawnSync('openssl', ['version']).error === undefined
    ? false
    : 'There is no openssl here to make a certificate.'

suite('mail by SMTP: TLS', { skip: withoutOpenssl }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-mail-tls-'))
  after(() => rmSync(folder, { recursive: true }))
  const [keyFile, ca] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const made = (): { key: string; cert: string } => {
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
        ...['-keyout', keyFile, '-out', ca],
      ],
      { stdio: 'pipe' },
    )
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(ca, 'utf8') }
  }
  const pair = withoutOpenssl ? { key: '', cert: '' } : made()

  for (const tls of ['starttls', 'implicit'] as const) {
    const offered = { ...pair, secure: tls === 'implicit' }

    test(`${tls}: a server is trusted whose certificate is named`, () =>
      between({ tls: offered }, { tls, ca }, async (transport, server) => {
        assert.equal((await transport.send(alice)).outcome, 'sent')
        assert.equal(server.taken.length, 1)
      }))

    test(`${tls}: a server that nobody vouches for gets no mail, and the operator hears of it`, () =>
      between({ tls: offered }, { tls }, async (transport, server) => {
        const outcome = await transport.send(alice)
        assert.ok(outcome.outcome === 'failed' && !outcome.isFinal)
        assert.equal(outcome.isOperatorTrouble, true)
        assert.match(outcome.problem, /self.signed/)
        assert.equal(server.taken.length, 0)
      }))
  }

  test('starttls: a server without TLS gets no mail in the clear', () =>
    between({}, { tls: 'starttls' }, async (transport, server) => {
      const outcome = await transport.send(alice)
      assert.ok(outcome.outcome === 'failed' && !outcome.isFinal)
      assert.equal(server.asked.size, 0)
    }))

  test('where nothing is said, mail goes in the clear to this machine alone', () => {
    assert.equal(tlsOf({ host: '127.0.0.1' }), 'none')
    assert.equal(tlsOf({ host: 'localhost', port: 465 }), 'implicit')
    assert.equal(tlsOf({ host: 'smtp.acme.example' }), 'starttls')
    assert.equal(tlsOf({ host: 'smtp.acme.example', port: 465 }), 'implicit')
    assert.equal(tlsOf({ host: '10.0.0.3', tls: 'none' }), 'none')
  })
})
