/**
 * One HTTP request to an address that somebody else chose. The address that a name resolves to is checked in
 * the look-up that the connection itself uses, so what is checked is what is connected to, and a name that
 * resolves anew is checked anew. No redirect is followed, no connection is kept, and neither a slow nor an
 * endless answer holds us up.
 */
import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Resolve } from './name-lookup.ts'
import { lookUpNames } from './name-lookup.ts'
import type { Reachable } from './reachable.ts'

export type GuardedRequest = {
  readonly url: string
  readonly method: 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Guard = {
  readonly reachable: Reachable
  readonly resolve?: Resolve
  /** For connecting, for the headers and for the body, together. */
  readonly timeoutMilliseconds?: number
  /** Certificates of authorities to trust instead of the system's. */
  readonly authorities?: string
}

export type GuardedAnswer =
  | {
      readonly outcome: 'answered'
      readonly status: number
      readonly retryAfterSeconds: number | undefined
      /** Its beginning. */
      readonly body: string
    }
  /** Nobody was asked: the address is not one that we go to. */
  | { readonly outcome: 'refused'; readonly problem: string }
  | { readonly outcome: 'failed'; readonly problem: string }

export type Send = (request: GuardedRequest) => Promise<GuardedAnswer>

const bodyBytesMax = 16 * 1024
const timeoutMillisecondsDefault = 10_000

export const guardedRequest =
  (guard: Guard): Send =>
  async (request) => {
    const target = targetOf(request.url, guard.reachable)
    return 'problem' in target ? { outcome: 'refused', ...target } : exchange(target.url, request, guard)
  }

/** The address, where it is one that could be gone to at all; whether its name may be, the look-up says. */
export function targetOf(
  text: string,
  { permits }: Reachable,
): { readonly url: URL } | { readonly problem: string } {
  if (!URL.canParse(text)) return { problem: 'The address is no URL.' }
  const url = new URL(text)
  const { protocol, port, username, password, hostname } = url
  if (protocol !== 'https:' && protocol !== 'http:') return { problem: 'The address is not https://…' }
  // RFC 3986 §3.2.1: what looks like the host of such an address is not the host.
  if (username !== '' || password !== '') return { problem: 'The address has a user name before its host.' }
  // Below 1024 stand services that speak no HTTP, and some can be talked to with it.
  if (port !== '' && port !== '80' && port !== '443' && Number(port) < 1024)
    return { problem: `The address has port ${port}: only 80, 443 and those from 1024 on are gone to.` }
  // TLS knows no such name, and lists of names are written without the dot.
  if (hostname.endsWith('.')) return { problem: 'The host ends with a dot.' }
  const literal = hostname.replace(/^\[(.*)\]$/, '$1')
  // A literal address is connected to without any look-up, so it is checked here. The URL parser has already
  // turned its odd spellings (decimal, octal, hexadecimal) into the usual one.
  if (isIP(literal) !== 0 && !permits(literal, protocol)) return { problem: refusal([literal], protocol) }
  return { url }
}

const refusal = (addresses: readonly string[], protocol: string): string =>
  protocol === 'http:'
    ? `http:// goes only to addresses in callbacks.allow_private, and ${addresses.join(', ')} is not.`
    : `${addresses.join(', ')} is not public, nor in callbacks.allow_private.`

/** The host is there, and none of its addresses is one that we go to. */
class NotReachable extends Error {
  override readonly name = 'NotReachable'
}

const guardedLookup =
  (resolve: Resolve, { permits }: Reachable, protocol: string, over: AbortSignal): LookupFunction =>
  (name, options, done) => {
    const found: Parameters<Resolve>[1] = (error, addresses) => {
      if (error) return done(error, '')
      // A name with a public and a private address is gone to at the public one, and there alone.
      const permitted = addresses.filter(({ address }) => permits(address, protocol))
      const [first] = permitted
      if (!first) {
        const forbidden = addresses.map(({ address }) => address)
        return done(new NotReachable(`${name}: ${refusal(forbidden, protocol)}`), '')
      }
      if (options.all) return done(null, permitted)
      done(null, first.address, first.family)
    }
    resolve(name, found, over)
  }

const resolveByDefault = lookUpNames()

function exchange(url: URL, request: GuardedRequest, guard: Guard): Promise<GuardedAnswer> {
  const { resolve = resolveByDefault, reachable, timeoutMilliseconds = timeoutMillisecondsDefault } = guard
  const over = new AbortController()
  const options: RequestOptions & { readonly ca?: string } = {
    method: request.method,
    headers: { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) },
    // An agent of its own for this one request: no other's connection is used, so the name is looked up.
    agent: false,
    lookup: guardedLookup(resolve, reachable, url.protocol, over.signal),
    ...(guard.authorities !== undefined && { ca: guard.authorities }),
  }
  return new Promise((settle) => {
    const sending = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options)
    let answer: IncomingMessage | undefined
    let body = ''
    const finish = (result: GuardedAnswer): void => {
      clearTimeout(timer)
      over.abort()
      settle(result)
      sending.destroy()
    }
    const failed = (problem: string): void =>
      // The status was said; that its text did not end, or not in time, changes nothing about that.
      finish(answer ? answered(answer, body) : { outcome: 'failed', problem })
    const timer = setTimeout(() => failed(`No answer within ${timeoutMilliseconds} ms.`), timeoutMilliseconds)
    sending.on('error', (error) => {
      if (error instanceof NotReachable) finish({ outcome: 'refused', problem: error.message })
      // Where each of several addresses failed, the error has no message of its own.
      else failed(oneLine(error.message || ('code' in error ? String(error.code) : error.name)))
    })
    sending.on('close', () => failed('The connection was closed without an answer.'))
    sending.on('response', (incoming) => {
      answer = incoming
      incoming.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1')
        if (body.length >= bodyBytesMax) failed('The answer is too long.')
      })
      incoming.on('end', () => finish(answered(incoming, body)))
      incoming.on('error', () => failed('The answer broke off.'))
    })
    sending.end(request.body)
  })
}

const answered = ({ statusCode, headers }: IncomingMessage, body: string): GuardedAnswer => ({
  outcome: 'answered',
  status: statusCode ?? 0,
  retryAfterSeconds: hearRetryAfter(headers['retry-after'], headers.date),
  body: Buffer.from(body.slice(0, bodyBytesMax), 'latin1').toString(),
})

const retryAfterSecondsMax = 86_400

/** RFC 9110 §10.2.3: seconds, or a date, which is compared with the date that the same machine says. */
function hearRetryAfter(text: string | undefined, date: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,9}$/.test(text.trim())
    ? Number(text)
    : Math.ceil((Date.parse(text) - Date.parse(date ?? '')) / 1000)
  return seconds > 0 ? Math.min(seconds, retryAfterSecondsMax) : undefined
}

/** An error of the network, for the operator: its first line, without what would break theirs. */
const oneLine = (text: string): string =>
  (text.split('\n')[0] ?? '').replaceAll(/\p{Cc}/gu, '?').slice(0, 300)
