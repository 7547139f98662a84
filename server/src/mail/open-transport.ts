import { folderTransport } from './folder.ts'
import { smtpTransport } from './smtp.ts'
import type { SmtpSettings } from './smtp-settings.ts'
import type { MailTransport } from './transport.ts'

export type TransportSettings = {
  readonly smtp?: SmtpSettings | undefined
  readonly folder?: string | undefined
}

/** The transport that is configured; `secret` reads what `env:NAME` or `file:PATH` name. */
export function openTransport(
  { smtp, folder }: TransportSettings,
  secret: (reference: string) => string,
): MailTransport {
  if (smtp) return smtpTransport(smtp, secret)
  if (folder !== undefined) return folderTransport(folder)
  throw new Error('No transport of mail is configured.')
}
