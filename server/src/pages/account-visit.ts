/** What the account's handlers share: a request of somebody who is signed in, and where it leads. */

import type { AppShown } from '../kernel/account-finders.ts'
import type { Account } from '../kernel/operations/account.ts'
import { isAdminOf } from '../kernel/operations/account.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import { reachWhileWaiting } from '../kernel/operations/confirmation.ts'
import { policyOf } from '../kernel/policy.ts'
import type { Milliseconds, Organization } from '../kernel/records.ts'
import type { Frame } from './account-frame.ts'
import type { AccountPath } from './account-paths.ts'
import { sayAccountPath } from './account-paths.ts'
import { formToken } from './cookies.ts'
import { noticePage } from './notice.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'

export type AccountVisit = {
  readonly request: PageRequest
  readonly desk: Desk
  readonly account: Account
  readonly sessionSecret: string
  readonly now: Milliseconds
}

/** What an operation is told of who asks. */
export const askedBy = ({ request, sessionSecret }: AccountVisit) => ({
  sessionSecret,
  address: request.address,
  requestId: request.id,
})

/** On to a page, so that reloading it sends no form again (RFC 9110 §15.4.4). */
export function seeOther(
  { place }: Desk,
  to: AccountPath,
  query: Readonly<Record<string, string | number>> = {},
  noted: PageAnswer['noted'] = {},
): PageAnswer {
  const asked = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)] as [string, string]),
  )
  const location = place.base + sayAccountPath(to) + (asked.size === 0 ? '' : `?${asked}`)
  return { status: 303, location, noted }
}

/** No such page, no such record, or another's: nobody learns which by trying. */
export function nothingHere({ place }: Desk): PageAnswer {
  const { title, text, link } = place.words.account.nothingHere
  const onwards = { path: sayAccountPath({ page: 'apps' }), label: link }
  return {
    status: 404,
    page: noticePage({ place, title, text, isError: true, link: onwards }),
    noted: { reason: 'record_unknown' },
  }
}

/** What stands around every page of the account. */
export const frameOf = (
  { desk, account, sessionSecret }: AccountVisit,
  current: Frame['current'],
): Frame => ({
  place: desk.place,
  current,
  formToken: formToken(sessionSecret),
  userName: account.user.name || account.user.username,
  organizations: account.memberships
    .filter(({ organization }) => isAdminOf(account, organization.id))
    .map(({ organization }) => organization),
})

/** The organization, where the user is its admin: anything else is as good as unknown. */
export const governedBy = (
  { account }: AccountVisit,
  { organizationId }: { readonly organizationId: string },
): Organization | undefined =>
  isAdminOf(account, organizationId)
    ? account.memberships.find(({ organization }) => organization.id === organizationId)?.organization
    : undefined

/** What this app reaches while it waits for confirmation. */
export function reachOf(
  { desk }: AccountVisit,
  { dialect, policy }: Pick<AppShown, 'dialect' | 'policy'>,
): Reach {
  const mounted = desk.services.policies[dialect]
  return mounted ? reachWhileWaiting(policyOf(mounted, { policy })) : 'all'
}
