/** What carries messages away: an SMTP server, or a folder. */
import type { Outcome } from '../outbox/sender.ts'
import type { Message } from './message.ts'

export type MailTransport = {
  /** Resolves when the message was taken over, or was not. */
  send(message: Message): Promise<Sent>
  /** What keeps it from sending just now, in one line; absent: nothing. Sends nothing. */
  check(): Promise<string | undefined>
  close(): void
}

/** `isOperatorTrouble`: it is the configuration that is wrong, not this one mail. */
export type Sent = Outcome & { readonly answer?: string; readonly isOperatorTrouble?: boolean }
