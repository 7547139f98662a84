import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Session } from '../records.ts'
import { equal } from '../ring.ts'
import type { Account, AccountInput } from './account.ts'
import { isSignedIn, lookAtAccount } from './account.ts'

export type EndOtherSessionInput = Pick<AccountInput, 'sessionSecret'> & {
  /** The hash of one of the user's sessions, or all but the one that asks. */
  readonly which: Uint8Array | 'others'
}

type Facts = { readonly account: Account | undefined; readonly sessions: readonly Session[] }

export type SessionsEnded = {
  readonly count: number
  /** The browser that asks has signed itself out. */
  readonly isOwn: boolean
}

/** Signs the user out elsewhere: at one browser, or at all but this one. */
export const endOtherSession: Operation<EndOtherSessionInput, Facts, SessionsEnded> = {
  async look(store, input) {
    const account = await lookAtAccount(store, input)
    return { account, sessions: account ? await store.listSessions(account.user.id) : [] }
  },

  decide({ which }, { account, sessions }, { now }) {
    if (!isSignedIn(account, now)) return refuse('signed_out')
    const own = account.session.hash
    if (which === 'others') {
      const count = sessions.filter(({ hash }) => !equal(hash, own)).length
      if (count === 0) return refuse('nothing_to_change')
      const ended = { write: 'end_other_sessions', userId: account.user.id, hash: own } as const
      return granted<SessionsEnded>({ count, isOwn: false }, ended)
    }
    if (!sessions.some(({ hash }) => equal(hash, which))) return refuse('record_unknown')
    return granted<SessionsEnded>(
      { count: 1, isOwn: equal(which, own) },
      { write: 'end_session', hash: which },
    )
  },
}
