/** What happens below requests: how long a caller may take, and what something that is none is answered. */

import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyInstance } from 'fastify'

/**
 * A caller that sends a byte a minute would hold its connection for ever. The whole request has half a
 * minute, its headers half of that; a connection that says nothing is kept longer than proxies keep theirs,
 * so that none of them sends into one that is just being closed.
 */
export const connectionTimes = {
  requestTimeout: 30_000,
  connectionTimeout: 60_000,
  keepAliveTimeout: 72_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 1_000 },
} as const

/**
 * A connection that had a request in flight as the server was told to stop ends with its answer: kept open
 * for the next one, it would hold up the end.
 */
export function closeAfterAnswers(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.addHook('onSend', (_request, raw, _payload, done) => {
    if (closing) raw.header('connection', 'close')
    done()
  })
}

const closeMilliseconds = 1_000

/** Answers what cannot be read as HTTP: no request came of it, so there is no dialect to say it in. */
export function answerBroken(
  { code }: Pick<ConnectionError, 'code'>,
  socket: Socket,
  note: (fields: object) => void,
): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, says] = brokenAs[code] ?? [400, 'This is not HTTP/1.1 as it can be read.']
  // The code alone: the error has the bytes that were sent with it, and those may be a credential.
  note({ address: socket.remoteAddress, status, reason: code })
  const body = JSON.stringify({ error: 'invalid_request', error_description: says })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Its other side may never end: the answer has this long to arrive.
  setTimeout(() => socket.destroy(), closeMilliseconds).unref()
}

const brokenAs: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
}

const drainBytesMax = 8 * 1024 * 1024
const drainMillisecondsMax = 5_000

/**
 * Reads past the rest of a body that is refused, up to a bound. A connection that is closed while its caller
 * still writes is reset, and the answer is lost with it.
 */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const ends = ['end', 'close', 'error'] as const
    const done = (): void => {
      clearTimeout(late)
      request.off('data', count)
      for (const end of ends) request.off(end, done)
      resolve()
    }
    const count = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > drainBytesMax) done()
    }
    const late = setTimeout(done, drainMillisecondsMax).unref()
    for (const end of ends) request.once(end, done)
    request.on('data', count)
    request.resume()
  })
}

/**
 * Whether nobody waits for the answer any more. What the network has already brought is heard of two turns of
 * the event loop later at the latest.
 */
export async function hasHungUp({ socket }: Pick<IncomingMessage, 'socket'>): Promise<boolean> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return socket.destroyed || socket.readableEnded
}
