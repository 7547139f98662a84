/**
 * The load: keep-alive connections, each with one request in flight, every request its own. Written over
 * `node:net`, because it has to cost less than what it measures, and has to read tokens out of the
 * answers.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A form to send, and what to do with the answer. */
export type Turn = { readonly form: string; readonly heard?: (body: string) => void }

export type LoadOptions = {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** The connection's next request; `undefined`: nothing is left to ask. */
  next(connection: number): Turn | undefined
  /** Seconds of the processor that the server has used. */
  processorSeconds(): number
}

export type Measured = {
  readonly requestsPerSecond: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  readonly requests: number
  /** What one answer cost the server: steadier than its rate, where others use the machine too. */
  readonly processorMicroseconds: number
}

/**
 * Asks for some seconds, and says how it went. An answer other than 200 ends the run: its numbers would
 * mean nothing.
 */
export async function load(options: LoadOptions): Promise<Measured> {
  const latencies: number[] = []
  const begun = performance.now()
  const measureFrom = begun + options.warmUpSeconds * 1000
  const until = measureFrom + options.seconds * 1000
  let last = measureFrom
  let usedBefore: number | undefined
  const connections = Array.from({ length: options.connections }, (_, at) =>
    converse(options, at, until, (sent, heard) => {
      if (sent < measureFrom) return
      usedBefore ??= options.processorSeconds()
      latencies.push(heard - sent)
      last = heard
    }),
  )
  await Promise.all(connections)
  const used = options.processorSeconds() - (usedBefore ?? 0)
  if (latencies.length === 0) throw new Error('Nothing was left to ask after the warm-up.')
  latencies.sort((one, other) => one - other)
  const rank = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0
  return {
    requestsPerSecond: latencies.length / ((last - measureFrom) / 1000),
    p50Milliseconds: rank(0.5),
    p99Milliseconds: rank(0.99),
    requests: latencies.length,
    processorMicroseconds: (used / latencies.length) * 1_000_000,
  }
}

/** One connection's life: ask, hear, ask again. */
function converse(
  { port, path, next }: LoadOptions,
  connection: number,
  until: number,
  note: (sent: number, heard: number) => void,
): Promise<void> {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: '
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let turn: Turn | undefined
    let sent = 0
    let pending = ''
    const ask = (): void => {
      sent = performance.now()
      turn = sent < until ? next(connection) : undefined
      if (!turn) {
        socket.end()
        resolve()
        return
      }
      socket.write(`${head}${turn.form.length}\r\n\r\n${turn.form}`, 'latin1')
    }
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed a connection.')))
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      const body = bodyIn(pending)
      if (body === undefined) return
      note(sent, performance.now())
      const status = pending.slice(9, 12)
      pending = ''
      if (status !== '200') {
        socket.destroy()
        reject(new Error(`An answer was ${status}: ${body}`))
        return
      }
      turn?.heard?.(body)
      ask()
    })
  })
}

/** The body of a whole answer; `undefined` while some of it is still to come. */
function bodyIn(answer: string): string | undefined {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer)?.[1]
  if (length === undefined) throw new Error('An answer without a content length.')
  const body = answer.slice(end + 4)
  return body.length >= Number(length) ? body : undefined
}

/** A member of a JSON answer, read without parsing all of it. */
export function textIn(body: string, member: string): string {
  const from = body.indexOf(`"${member}":"`)
  if (from < 0) throw new Error(`The answer has no ${member}: ${body}`)
  const start = from + member.length + 4
  return body.slice(start, body.indexOf('"', start))
}
