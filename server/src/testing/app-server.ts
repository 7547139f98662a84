/** An app's side: a real server that is told things, and answers what the test says. */
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:http'

export type Heard = {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type AppServer = {
  readonly url: string
  /** All that came, in order. */
  readonly heard: readonly Heard[]
  /** What is answered from now on. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void
  close(): Promise<void>
}

export async function appServer(): Promise<AppServer> {
  const heard: Heard[] = []
  let status = 204
  let answered: Readonly<Record<string, string>> = {}
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    heard.push({ method: request.method, path: request.url, headers: request.headers, body })
    response.writeHead(status, answered).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The loopback gave no port.')
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    heard,
    answer(next, headers = {}) {
      status = next
      answered = headers
    },
    async close() {
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
