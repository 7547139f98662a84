/** What each kind of file is imported into: how its rows are checked, put in order and written. */
import type { Mount } from '../http/answer.ts'
import type { World } from '../kernel/kernel.ts'
import type { Organization } from '../kernel/records.ts'
import type { ImportedLegacyToken, ImportedUser } from '../kernel/store.ts'
import type { Values } from './columns.ts'
import type { LegacyTokenOptions, Refused } from './legacy-tokens.ts'
import { isOwnSubject, legacyTokenChecker } from './legacy-tokens.ts'
import { checkOrganization, checkUser } from './people.ts'
import type { Counted, Warnings } from './warnings.ts'
import { warn } from './warnings.ts'

/** How many came in, and the places of those that did not because of a row that is there. */
export type Written = { readonly cameIn: number; readonly refused: readonly number[] }

/** A row that is right, and where it stands in the file. */
export type Waiting<Imported> = { readonly line: number; readonly record: Imported }

export type Target<Imported> = {
  check(values: Values, line: number): Imported | Refused
  /** What the table is ordered by, roughly: 32 bits; absent: rows go in as they stand. */
  readonly order?: (record: Imported) => number
  /** Looks at rows that are right, for what the operator should know of them. */
  readonly look?: (rows: readonly Waiting<Imported>[]) => Promise<void>
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

type Named = { readonly id: string; readonly line: number }

export async function legacyTokenTarget(
  defaults: Pick<LegacyTokenOptions, 'dialect' | 'client' | 'digestKind'>,
  { world, mounts, kindsHeardAfterMilliseconds = 0 }: ImportPlace,
): Promise<Target<ImportedLegacyToken>> {
  const { store } = world
  const { ring, now } = world.moment()
  const clients = await store.listClients()
  const checker = legacyTokenChecker({ ...defaults, ring, now, clients, mounts })
  const { warnings } = checker

  /** The store only counts: the first is found by halves, among those before the one that is known. */
  async function noteUnknown(
    of: Counted,
    named: readonly Named[],
    count: (ids: readonly string[]) => Promise<number>,
  ): Promise<void> {
    const countOf = (some: readonly Named[]) => count(some.map(({ id }) => id))
    const times = await countOf(named)
    if (times === 0) return
    const known = warnings.firstLines.get(of) ?? Number.POSITIVE_INFINITY
    let among = named.filter(({ line }) => line < known).sort((one, other) => one.line - other.line)
    if (known < Number.POSITIVE_INFINITY && (await countOf(among)) === 0) among = []
    while (among.length > 1) {
      const half = among.slice(0, among.length / 2)
      among = (await countOf(half)) > 0 ? half : among.slice(half.length)
    }
    warn(warnings, of, among[0]?.line ?? known, times)
  }

  return {
    check: checker.check,
    order: ({ lookup }) => (lookup as Buffer).readUInt32BE(0),
    async look(rows) {
      const users: Named[] = []
      const organizations: Named[] = []
      for (const { line, record } of rows) {
        const { userId, organizationId } = record
        if (userId !== '' && !isOwnSubject(userId)) users.push({ id: userId, line })
        if (organizationId !== '') organizations.push({ id: organizationId, line })
      }
      const none: readonly string[] = []
      await noteUnknown('userUnknown', users, async (ids) => {
        return (await store.countUnknown({ users: ids, organizations: none })).users
      })
      await noteUnknown('organizationUnknown', organizations, async (ids) => {
        return (await store.countUnknown({ users: none, organizations: ids })).organizations
      })
    },
    async write(records) {
      // Before their rows: a row of a kind that nobody knows of would not be found.
      const kinds = checker.takeNewKinds()
      for (const kind of kinds) await store.noteLookupKind(kind)
      if (kinds.length > 0) await new Promise((resolve) => setTimeout(resolve, kindsHeardAfterMilliseconds))
      return { cameIn: await store.importLegacyTokens(records), refused: [] }
    },
    taken: '',
    warnings,
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
