/** Says one exchange of a transcript to a server, and tells what differs from its promise. */
import { allow } from './allowing.ts'
import { differences } from './comparison.ts'
import type { TestAnswer, TestDeployment } from './deployment.ts'
import { mailedCodes } from './mailed-codes.ts'
import type { Exchange, Meaning, Request, Variables } from './transcript.ts'
import { fill, requestOf } from './transcript.ts'

export type Conversation = {
  /**
   * Moves the clock, lets the user allow what is to be allowed, reads their mail, and fills the request in.
   */
  prepare(exchange: Exchange): Promise<Request>
  /** Sends it. Nothing is told where the answer is as promised. */
  say(exchange: Exchange, request: Request): Promise<readonly string[]>
  send(request: Omit<Request, 'body'> & { readonly body: Request['body'] | Buffer }): Promise<TestAnswer>
  readonly captured: Variables
}

/** A conversation in a dialect: what one exchange names, the next may use. */
export function conversation(host: TestDeployment, name: string): Conversation {
  const captured: Variables = new Map()
  const section = host.sections[name] ?? { prefix: '' }
  const meaning = (): Meaning => ({ captured, section, now: host.clock.now })
  const codes = mailedCodes(host.config.mail?.folder)
  const send: Conversation['send'] = (request) => host.request(section.prefix, request)
  return {
    captured,
    send,
    async prepare(exchange) {
      host.clock.advance(exchange.advance)
      if (exchange.allow !== undefined) {
        const told = await allow(host, name, fill(exchange.allow, meaning(), 'form'))
        for (const [key, value] of told) captured.set(key, value)
      }
      if (exchange.mail !== undefined) captured.set(exchange.mail, await codes.next())
      return requestOf(exchange, meaning())
    },
    say: async (exchange, request) => differences(exchange, await send(request), meaning()),
  }
}
