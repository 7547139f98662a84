/**
 * What a password, a code by mail and a request token share: each names a user or a company outright, with no
 * consent page and no legacy token before it. Whether that user or company may have a grant, and its birth.
 */
import type { ConnectionExpected, Decision, Write } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { DirectGrant } from '../policy.ts'
import type { Connection } from '../records.ts'
import type { Refusal } from '../refusals.ts'
import type { RingVersion } from '../ring.ts'
import { firstBeyond } from '../scopes.ts'
import type { Store } from '../store.ts'
import type { NamedSubject } from '../subjects.ts'
import { identityOf } from './identity.ts'
import type { Caller, Issued } from './issue.ts'
import { expected, livesElsewhere, sayPair } from './issue.ts'
import { newGrant } from './new-grant.ts'
import { refusalOfStanding } from './standing.ts'

export type DirectInput = {
  readonly caller: Caller
  /** Absent: all that there are to have. */
  readonly scopes: readonly string[] | undefined
  /** Users of the company whom the app means to act for; the access token of this answer names them. */
  readonly proxies: readonly string[]
}

/** Why this client gets nothing by this grant, whoever is named. */
export function refusalOfClient(
  { client, proven, policy }: Caller,
  needed: DirectGrant,
): Refusal | undefined {
  if (client.status === 'disabled') return { reason: 'client_disabled' }
  // Whoever could pass for the client could try names and secrets, and none of the limits would know them.
  const isAllowed = client.type === 'confidential' && proven && policy.directGrants.includes(needed)
  if (!isAllowed) return { reason: 'grant_type_not_allowed' }
  return undefined
}

/** How many of the proxies are users of the company. */
export const countProxies = async (
  store: Store,
  { proxies }: DirectInput,
  subject: NamedSubject | undefined,
): Promise<number> =>
  proxies.length === 0 || !subject?.organization
    ? 0
    : store.countMembers(subject.organization.id, [...new Set(proxies)])

/** Why this user or company gets no grant of this client; said once they are known to be the right one. */
export function refusalOfSubject(
  { caller, proxies }: DirectInput,
  subject: NamedSubject,
  proxiesKnown: number,
): Refusal | undefined {
  const elsewhere = livesElsewhere(caller, subject)
  if (elsewhere) return elsewhere
  if (subject.user?.status === 'disabled') return { reason: 'user_disabled' }
  const refused = refusalOfStanding(subject, caller.policy, caller.actor.address)
  if (refused) return refused
  if (proxiesKnown < new Set(proxies).size) return { reason: 'proxies_unknown', parameter: 'proxies' }
  return undefined
}

type Birth = {
  readonly input: DirectInput
  readonly subject: NamedSubject
  /** Of the scopes that there are to have; more than these is refused. */
  readonly scopesMax: readonly string[]
  readonly authorizedBy: string
  readonly number: number
  readonly locator: Uint8Array
  readonly version: RingVersion
  /** `false`: the user is named by somebody else's word, and an id_token says of no sign-in. */
  readonly hasSignedIn?: boolean
  /** The guard of the commit, which expects the connection as it was seen. */
  guard(connection: ConnectionExpected): Write
}

/** The grant's birth, under a connection that is made, or revived, by the user's own word. */
export function beginDirectGrant(birth: Birth, moment: Moment): Decision<Issued> {
  const { input, subject, scopesMax, authorizedBy, number, locator, version, guard } = birth
  const { caller } = input
  const scopes = input.scopes ?? scopesMax
  const beyond = firstBeyond(scopes, scopesMax)
  if (beyond !== undefined) return refuse({ reason: 'scope_not_allowed', parameter: beyond })
  const userId = subject.user?.id ?? ''
  const organizationId = subject.organization?.id ?? ''
  const actsAs = subject.user ? 'user' : 'organization'
  const about = { userId, organizationId, actsAs, authorizedBy, scopes, resource: [] } as const
  const before = subject.connection
  const revived = before?.status === 'revoked'
  const connection: Connection =
    before && !revived
      ? before
      : {
          number: before?.number ?? moment.number(),
          clientId: caller.client.id,
          userId,
          organizationId,
          scopes,
          since: moment.now,
          origin: 'authorized',
          confirmation: 'not_needed',
          status: 'live',
          epoch: before?.epoch ?? 1,
          liveGrants: [],
          lastUsed: undefined,
        }
  const born = newGrant(
    { caller, connection, isNew: !before, number, locator, version, about, kind: 'grant_created' },
    moment,
  )
  const revive: Write[] = revived ? [{ write: 'allow_connection', connection, seen: before }] : []
  const pair = sayPair(
    {
      caller,
      grant: born.grant,
      connection: born.connection,
      locator,
      version,
      generation: 0,
      refreshExpiresAt: born.grant.refreshUntil,
      asked: undefined,
      subject,
      withAccess: true,
      withRefresh: caller.policy.refreshAllowed,
      repeated: false,
    },
    moment,
  )
  const identity = identityOf(
    {
      caller,
      about: born.grant,
      nonce: undefined,
      authenticatedAt: birth.hasSignedIn === false ? undefined : moment.now,
    },
    moment,
  )
  return granted(
    { ...pair, identity, access: pair.access && { ...pair.access, proxies: input.proxies } },
    guard(expected(born.grant, before)),
    ...revive,
    ...born.followers,
  )
}
