import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client, User } from '../records.ts'
import type { Store } from '../store.ts'

export type UserBarInput = {
  /** The id, or the user's name. */
  readonly userId: string
  readonly clientId: string
  readonly actor: Actor
}

export type UserBarFacts = {
  readonly user: User | undefined
  readonly client: Client | undefined
  readonly barred: boolean
}

/** Whether a user may use an app. */
export type UserBarred = { readonly userId: string; readonly clientId: string; readonly barred: boolean }

/** Takes an app from one user: what it had of them ends at once, and they cannot connect it again. */
export const barUserForOperator: Operation<UserBarInput, UserBarFacts, UserBarred> = {
  look: lookAtUserBar,

  decide({ actor }, { user, client, barred }, { now }) {
    if (!user || !client) return refuse('record_unknown')
    if (barred) return refuse('nothing_to_change')
    const about = { userId: user.id, clientId: client.id }
    return granted(
      { ...about, barred: true },
      { write: 'bar_user', ...about, at: now, actor },
      event('user_barred', now, actor, about),
    )
  },
}

/** Lets the user have the app again. What it had before stays dead: they connect it anew. */
export const unbarUserForOperator: Operation<UserBarInput, UserBarFacts, UserBarred> = {
  look: lookAtUserBar,

  decide({ actor }, { user, client, barred }, { now }) {
    if (!user || !client) return refuse('record_unknown')
    if (!barred) return refuse('nothing_to_change')
    const about = { userId: user.id, clientId: client.id }
    return granted(
      { ...about, barred: false },
      { write: 'unbar_user', ...about },
      event('user_unbarred', now, actor, about),
    )
  },
}

async function lookAtUserBar(store: Store, { userId, clientId }: UserBarInput): Promise<UserBarFacts> {
  const [byId, client] = await Promise.all([store.findUser(userId), store.findClient(clientId)])
  const user = byId ?? (await store.findUserByUsername(userId))
  // By their own ids: either name in the command may be another one that they are known by.
  return { user, client, barred: user && client ? await store.isUserBarred(user.id, client.id) : false }
}
