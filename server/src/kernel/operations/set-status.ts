import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Organization, User } from '../records.ts'

export type SetStatusInput = {
  readonly record: 'users' | 'organizations'
  /** The id, or a user's name. */
  readonly id: string
  readonly status: User['status']
  readonly actor: Actor
}

type Facts = Pick<User | Organization, 'id' | 'status'> | undefined

/**
 * Disables a user or an organization, and with it every grant that names it; or enables it again. A user who
 * is disabled is signed out everywhere.
 */
export const setStatus: Operation<SetStatusInput, Facts, { readonly id: string }> = {
  look: async (store, { record, id }) =>
    record === 'organizations'
      ? store.findOrganization(id)
      : ((await store.findUser(id)) ?? store.findUserByUsername(id)),

  decide({ record, status, actor }, found, moment) {
    if (!found) return refuse('record_unknown')
    if (found.status === status) return refuse('nothing_to_change')
    const told =
      record === 'users'
        ? event('user_changed', moment.now, actor, { userId: found.id, detail: status })
        : event('organization_changed', moment.now, actor, { organizationId: found.id, detail: status })
    // A session that only slept would be signed in again once the user is enabled.
    const ends: Write[] =
      record === 'users' && status === 'disabled' ? [{ write: 'end_sessions', userId: found.id }] : []
    return granted({ id: found.id }, { write: 'set_status', record, id: found.id, status }, ...ends, told)
  },
}
