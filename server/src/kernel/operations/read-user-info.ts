import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { isBehind } from '../lost-row.ts'
import type { User } from '../records.ts'
import { isAsleep } from './confirmation.ts'
import type { SeenToken } from './introspect-token.ts'
import type { Caller } from './issue.ts'
import type { PresentedFacts, PresentedToken } from './presented-token.ts'
import { isAccessAlive, lookAtToken } from './presented-token.ts'

export type ReadUserInfoInput = PresentedToken & { readonly caller: Caller }

type Facts = {
  readonly presented: PresentedFacts
  /** Whom the token speaks for; absent also where an import named them and described nobody. */
  readonly user: User | undefined
}

/** Who the user is, as far as the scopes reach; what is absent is unknown, or none of the app's business. */
export type UserInfo = {
  readonly userId: string
  readonly name: string | undefined
  readonly username: string | undefined
  readonly email: string | undefined
  /** What was seen, to be noted in a batch: reading never writes. */
  readonly seen: SeenToken
}

/**
 * Says who the user of an access token is (OpenID Connect Core 1.0 §5.3), to whoever bears it. A token that
 * introspection would call not active opens nothing here, either.
 */
export const readUserInfo: Operation<ReadUserInfoInput, Facts, UserInfo> = {
  async look(store, input, ring) {
    const presented = await lookAtToken(store, input, input.caller.client.id, ring)
    const userId = presented.kind === 'access' ? presented.claims.userId : ''
    return { presented, user: userId === '' ? undefined : await store.findUser(userId) }
  },

  decide({ caller }, { presented, user }, { now }) {
    const { client, policy } = caller
    if (presented.kind === 'version_unknown') return refuse('key_version_unknown')
    if (presented.kind !== 'access') return refuse('access_token_invalid')
    const { claims, grant, alone } = presented
    if (claims.expiresAt > now && isBehind(presented.lost)) return refuse('state_behind')
    const isGood = presented.client?.id === client.id && isAccessAlive(presented, now)
    const connection = (grant ?? alone)?.connection
    if (!isGood || client.status === 'disabled' || isAsleep(connection, policy))
      return refuse('access_token_invalid')
    // A company's token may have the scope; but there is nobody in it to tell of.
    const isAllowed = claims.userId !== '' && claims.scopes.includes('openid')
    if (!isAllowed) return refuse({ reason: 'scope_insufficient', accepted: ['openid'] })
    const profile = claims.scopes.includes('profile') ? user : undefined
    return granted<UserInfo>({
      userId: claims.userId,
      name: profile?.name,
      username: profile?.username,
      email: claims.scopes.includes('email') ? user?.email : undefined,
      seen: { connection: connection?.number },
    })
  },
}
