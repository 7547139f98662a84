/** What `tokenferry doctor` says of mail: whether users can be told. */
import type { Config } from '../config.ts'
import { findDialect } from '../dialects/index.ts'
import { policyOf } from '../kernel/policy.ts'
import type { Client } from '../kernel/records.ts'
import { readReference } from '../keys/root-secret.ts'
import { openTransport } from '../mail/open-transport.ts'
import { isLoopback, tlsOf } from '../mail/smtp-settings.ts'
import { toPolicy } from '../policy-fields.ts'
import type { Finding } from './doctor-finding.ts'

const finding = (result: Finding['result'], says: string): Finding => ({ result, about: 'mail', says })

export async function mailFindings({ mail }: Pick<Config, 'mail'>): Promise<readonly Finding[]> {
  if (!mail) {
    return [finding('warn', 'is not configured: users are told of nothing. Set mail: { from: …, smtp: … }')]
  }
  const { smtp, folder } = mail
  const where = smtp ? `the mail server ${smtp.host}` : `the folder ${folder}`
  const problem = await problemWith(mail)
  if (problem !== undefined) {
    return [finding('fail', `${problem} Look at mail in the configuration, and at ${where}`)]
  }
  if (!smtp) return [finding('warn', `is written to ${where}, and sent nowhere`)]
  const tls = tlsOf(smtp)
  if (tls === 'none' && !isLoopback(smtp.host)) {
    return [finding('warn', `goes to ${smtp.host} in the clear. Set mail.smtp.tls: starttls or implicit`)]
  }
  const signedIn = smtp.username === undefined ? '' : ` and knows ${smtp.username}`
  return [
    finding('ok', `${smtp.host} answers${signedIn}. Try one: tokenferry mail test --to you@example.com`),
  ]
}

/** Apps that may have one-time codes sent, which without mail nobody would get. */
export function codeFindings(
  clients: readonly Client[],
  { mail, mounts }: Pick<Config, 'mail' | 'mounts'>,
): readonly Finding[] {
  if (mail) return []
  const mayUse = (client: Client): boolean =>
    mounts.some(({ dialect, policy }) => {
      const found = dialect === client.dialect ? findDialect(dialect) : undefined
      if (!found?.endpoints.some(({ does }) => does === 'send_one_time_code')) return false
      return policyOf({ ...found.policy, ...toPolicy(policy) }, client).directGrants.includes('otp')
    })
  return clients
    .filter(mayUse)
    .map(({ id }) => finding('warn', `is not configured, so ${id}, which may use otp, can have no code sent`))
}

/** Whatever is in the way of sending, in one sentence. */
async function problemWith(mail: NonNullable<Config['mail']>): Promise<string | undefined> {
  try {
    const transport = openTransport(mail, (reference) => readReference(reference).trim())
    const problem = await transport.check()
    transport.close()
    return problem === undefined ? undefined : sentence(problem)
  } catch (error) {
    return sentence(error instanceof Error ? error.message : String(error))
  }
}

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`)
