/** How a user is shown by commands. */
import type { User } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'

/** A person without the hash of the password. */
export const shownUser = ({ passwordHash, ...user }: User) => ({
  ...user,
  password: passwordHash !== undefined,
})
export type ShownUser = ReturnType<typeof shownUser>

/** By id, or by the name that they sign in with. */
export const findUser = async (store: Store, id: string): Promise<User | undefined> =>
  (await store.findUser(id)) ?? (await store.findUserByUsername(id))

export const userUnknown = 'There is no such user. See: tokenferry user list'
