/** What only a real connection shows: callers that stop, that are slow, that send too much or no HTTP. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

suite('http: connections', () => {
  let host: TestDeployment
  let port: number
  before(async () => {
    host = await testDeployment({ mounts: ['standard'] })
    await host.app.listen({ host: '127.0.0.1', port: 0 })
    const address = host.app.server.address()
    assert.ok(address !== null && typeof address === 'object')
    port = address.port
  })
  after(() => host.close())

  const post = (path: string, length: number, more = ''): string =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
    `content-length: ${length}\r\n${more}\r\n`

  async function open(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }

  /** All that comes back until the connection ends; a reset fails. */
  async function said(socket: Socket): Promise<string> {
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }

  function assertRefused(text: string, status: number): void {
    const [head = '', body = ''] = text.split('\r\n\r\n')
    assert.ok(head.startsWith(`HTTP/1.1 ${status} `), text)
    assert.match(head, /cache-control: no-store/i)
    assert.deepEqual(Object.keys(JSON.parse(body)), ['error', 'error_description'])
  }

  /** Looks again until the log has something new: another connection's end has no clock of ours. */
  async function lineAfter(count: number): Promise<string> {
    while (host.logs.length === count) await new Promise((resolve) => setTimeout(resolve, 5))
    return host.logs.slice(count).join('')
  }

  for (const path of ['/oauth2/token', '/sign-in']) {
    test(`a caller of ${path} who goes away is told of in one line, without a stack`, async () => {
      const count = host.logs.length
      const socket = await open()
      socket.write(`${post(path, 1000)}grant_type=`)
      await once(host.app.server, 'request')
      socket.destroy()
      const line = await lineAfter(count)
      assert.match(line, /"level":30.*"reason":"aborted"/)
      assert.doesNotMatch(line, /stack/)
    })

    test(`a body far over the limit is refused at ${path}, and its sender hears it`, async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        const socket = await open()
        const length = 5_000_000
        socket.write(post(path, length))
        socket.write(Buffer.alloc(length, 'a'))
        await once(socket, 'drain')
        assert.match(await said(socket), /^HTTP\/1\.1 413 /)
      }
    })
  }

  test('what is no HTTP is refused in JSON, with the right status', async () => {
    const broken: readonly (readonly [string, number])[] = [
      ['GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
      ['POST /oauth2/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: nonsense\r\n\r\n', 400],
      ['nonsense\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ]
    for (const [sent, status] of broken) {
      const socket = await open()
      socket.write(sent)
      assertRefused(await said(socket), status)
    }
  })

  test('a body that does not arrive is refused, and a connection between requests is kept', async () => {
    const { server } = host.app
    const { requestTimeout, headersTimeout } = server
    assert.ok(requestTimeout > 0 && requestTimeout <= 60_000)
    Object.assign(server, { requestTimeout: 400, headersTimeout: 200 })
    const patient = await open()
    patient.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(patient, 'data')
    const slow = await open()
    slow.write(`${post('/oauth2/token', 1000)}grant_type=`)
    assertRefused(await said(slow), 408)
    // Meanwhile this one has been silent for longer than any request may take.
    patient.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    assert.match(await said(patient), /^HTTP\/1\.1 200 /)
    Object.assign(server, { requestTimeout, headersTimeout })
  })

  test('a request in flight as the server is told to stop is answered, and its connection does not stay', async () => {
    const other = await testDeployment({ mounts: ['standard'] })
    await other.app.listen({ host: '127.0.0.1', port: 0 })
    const address = other.app.server.address()
    assert.ok(address !== null && typeof address === 'object')
    const socket = connect(address.port, '127.0.0.1')
    socket.write(post('/oauth2/token', 10))
    await once(other.app.server, 'request')
    const closed = other.app.close()
    socket.write('grant_type')
    assert.match(await said(socket), /^HTTP\/1.1 400 [\s\S]*connection: close/i)
    await closed
    await other.close()
  })
})
