/** Against real servers of the loopback that answer as nobody should. */
import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { certificateFor } from '../testing/certificate.ts'
import type { Guard, GuardedAnswer } from './guarded-request.ts'
import { guardedRequest } from './guarded-request.ts'
import type { Resolve } from './name-lookup.ts'
import { reachable } from './reachable.ts'

type Listening = { readonly port: number; close(): Promise<void> }

const open: Listening[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function listening(server: ReturnType<typeof createTcpServer>, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  open.push({
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
  return address.port
}

const web = (answer: RequestListener): Promise<number> => listening(createHttpServer(answer))
/** Whatever is written goes out as it is. */
const raw = (answer: (socket: Socket) => void): Promise<number> =>
  listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => answer(socket))
    }),
  )

const local = reachable(['127.0.0.0/8'])
const ask = (url: string, guard: Partial<Guard> = {}): Promise<GuardedAnswer> =>
  guardedRequest({ reachable: local, timeoutMilliseconds: 5_000, ...guard })({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  })

/** A name server whose answers change: each look-up takes the next of them, and the last one stays. */
function resolving(...answers: readonly (readonly string[])[]): Resolve & { asked: string[] } {
  const asked: string[] = []
  const resolve: Resolve = (name, done) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(name)
    const found = addresses.map(
      (address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }),
    )
    setImmediate(() => done(null, found))
  }
  return Object.assign(resolve, { asked })
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

suite('guarded request: what goes out and what comes back', () => {
  test('the request arrives as it was given, under the name of its host, on a connection of its own', async () => {
    const seen: object[] = []
    const port = await web(async (request, response) => {
      const { method, url, headers } = request
      seen.push({ method, url, host: headers.host, type: headers['content-type'], kept: headers.connection })
      response.end(await bodyOf(request))
    })
    const resolve = resolving(['127.0.0.1'])
    const answer = await ask(`http://app.example:${port}/hook?a=1`, { resolve })
    assert.deepEqual(answer, {
      outcome: 'answered',
      status: 200,
      retryAfterSeconds: undefined,
      body: '{"a":1}',
    })
    const expected = {
      method: 'POST',
      url: '/hook?a=1',
      host: `app.example:${port}`,
      type: 'application/json',
    }
    assert.deepEqual(seen, [{ ...expected, kept: 'close' }])
  })

  test('a redirect is an answer, and is not followed', async () => {
    let visits = 0
    const port = await web((_request, response) => {
      visits += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    const answer = await ask(`http://127.0.0.1:${port}/`)
    assert.equal(answer.outcome === 'answered' && answer.status, 302)
    assert.equal(visits, 1)
  })

  test('Retry-After is heard as seconds and as a date, and is a day at most', async () => {
    const heard: (number | undefined)[] = []
    const date = 'Wed, 01 Jul 2026 12:00:00 GMT'
    for (const says of ['120', 'Wed, 01 Jul 2026 12:02:00 GMT', '99999999', '-5', 'soon', date]) {
      const port = await web((_request, response) => {
        response.writeHead(503, { 'retry-after': says, date }).end()
      })
      const answer = await ask(`http://127.0.0.1:${port}/`)
      heard.push(answer.outcome === 'answered' ? answer.retryAfterSeconds : 0)
    }
    assert.deepEqual(heard, [120, 120, 86_400, undefined, undefined, undefined])
  })
})

suite('guarded request: answers that do not end', () => {
  test('of an endless body 16 KiB are read, and the connection is cut', async () => {
    let cut: Promise<unknown> | undefined
    const port = await web((_request, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(4096, 'a')));
      }
      cut = once(response, 'close')
      response.on('drain', more)
      more()
    })
    const answer = await ask(`http://127.0.0.1:${port}/`)
    assert.ok(answer.outcome === 'answered' && answer.status === 200)
    assert.equal(answer.body, 'a'.repeat(16 * 1024))
    assert.ok(cut)
    await cut
  })

  test('a body that trickles is cut when the time is over, and the status counts', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
    const trickling = await web((_request, response) => {
      response.writeHead(500)
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    })
    const answer = await ask(`http://127.0.0.1:${trickling}/`, { timeoutMilliseconds: 200 })
    assert.equal(answer.outcome === 'answered' && answer.status, 500)
    const empty = await ask(`http://127.0.0.1:${port}/`, { timeoutMilliseconds: 200 })
    assert.equal(empty.outcome === 'answered' && empty.status, 204)
  })

  test('headers that trickle are no answer', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket.write('x-a: b\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    const began = performance.now()
    const answer = await ask(`http://127.0.0.1:${port}/`, { timeoutMilliseconds: 200 })
    assert.deepEqual(answer, { outcome: 'failed', problem: 'No answer within 200 ms.' })
    assert.ok(performance.now() - began < 3_000)
  })

  test('nor are endless headers, silence, a close in the middle, or what is no HTTP', async () => {
    const ways: readonly ((socket: Socket) => void)[] = [
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(20_000)}`),
      () => undefined,
      (socket) => socket.end('HTTP/1.1 200 OK\r\nx-'),
      (socket) => socket.destroy(),
      (socket) => socket.end('220 mail.example ESMTP\r\n'),
    ]
    for (const way of ways) {
      const port = await raw(way)
      const answer = await ask(`http://127.0.0.1:${port}/`, { timeoutMilliseconds: 200 })
      assert.equal(answer.outcome, 'failed')
      assert.match(answer.outcome === 'failed' ? answer.problem : '', /^[^\r\n]+$/)
    }
  })

  test('a body that breaks off changes nothing about the status', async () => {
    const port = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    const answer = await ask(`http://127.0.0.1:${port}/`)
    assert.ok(answer.outcome === 'answered' && answer.status === 200)
    assert.equal(answer.body, 'half')
  })

  test('a port where nobody listens is a failure with a reason', async () => {
    const port = await web(() => undefined)
    await open.pop()?.close()
    for (const addresses of [['127.0.0.1'], ['127.0.0.1', '127.0.0.2']]) {
      const answer = await ask(`http://app.example:${port}/`, { resolve: resolving(addresses) })
      assert.match(answer.outcome === 'failed' ? answer.problem : '', /ECONNREFUSED/)
    }
  })
})

suite('guarded request: where it does not go', () => {
  const nowhere = reachable([])

  const refused: readonly (readonly [url: string, why: RegExp])[] = [
    ['https://127.0.0.1/', /not public/],
    ['https://2130706433/', /not public/],
    ['https://0x7f000001/', /not public/],
    ['https://0177.0.0.1/', /not public/],
    ['https://127.1/', /not public/],
    ['https://127.0.0.1./', /not public/],
    ['https://①②⑦.0.0.1/', /not public/],
    ['https://[::1]/', /not public/],
    ['https://[::]/', /not public/],
    ['https://[::ffff:127.0.0.1]/', /not public/],
    ['https://[64:ff9b::7f00:1]/', /not public/],
    ['https://169.254.169.254/latest/meta-data/', /not public/],
    ['https://0.0.0.0/', /not public/],
    ['http://1.1.1.1/', /allow_private/],
    ['https://user:secret@1.1.1.1/', /user name/],
    ['https://app.example./', /dot/],
    ['https://app.example:25/', /port 25/],
    ['https://app.example:6/', /port 6/],
    ['ftp://app.example/', /https/],
    ['file:///etc/passwd', /https/],
    ['javascript:alert(1)', /https/],
    ['app.example', /no URL/],
    ['https://', /no URL/],
  ]
  for (const [url, why] of refused) {
    test(`${url} is refused before anybody is asked`, async () => {
      const resolve = resolving(['1.1.1.1'])
      const answer = await ask(url, { reachable: nowhere, resolve })
      assert.match(answer.outcome === 'refused' ? answer.problem : '', why)
      assert.ok(!JSON.stringify(answer).includes('secret'))
      assert.deepEqual(resolve.asked, [])
    })
  }

  test('a name of this machine is refused, by what the system says of it', async () => {
    const answer = await ask('https://localhost:4443/', { reachable: nowhere })
    assert.match(
      answer.outcome === 'refused' ? answer.problem : '',
      /^localhost: .*127\.0\.0\.1.* not public/,
    )
  })

  test('a name with only private addresses is refused, and nobody is connected to', async () => {
    let visits = 0
    const port = await web((_request, response) => {
      visits += 1
      response.end()
    })
    const resolve = resolving(['127.0.0.1', '::1', '10.0.0.1'])
    const answer = await ask(`https://app.example:${port}/`, { reachable: nowhere, resolve })
    assert.match(
      answer.outcome === 'refused' ? answer.problem : '',
      /^app\.example: 127\.0\.0\.1, ::1, 10\.0\.0\.1/,
    )
    assert.equal(visits, 0)
  })

  test('of a name with several addresses only the permitted ones are connected to', async () => {
    const visited: string[] = []
    const note = (name: string) => (_request: IncomingMessage, response: { end(): void }) => {
      visited.push(name)
      response.end()
    }
    const port = await web(note('permitted'))
    const forbidden = createHttpServer(note('forbidden')).on('error', () => undefined)
    forbidden.listen(port, '127.0.0.2')
    await once(forbidden, 'listening')
    const resolve = resolving(['127.0.0.2', '::1', '127.0.0.1'])
    const answer = await ask(`http://app.example:${port}/`, { reachable: reachable(['127.0.0.1']), resolve })
    forbidden.close()
    assert.equal(answer.outcome, 'answered')
    assert.deepEqual(visited, ['permitted'])
  })

  test('a name that is bound anew to a private address is refused the second time', async () => {
    let visits = 0
    const port = await web((_request, response) => {
      visits += 1
      response.end()
    })
    // The first answer is one that may be gone to; the second is what the attacker wants us to ask.
    const resolve = resolving(['127.0.0.1'], ['127.0.0.2'])
    const guard = { reachable: reachable(['127.0.0.1']), resolve }
    const first = await ask(`http://app.example:${port}/`, guard)
    const second = await ask(`http://app.example:${port}/`, guard)
    assert.equal(first.outcome, 'answered')
    assert.match(second.outcome === 'refused' ? second.problem : '', /127\.0\.0\.2/)
    assert.deepEqual(resolve.asked, ['app.example', 'app.example'])
    assert.equal(visits, 1)
  })

  test('one request looks a name up once: what is checked is what is connected to', async () => {
    const port = await web((_request, response) => response.end())
    const resolve = resolving(['127.0.0.1'], ['10.0.0.1'])
    const answer = await ask(`http://app.example:${port}/`, { reachable: reachable(['127.0.0.1']), resolve })
    assert.equal(answer.outcome, 'answered')
    assert.deepEqual(resolve.asked, ['app.example'])
  })
})

suite('guarded request: TLS is that of the name', () => {
  const certificate = certificateFor('app.example')

  async function tls(): Promise<{ port: number; names: string[] }> {
    const names: string[] = []
    const secured = createSecureContext(certificate)
    const options = {
      ...certificate,
      SNICallback(name: string, done: (error: Error | null, context: SecureContext) => void) {
        names.push(name)
        done(null, secured)
      },
    }
    const server = createHttpsServer(options, (request, response) => response.end(request.headers.host))
    return { port: await listening(server), names }
  }

  test('the name is asked for and verified, although its address was checked', async () => {
    const { port, names } = await tls()
    const guard = { resolve: resolving(['127.0.0.1']), authorities: certificate.cert }
    const right = await ask(`https://app.example:${port}/`, guard)
    assert.equal(right.outcome === 'answered' && right.body, `app.example:${port}`)
    assert.deepEqual(names, ['app.example'])
    const wrong = await ask(`https://other.example:${port}/`, guard)
    assert.match(wrong.outcome === 'failed' ? wrong.problem : '', /other\.example.*not in the cert/)
  })

  test('a certificate that nobody vouches for is not accepted', async () => {
    const { port } = await tls()
    const answer = await ask(`https://app.example:${port}/`, { resolve: resolving(['127.0.0.1']) })
    assert.match(answer.outcome === 'failed' ? answer.problem : '', /self-signed certificate/)
  })
})
