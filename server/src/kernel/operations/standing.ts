/** What keeps somebody whom a user, or an app, has chosen from being acted for. */
import { isWithin } from '../addresses.ts'
import type { Policy } from '../policy.ts'
import type { Refusal } from '../refusals.ts'
import type { Standing } from '../subjects.ts'
import { barredReason } from './issue.ts'

/** Why nobody connects the app here: the organization is over, has it not, or not from this address. */
export function refusalOfStanding(
  { organization, barred, enabled }: Pick<Standing, 'organization' | 'barred' | 'enabled'>,
  policy: Policy,
  address: string | undefined,
): Refusal | undefined {
  if (organization?.status === 'disabled') return { reason: 'organization_disabled' }
  const reason = barredReason(barred)
  if (reason) return { reason }
  if (policy.organizations === 'enabled' && !enabled) return { reason: 'client_not_enabled' }
  const allowed = organization?.allowedAddresses ?? []
  if (allowed.length > 0 && !isWithin(address ?? '', allowed)) return { reason: 'address_not_allowed' }
  return undefined
}
