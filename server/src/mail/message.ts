/** The message that goes out: headers and both forms of the mail, in bytes. */
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Brand } from '../brand.ts'
import { fields, sha256 } from '../kernel/ring.ts'
import { asHtml } from './as-html.ts'
import { asText } from './as-text.ts'
import type { Mail } from './mail.ts'
import type { Mailbox } from './mailbox.ts'

export type Message = {
  readonly messageId: string
  /** The envelope's addresses (RFC 5321 §3.3). */
  readonly from: string
  readonly to: string
  readonly bytes: Buffer
}

export type Envelope = {
  readonly messageId: string
  readonly from: Mailbox
  readonly to: Mailbox
  /** Where answers go, where somebody reads them. */
  readonly replyTo: string | undefined
  /** When that happened which the mail tells of. */
  readonly at: number
}

/**
 * The same for the same delivery, whichever process sends it and however often: a mail program that gets it
 * twice can tell.
 */
export function messageIdOf(publicUrl: string, deliveryId: string): string {
  const { host, hostname } = new URL(publicUrl)
  return `<${sha256(fields(host, deliveryId)).toString('hex').slice(0, 32)}@${hostname}>`
}

/** The same mail is the same bytes: nothing in them comes from chance or the clock. */
export async function composeMessage(mail: Mail, brand: Brand, envelope: Envelope): Promise<Message> {
  const { messageId, from, to, replyTo, at } = envelope
  const composer = new MailComposer({
    from,
    to,
    ...(replyTo !== undefined && { replyTo }),
    subject: mail.subject,
    messageId,
    date: new Date(at),
    headers: {
      'Content-Language': mail.language,
      // RFC 3834 §5: so that no absence assistant answers.
      'Auto-Submitted': 'auto-generated',
    },
    text: asText(mail),
    html: asHtml(mail, brand),
    baseBoundary: sha256(messageId).toString('hex').slice(0, 32),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const bytes = await composer.compile().build()
  return { messageId, from: from.address, to: to.address, bytes }
}
