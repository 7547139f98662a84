/**
 * What the operations of a user's own pages share: who is signed in at this browser, and what is theirs to
 * govern.
 */
import type { Actor } from '../decision.ts'
import type { Connection, Membership, Milliseconds, Session, User } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { Store } from '../store.ts'

export type AccountInput = {
  /** What the browser's session cookie holds. */
  readonly sessionSecret: string | undefined
  /** From where, and in which request, for the event. */
  readonly address: string | undefined
  readonly requestId: string | undefined
}

/** Somebody with a session; whether it is still good, the decision says. */
export type Account = {
  readonly user: User
  readonly session: Session
  readonly memberships: readonly Membership[]
}

export async function lookAtAccount(
  store: Store,
  { sessionSecret }: Pick<AccountInput, 'sessionSecret'>,
): Promise<Account | undefined> {
  const found = sessionSecret === undefined ? undefined : await store.findSession(sha256(sessionSecret))
  if (!found) return undefined
  return { ...found, memberships: await store.findMemberships(found.user.id) }
}

/** A connection of the user's, or of an organization of which they are an admin. */
export type GovernedInput = AccountInput & { readonly connection: number }

export type GovernedFacts = {
  readonly account: Account | undefined
  readonly connection: Connection | undefined
}

export async function lookAtGoverned(store: Store, input: GovernedInput): Promise<GovernedFacts> {
  const account = await lookAtAccount(store, input)
  return { account, connection: account && (await store.findConnectionByNumber(input.connection)) }
}

/** Whether somebody is signed in now. */
export const isSignedIn = (account: Account | undefined, now: Milliseconds): account is Account =>
  account !== undefined && account.user.status === 'enabled' && account.session.expires > now

export const actorOf = ({ user }: Account, { address, requestId }: AccountInput): Actor => ({
  actor: `user:${user.id}`,
  address,
  requestId,
})

export const isAdminOf = ({ memberships }: Account, organizationId: string): boolean =>
  memberships.some(({ organization, role }) => organization.id === organizationId && role === 'admin')

/** A connection of their own, or any connection of an organization of which they are an admin. */
export const governs = (
  account: Account,
  { userId, organizationId }: Pick<Connection, 'userId' | 'organizationId'>,
): boolean => userId === account.user.id || (organizationId !== '' && isAdminOf(account, organizationId))
