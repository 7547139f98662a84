import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import { makeId } from './register-client.ts'

export type AddUserInput = {
  /** Without an id, the server makes one. */
  readonly user: Omit<User, 'id' | 'status'> & { readonly id: string | undefined }
  readonly organizations: readonly string[]
  /** Those that they are an admin of, whether or not they are named above. */
  readonly adminOf?: readonly string[]
  readonly actor: Actor
}

type AddFacts = { readonly taken: User | undefined; readonly organizationMissing: string | undefined }

/** Adds somebody who can sign in, or whom legacy tokens name. */
export const addUser: Operation<AddUserInput, AddFacts, User> = {
  async look(store, { user, organizations, adminOf = [] }) {
    const ids = [...organizations, ...adminOf]
    const found = await Promise.all(ids.map((id) => store.findOrganization(id)))
    return {
      taken:
        (await store.findUserByUsername(user.username)) ??
        (user.id === undefined ? undefined : await store.findUser(user.id)),
      organizationMissing: ids.find((_, at) => found[at] === undefined),
    }
  },

  decide({ user: asked, organizations, adminOf = [], actor }, { taken, organizationMissing }, moment) {
    if (taken) return refuse({ reason: 'record_exists', parameter: taken.id })
    if (organizationMissing !== undefined)
      return refuse({ reason: 'record_unknown', parameter: organizationMissing })
    const user: User = { ...asked, id: asked.id ?? makeId(moment), status: 'enabled' }
    return granted(
      user,
      { write: 'put_user', user, organizations },
      ...adminOf.map((organizationId) => membership(user.id, organizationId)),
      event('user_changed', moment.now, actor, { userId: user.id, detail: 'added' }),
    )
  },
}

const membership = (userId: string, organizationId: string): Write => ({
  write: 'put_membership',
  userId,
  organizationId,
  role: 'admin',
})

export type SetPasswordInput = {
  readonly userId: string
  /** Already hashed: hashing is slow on purpose, and chance. */
  readonly passwordHash: string
  readonly actor: Actor
}

/** Gives a user another password, and ends the sessions that somebody may have begun with the old one. */
export const setPassword: Operation<SetPasswordInput, User | undefined, User> = {
  look: async (store, { userId }) => (await store.findUser(userId)) ?? store.findUserByUsername(userId),

  decide({ passwordHash, actor }, found, moment) {
    if (!found) return refuse('record_unknown')
    const user = { ...found, passwordHash }
    return granted(
      user,
      { write: 'put_user', user, organizations: [] },
      { write: 'end_sessions', userId: user.id },
      event('user_changed', moment.now, actor, { userId: user.id, detail: 'password' }),
    )
  },
}
