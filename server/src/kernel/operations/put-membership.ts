import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Membership, Organization, User } from '../records.ts'
import type { Store } from '../store.ts'

type Who = {
  readonly organizationId: string
  /** The id, or the user's name. */
  readonly userId: string
  readonly actor: Actor
}

export type PutMembershipInput = Who & { readonly role: Membership['role'] }

type Facts = {
  readonly organization: Organization | undefined
  readonly user: User | undefined
  /** What they are there already. */
  readonly role: Membership['role'] | undefined
}

export type Member = {
  readonly organization: string
  readonly user: string
  readonly role: Membership['role'] | 'none'
}

/** Makes a user a member of an organization, or a member its admin, or an admin an ordinary member. */
export const putMembership: Operation<PutMembershipInput, Facts, Member> = {
  look: lookAtMembership,

  decide({ role, actor }, { organization, user, role: before }, { now }) {
    if (!organization) return refuse({ reason: 'record_unknown', parameter: 'organization' })
    if (!user) return refuse({ reason: 'record_unknown', parameter: 'user' })
    if (before === role) return refuse('nothing_to_change')
    const about = { userId: user.id, organizationId: organization.id }
    return granted<Member>(
      { organization: organization.id, user: user.id, role },
      { write: 'put_membership', ...about, role },
      event('user_changed', now, actor, { ...about, detail: role }),
    )
  },
}

/** Takes a user out of an organization. What they allowed apps there stays until somebody uninstalls it. */
export const removeMembership: Operation<Who, Facts, Member> = {
  look: lookAtMembership,

  decide({ actor }, { organization, user, role }, { now }) {
    if (!organization) return refuse({ reason: 'record_unknown', parameter: 'organization' })
    if (!user) return refuse({ reason: 'record_unknown', parameter: 'user' })
    if (role === undefined) return refuse('nothing_to_change')
    const about = { userId: user.id, organizationId: organization.id }
    return granted<Member>(
      { organization: organization.id, user: user.id, role: 'none' },
      { write: 'remove_membership', ...about },
      event('user_changed', now, actor, { ...about, detail: 'no member' }),
    )
  },
}

async function lookAtMembership(store: Store, { organizationId, userId }: Who): Promise<Facts> {
  const organization = await store.findOrganization(organizationId)
  const user = (await store.findUser(userId)) ?? (await store.findUserByUsername(userId))
  const memberships = user ? await store.findMemberships(user.id) : []
  const role = memberships.find((membership) => membership.organization.id === organizationId)?.role
  return { organization, user, role }
}
