/** How each peer listens, and makes what the load begins with: `GET /bench/code?from=0&count=100`. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A refresh token, a code, an access token. */
export const kinds = ['refresh', 'code', 'access'] as const
export type Kind = (typeof kinds)[number]

const together = 32

export function servePeer(
  listener: RequestListener,
  make: (kind: Kind, at: number) => Promise<string>,
): void {
  async function makeAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1')
    const kind = kinds.find((one) => pathname === `/bench/${one}`) ?? 'access'
    const from = Number(searchParams.get('from'))
    const until = from + Number(searchParams.get('count'))
    const made: string[] = []
    for (let at = from; at < until; at += together) {
      const places = Array.from({ length: Math.min(together, until - at) }, (_, index) => at + index)
      made.push(...(await Promise.all(places.map((place) => make(kind, place)))))
    }
    response.end(JSON.stringify(made))
  }
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/bench/')) {
      makeAll(request, response).catch((error: unknown) => {
        console.error(error)
        response.writeHead(500).end()
      })
    } else listener(request, response)
  })
  server.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`))
  process.once('SIGTERM', () => process.exit(0))
}
