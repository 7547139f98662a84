/** What each kind of file is imported into: how its rows are checked, put in order and written. */
import type { Mount } from '../http/answer.ts'
import type { World } from '../kernel/kernel.ts'
import type { Organization } from '../kernel/records.ts'
import type { ImportedLegacyToken, ImportedUser } from '../kernel/store.ts'
import type { Values } from './columns.ts'
import type { LegacyTokenOptions, Refused, Warnings } from './legacy-tokens.ts'
import { isOwnSubject, legacyTokenChecker } from './legacy-tokens.ts'
import { checkOrganization, checkUser } from './people.ts'

/** How many came in, and the places of those that did not because of a row that is there. */
export type Written = { readonly cameIn: number; readonly refused: readonly number[] }

export type Target<Imported> = {
  check(values: Values): Imported | Refused
  /** What the table is ordered by, roughly: 32 bits; absent: rows go in as they stand. */
  readonly order?: (record: Imported) => number
  /** Looks at rows that are right, for what the operator should know of them. */
  readonly look?: (records: readonly Imported[]) => Promise<void>
  write(records: readonly Imported[]): Promise<Written>
  /** Why a row was refused that only the store could refuse. */
  readonly taken: string
  readonly warnings: Warnings | undefined
}

export type ImportPlace = {
  readonly world: World
  readonly mounts: readonly Mount[]
  /**
   * How long servers may take to hear of a new kind of digest. Until they have, they would refuse such a
   * token as unknown, and the app would believe it.
   */
  readonly kindsHeardAfterMilliseconds?: number
}

export async function legacyTokenTarget(
  defaults: Pick<LegacyTokenOptions, 'dialect' | 'client' | 'digestKind'>,
  { world, mounts, kindsHeardAfterMilliseconds = 0 }: ImportPlace,
): Promise<Target<ImportedLegacyToken>> {
  const { store } = world
  const { ring, now } = world.moment()
  const clients = await store.listClients()
  const checker = legacyTokenChecker({ ...defaults, ring, now, clients, mounts })
  return {
    check: checker.check,
    order: ({ lookup }) => (lookup as Buffer).readUInt32BE(0),
    async look(records) {
      const users: string[] = []
      const organizations: string[] = []
      for (const { userId, organizationId } of records) {
        if (userId !== '' && !isOwnSubject(userId)) users.push(userId)
        if (organizationId !== '') organizations.push(organizationId)
      }
      const unknown = await store.countUnknown({ users, organizations })
      checker.warnings.userUnknown += unknown.users
      checker.warnings.organizationUnknown += unknown.organizations
    },
    async write(records) {
      // Before their rows: a row of a kind that nobody knows of would not be found.
      const kinds = checker.takeNewKinds()
      for (const kind of kinds) await store.noteLookupKind(kind)
      if (kinds.length > 0) await new Promise((resolve) => setTimeout(resolve, kindsHeardAfterMilliseconds))
      return { cameIn: await store.importLegacyTokens(records), refused: [] }
    },
    taken: '',
    warnings: checker.warnings,
  }
}

export const userTarget = ({ world }: ImportPlace): Target<ImportedUser> => ({
  check: checkUser,
  async write(users) {
    const refused = await world.store.importUsers(users)
    return { cameIn: users.length - refused.length, refused }
  },
  taken: "username: it is another user's",
  warnings: undefined,
})

export const organizationTarget = ({ world }: ImportPlace): Target<Organization> => ({
  check: checkOrganization,
  async write(organizations) {
    await world.store.importOrganizations(organizations)
    return { cameIn: organizations.length, refused: [] }
  },
  taken: '',
  warnings: undefined,
})
