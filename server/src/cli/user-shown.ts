/** How a user is shown by commands. */
import type { User } from '../kernel/records.ts'

/** A person without the hash of the password. */
export const shownUser = ({ passwordHash, ...user }: User) => ({
  ...user,
  password: passwordHash !== undefined,
})
export type ShownUser = ReturnType<typeof shownUser>

export const userUnknown = 'There is no such user. See: tokenferry user list'
