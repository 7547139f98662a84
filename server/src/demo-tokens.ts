/** The legacy tokens of the demo's lists, and the people whose they are. */
import { randomUUID } from 'node:crypto'
import type { SampleList } from './dialects/dialect.ts'
import type { Write } from './kernel/decision.ts'
import type { Moment } from './kernel/kernel.ts'
import { lookupOf } from './kernel/legacy-lookup.ts'
import { currentVersion } from './kernel/ring.ts'
import type { ImportedLegacyToken, Store } from './kernel/store.ts'

export const organizationWrite = (id: string, name: string): Write => ({
  write: 'put_organization',
  organization: {
    id,
    name,
    region: 'us',
    apiDomain: `https://company-${id.slice(0, 8)}.api.example`,
    status: 'enabled',
    allowedAddresses: [],
  },
})

export type MadeToken = {
  readonly token: string
  readonly row: Omit<ImportedLegacyToken, 'lookup' | 'lookupVersion'>
}
export type Owner = {
  readonly dialect: string
  readonly clientId: string
  readonly alice: string
  readonly organization: string
  readonly count: number
}

const day = 86_400_000
/** Where each token has a company of its own, the first few are of Alice's: she has colleagues. */
const ofAlicesCompany = 3

/** Tokens of one list: the first is Alice's, each other of its own user; what they look like is nobody's. */
export const makeTokens = (
  list: SampleList,
  { dialect, clientId, alice, organization, count }: Owner,
  moment: Moment,
): MadeToken[] =>
  Array.from({ length: count }, (_, at) => ({
    token: `demo_${Buffer.from(moment.random(20)).toString('hex')}`,
    row: {
      clientId,
      dialect,
      authorization: undefined,
      userId: at === 0 ? alice : randomUUID(),
      organizationId: organizationOf(list, at, organization),
      kind: list.kind,
      scopes: list.scopes,
      created: moment.now - 365 * day,
      expires: undefined,
      lastUsed: moment.now - day,
      alsoAs: [],
    },
  }))

function organizationOf(list: SampleList, at: number, organization: string): string {
  if (list.organization === 'none') return ''
  return list.organization === 'one' || at < ofAlicesCompany ? organization : randomUUID()
}

export async function writeTokens(
  owner: Owner,
  tokens: readonly MadeToken[],
  store: Store,
  { now, ring }: Moment,
): Promise<void> {
  // One commit for all of a list: fifty flushes would be most of the time that a first start takes.
  const people = tokens.flatMap(({ row }, at) =>
    row.userId === owner.alice ? [] : personWrites(row, at + 1, row.organizationId !== owner.organization),
  )
  if (people.length > 0) await store.commit(people)
  const version = currentVersion(ring, now)
  await store.noteLookupKind({ version: version.version, kind: 'raw' })
  await store.importLegacyTokens(
    tokens.map(({ token, row }) => ({
      ...row,
      lookup: lookupOf(version, 'raw', Buffer.from(token)),
      lookupVersion: version.version,
    })),
  )
}

function personWrites(
  { userId, organizationId, dialect }: MadeToken['row'],
  at: number,
  ofAnother: boolean,
): Write[] {
  const username = `user-${userId.slice(0, 8)}.${dialect}`
  const user = {
    id: userId,
    username,
    email: `${username}@demo.example`,
    name: `Sample user ${at}`,
    passwordHash: undefined,
    status: 'enabled',
    language: undefined,
    lockedUntil: undefined,
    region: undefined,
  } as const
  const organizations = organizationId === '' ? [] : [organizationId]
  return [
    ...(ofAnother && organizationId !== ''
      ? [organizationWrite(organizationId, `Company of ${user.name}`)]
      : []),
    { write: 'put_user', user, organizations },
  ]
}
