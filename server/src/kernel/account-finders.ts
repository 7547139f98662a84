/** What the user's own pages, and an organization's admin, ask the store. */
import type { Client, Connection, Membership, Milliseconds, Organization, Session, User } from './records.ts'
import type { Page } from './store.ts'

/** Of a client, what a page shows and a policy needs. */
export type AppShown = Pick<Client, 'id' | 'name' | 'maker' | 'logo' | 'status' | 'dialect' | 'policy'>

/** A live connection with all that a page says of it. */
export type ConnectedApp = {
  readonly connection: Connection
  readonly client: AppShown
  readonly organization: Organization | undefined
  /** Absent: the app acts for the whole organization. */
  readonly user: Pick<User, 'id' | 'username' | 'name'> | undefined
  /** The newest of: a token of it was renewed, or was seen at introspection. */
  readonly lastUsed: Milliseconds | undefined
}

/** An app as an organization's admin sees it: all its connections there taken together. */
export type OrganizationApp = {
  readonly client: AppShown
  /** One of them is the organization's own, and no person's. */
  readonly isForAll: boolean
  /** How many are live; 0 for an app that is barred. */
  readonly connections: number
  /** How many of them wait for their user to confirm. */
  readonly pending: number
  /** Since when the first of them is there; of a barred app, since when it is barred. */
  readonly since: Milliseconds
  readonly lastUsed: Milliseconds | undefined
  readonly barred: boolean
}

/** Who belongs to an organization, as an operator lists them. */
export type Member = {
  readonly user: Pick<User, 'id' | 'username' | 'name' | 'status'>
  readonly role: Membership['role']
}

/** An app that an organization's admin has taken out, until it is let back in. */
export type BarredClient = {
  readonly clientId: string
  readonly at: Milliseconds
  /** The admin; absent where the operator did it. */
  readonly by: string | undefined
}

export type AccountFinders = {
  /** The organizations of a user, by name. */
  findMemberships(userId: string): Promise<readonly Membership[]>
  /** A user's live connections: those that wait for confirmation first, then by the app's name. */
  listAppsOf(userId: string): Promise<readonly ConnectedApp[]>
  /** Apps with a live connection in the organization, and those that are barred from it; by name. */
  listOrganizationApps(organizationId: string): Promise<readonly OrganizationApp[]>
  /** The live connections of one app in one organization, by number; `after` is the last number seen. */
  listOrganizationConnections(
    organizationId: string,
    clientId: string,
    page: Page,
  ): Promise<readonly ConnectedApp[]>
  /** A live connection by its number, as a page shows it; whose it is to see, the caller decides. */
  findConnectedApp(connection: number): Promise<ConnectedApp | undefined>
  /** A user's sessions, the newest first; some may have expired and not yet gone. */
  listSessions(userId: string): Promise<readonly Session[]>
  isBarred(organizationId: string, clientId: string): Promise<boolean>
  /** Those of a user's organizations that the app is barred from: nor does the user alone connect it. */
  listBarring(userId: string, clientId: string): Promise<readonly Organization[]>
  listBarred(organizationId: string): Promise<readonly BarredClient[]>
  /** Members by user id; `after` is the last id seen. */
  listMembers(organizationId: string, page: Page): Promise<readonly Member[]>
}
