import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { User } from '../records.ts'

export type ChangeUserInput = {
  /** The id, or the user's name. */
  readonly userId: string
  /** A field that is there and `undefined` is taken away. */
  readonly change: { readonly [Field in 'email' | 'name' | 'language' | 'region']?: User[Field] }
  readonly actor: Actor
}

/** Changes what is known of a user, and says in the event which fields. */
export const changeUser: Operation<ChangeUserInput, User | undefined, User> = {
  look: async (store, { userId }) => (await store.findUser(userId)) ?? store.findUserByUsername(userId),

  decide({ change, actor }, found, moment) {
    if (!found) return refuse('record_unknown')
    const changed: User = { ...found, ...change }
    const fields = changeable.filter((field) => changed[field] !== found[field])
    if (fields.length === 0) return refuse('nothing_to_change')
    return granted(
      changed,
      { write: 'change_user', user: changed, seen: found },
      event('user_changed', moment.now, actor, { userId: found.id, detail: fields.join(' ') }),
    )
  },
}

const changeable = ['email', 'name', 'language', 'region'] as const
