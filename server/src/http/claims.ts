/** The claims of RFC 9068 §2.2, read back. */
import type { HearClaims } from '../dialects/dialect.ts'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export const hearStandardClaims: HearClaims = ({ client_id, sub, scope, organization }) => {
  if (typeof client_id !== 'string') return undefined
  return {
    clientId: client_id,
    // RFC 9068 §2.2: a token for the client itself has the client as its subject.
    userId: sub === client_id ? '' : textOf(sub),
    organizationId: textOf(organization),
    scopes: textOf(scope).split(' ').filter(Boolean),
  }
}
