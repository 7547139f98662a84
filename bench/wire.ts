/**
 * One keep-alive connection with one request in flight. Written over `node:net`, because it has to cost less
 * than what it measures, and has to read tokens out of the answers.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A form to send, and what to do with the answer. */
export type Turn = { readonly form: string; readonly heard?: (body: string) => void }

export type Wire = {
  ask(turn: Turn, answered: () => void): void
  end(): void
}

export function openWire(port: number, path: string, fail: (error: Error) => void): Promise<Wire> {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: '
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let asked: { readonly turn: Turn; readonly answered: () => void } | undefined
    let ended = false
    let pending = ''
    socket.on('connect', () =>
      resolve({
        ask(turn, answered) {
          asked = { turn, answered }
          socket.write(`${head}${turn.form.length}\r\n\r\n${turn.form}`, 'latin1')
        },
        end() {
          ended = true
          socket.destroy()
        },
      }),
    )
    socket.on('error', fail)
    socket.on('close', () => {
      if (!ended) fail(new Error('The server closed a connection.'))
    })
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      const body = bodyIn(pending)
      if (body === undefined || !asked) return
      const status = pending.slice(9, 12)
      pending = ''
      if (status !== '200') {
        fail(new Error(`An answer was ${status}: ${body}`))
        return
      }
      const { turn, answered } = asked
      turn.heard?.(body)
      answered()
    })
  })
}

/** The body of a whole answer; `undefined` while some of it is still to come. */
function bodyIn(answer: string): string | undefined {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer)?.[1]
  const body = answer.slice(end + 4)
  if (length !== undefined) return body.length >= Number(length) ? body : undefined
  // In chunks (RFC 9112 §7.1): what is read of it stands in one, so its size before it does no harm.
  return body.endsWith('\r\n0\r\n\r\n') ? body : undefined
}

/** A member of a JSON answer, read without parsing all of it. */
export function textIn(body: string, member: string): string {
  const from = body.indexOf(`"${member}":"`)
  if (from < 0) throw new Error(`The answer has no ${member}: ${body}`)
  const start = from + member.length + 4
  return body.slice(start, body.indexOf('"', start))
}
