/** Somebody, or some company, that a request names outright, and how they stand to the app that asks. */
import type { Connection, Organization, User } from './records.ts'

/** What decisions and answers need of a user. */
export type JoinedUser = Pick<User, 'id' | 'status' | 'name' | 'username' | 'region'>

/**
 * `user`: the operator lets this user not use the app. `organization`: an admin of it, else of one of the
 * user's, has taken the app out.
 */
export type BarredBy = 'user' | 'organization' | undefined

export type NamedSubject = {
  /** Absent: the company itself is named. */
  readonly user: User | undefined
  /** A user's company: of several organizations, the first by id. */
  readonly organization: Organization | undefined
  /** Of the asking client with just these two. */
  readonly connection: Connection | undefined
  readonly barred: BarredBy
  /** Whether the organization has let the client in, which matters where policy asks for that. */
  readonly enabled: boolean
}

/** How somebody stands to a client, apart from who they are. */
export type Standing = Omit<NamedSubject, 'user'>

/** Whom a user lets an app act for. */
export type ActsFor = 'user' | 'user in an organization' | 'organization'

export type SubjectFinders = {
  /** One at most, but for an address: two of the users who have it tell that it is not one user's alone. */
  findUserSubjects(
    clientId: string,
    by: 'id' | 'username' | 'email',
    value: string,
  ): Promise<readonly NamedSubject[]>
  findOrganizationSubject(clientId: string, organizationId: string): Promise<NamedSubject | undefined>
  /**
   * For whom a signed-in user may let the client act: as themselves alone, in each of their organizations, or
   * for each of these whole; organizations by name.
   */
  listStandings(clientId: string, userId: string, as: ActsFor): Promise<readonly Standing[]>
  /** How many of these users belong to the organization. */
  countMembers(organizationId: string, userIds: readonly string[]): Promise<number>
}
