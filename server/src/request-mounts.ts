/** At which mounts an app can ask with a request token. */
import type { Mount } from './http/answer.ts'
import type { Policies } from './kernel/operations/make-request-token.ts'

/** Their policies, by the name of the dialect: an app of any other could do nothing with one. */
export const requestPolicies = (mounts: readonly Mount[]): Policies =>
  Object.fromEntries(
    mounts
      .filter(({ dialect }) => dialect.requestToken !== undefined)
      .map(({ dialect, policy }) => [dialect.name, policy]),
  )
