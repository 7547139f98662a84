/** How a mail server is reached, as it is configured. */

export type SmtpSettings = {
  readonly host: string
  readonly port?: number | undefined
  /** From the first byte (RFC 8314 §3.3), by STARTTLS (RFC 3207), or not at all; required where named. */
  readonly tls?: 'implicit' | 'starttls' | 'none' | undefined
  /** A file with the certificates of who signed the server's, where it is nobody that systems know. */
  readonly ca?: string | undefined
  readonly username?: string | undefined
  /** `env:NAME` or `file:PATH`. */
  readonly password?: string | undefined
}

const loopback = ['127.0.0.1', '::1', '[::1]', 'localhost']
export const isLoopback = (host: string): boolean => loopback.includes(host)

/** Without a word about it: in the clear to this machine alone, and elsewhere never. */
export const tlsOf = ({ host, port, tls }: Pick<SmtpSettings, 'host' | 'port' | 'tls'>) =>
  tls ?? (port === 465 ? 'implicit' : isLoopback(host) ? 'none' : 'starttls')
