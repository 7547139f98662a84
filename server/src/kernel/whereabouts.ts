/** Where users and organizations live, and from where they may be asked for: what the operator looks for. */
import type { Organization } from './records.ts'
import type { Page } from './store.ts'

export type RegionCount = {
  readonly record: 'users' | 'organizations'
  readonly region: string
  readonly count: number
  readonly firstId: string
}

export type WhereaboutsFinders = {
  /** How many of each live in each region that is named, and the first of them by id. */
  countByRegion(): Promise<readonly RegionCount[]>
  /** Organizations that may be asked for from some addresses alone, by id. */
  listLimitedOrganizations(page: Page): Promise<readonly Pick<Organization, 'id' | 'allowedAddresses'>[]>
}
