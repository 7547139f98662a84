/** What an operator is told where a client is allowed grants that it cannot use. */
import { findDialect } from '../dialects/index.ts'
import type { Client } from '../kernel/records.ts'

const named: ReadonlySet<string> = new Set([
  'redeem_password',
  'redeem_one_time_code',
  'redeem_request_token',
])

/** Why the policy's `direct_grants` come to nothing; `undefined` where they do not, or there are none. */
export function uselessGrants({ id, dialect, type, policy }: Client): string | undefined {
  if (!policy.directGrants?.length) return undefined
  if (type === 'public') return `${id} has no secret, so it gets nothing by direct_grants`
  const hasAny = findDialect(dialect)?.endpoints.some(({ does }) => named.has(does))
  return hasAny ? undefined : `${dialect} has no such grants, so direct_grants of ${id} mean nothing`
}

/** Says so, where that is so. */
export function warnOfUselessGrants(client: Client): void {
  const useless = uselessGrants(client)
  if (useless !== undefined) process.stderr.write(`Warning: ${useless}.\n`)
}
