/** Mail by SMTP: a few connections that stay open, each answer of the server turned into what to do next. */
import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'
import { plainAnswer } from './plain.ts'
import type { SmtpSettings } from './smtp-settings.ts'
import { tlsOf } from './smtp-settings.ts'
import type { MailTransport, Sent } from './transport.ts'

const second = 1_000
/** For one mail altogether: whoever claims a delivery for longer never sends beside itself. */
export const sendMillisecondsMax = 60 * second

export function smtpTransport(settings: SmtpSettings, secret: (reference: string) => string): MailTransport {
  const { host, port, username, password, ca } = settings
  const tls = tlsOf(settings)
  const pool = createTransport({
    pool: true,
    maxConnections: 4,
    host,
    port: port ?? { implicit: 465, starttls: 587, none: 25 }[tls],
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(ca !== undefined && { tls: { ca: readFileSync(ca) } }),
    ...(username !== undefined && {
      auth: { user: username, pass: password === undefined ? '' : secret(password).trim() },
    }),
    dnsTimeout: 10 * second,
    connectionTimeout: 10 * second,
    greetingTimeout: 10 * second,
    socketTimeout: 30 * second,
    // Trying again is the outbox's, which remembers; here only what never left is put on another connection.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ from, to, bytes }) {
      try {
        const { response } = await pool.sendMail({
          envelope: { from, to: [to] },
          raw: bytes,
          signal: AbortSignal.timeout(sendMillisecondsMax),
        })
        return { outcome: 'sent', answer: plainAnswer(response) }
      } catch (error) {
        return outcomeOf(error)
      }
    },
    async check() {
      try {
        await pool.verify()
        return undefined
      } catch (error) {
        return outcomeOf(error).problem
      }
    },
    close: () => pool.close(),
  }
}

/** What nodemailer says of an error; any of it may be missing. */
type SmtpError = Error & {
  readonly code?: string
  readonly originalCode?: string
  readonly responseCode?: number
  readonly response?: string
  readonly command?: string
}

function outcomeOf(error: unknown): Extract<Sent, { readonly outcome: 'failed' }> {
  if (!(error instanceof Error)) return failed(String(error))
  // nodemailer's errors carry these members, which its types do not promise.
  const {
    code = '',
    originalCode = '',
    responseCode,
    response = '',
    command = '',
    message,
  } = error as SmtpError
  // Of a failed sign-in nothing is quoted: servers have been seen to say what they were told.
  if (code === 'EAUTH') {
    return troubled(
      `The mail server does not accept our user name and password (${responseCode ?? 'no code'}).`,
    )
  }
  if (code === 'EABORT') return failed('The mail server took too long.')
  if (responseCode === undefined) {
    // An address that nodemailer itself cannot make an envelope of.
    if (code === 'EENVELOPE') return { ...failed(`The address cannot be used: ${message}`), isFinal: true }
    const isTlsTrouble = code === 'ETLS' || /CERT|TLS|SSL|ALTNAME/.test(originalCode)
    return (isTlsTrouble ? troubled : failed)(`The mail server cannot be used: ${message}`)
  }
  const problem = `The mail server answered ${command || 'us'}: ${response}`
  if (responseCode < 500 || responseCode === 503) return failed(problem)
  // RFC 5321 §4.2.1: the same again would be refused again. But a server that does not trust *us* (530, or
  // RFC 3463 §3.8: x.7.x) refuses everybody's mail until the operator has mended it: nobody's is given up.
  const isOurs = command !== 'RCPT TO' && command !== 'DATA'
  if (isOurs || responseCode === 530 || /^5\d\d[ -]5\.7\./.test(response)) return troubled(problem)
  return { ...failed(problem), isFinal: true }
}

const failed = (problem: string) => ({ outcome: 'failed', problem: plainAnswer(problem) }) as const
const troubled = (problem: string) => ({ ...failed(problem), isOperatorTrouble: true })
