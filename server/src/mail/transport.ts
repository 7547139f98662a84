/** What carries messages away: an SMTP server, or a folder. */
import type { Outcome } from '../outbox/sender.ts'
import type { Message } from './message.ts'

export type MailTransport = {
  /** Resolves when the message was taken over, or was not. */
  send(message: Message): Promise<Sent>
  /** Whether it would send just now; throws what is in the way. */
  check(): Promise<void>
  close(): void
}

/** `isOperatorTrouble`: it is the configuration that is wrong, not this one mail. */
export type Sent = Outcome & { readonly answer?: string; readonly isOperatorTrouble?: boolean }
