/** The statements of what signing in changes of a user, and of the failures that are counted by name. */
import type { SignInFinders, SignInWrite } from '../kernel/sign-in.ts'
import { failuresWindow, signInLimits } from '../kernel/sign-in.ts'
import type { Database, Statement } from './database.ts'
import { number, numberOrNone } from './rows.ts'
import type { Statements } from './statement-parts.ts'
import { none, places, userColumns, userValues } from './statement-parts.ts'

const failedKey = (name: string): string => `sign_in_failed:${name}`

/** The `window` of such a row is the moment until which the lock holds. */
export const lockedKey = (name: string): string => `sign_in_locked:${name}`

/** Of the name whose `lockedKey` stands at the first place, at the moment that stands at the second. */
export const isNameLocked = (key: number, at: number): string =>
  `exists (select 1 from counters where key = $${key} and "window" > $${at})`

/** Commits count one after the other, so exactly one of them finds this number. */
const isOneTooMany = '(select count from counters where key = $1 and "window" = $2) = $3'

export const signInStatements: Statements<SignInWrite['write']> = {
  add_user: ({ user }) => [
    {
      sql: `insert into users (${userColumns.join(', ')}) select ${places(userColumns.length)}
        where not exists (select 1 from users where username = $2) on conflict do nothing returning 1`,
      values: userValues(user),
    },
  ],
  note_failed_sign_in({ name, userId, at, actor: { actor, address, requestId } }) {
    const counted = [failedKey(name), failuresWindow(at), signInLimits.failuresMax]
    const until = at + signInLimits.lockMilliseconds
    const count: Statement = {
      sql: `insert into counters (key, "window", count) values ($1, $2, 1)
        on conflict (key, "window") do update set count = counters.count + 1 returning 1`,
      values: counted.slice(0, 2),
    }
    const lockName: Statement = {
      sql: `insert into counters (key, "window", count) select $4, $5, 1 where ${isOneTooMany}
        on conflict do nothing`,
      values: [...counted, lockedKey(name), until],
    }
    if (userId === undefined) return [count, lockName]
    const lockUser: Statement = {
      sql: `update users set locked_until = $5 where id = $4 and ${isOneTooMany}`,
      values: [...counted, userId, until],
    }
    const tell: Statement = {
      sql: `insert into events (at, kind, actor, address, request_id, user_id)
        select $4, 'sign_in_locked', $5, $6, $7, $8 where ${isOneTooMany}`,
      values: [...counted, at, actor, none(address), none(requestId), userId],
    }
    return [count, lockName, lockUser, tell]
  },
  unlock_sign_in: ({ userId, name, at }) => [
    {
      sql: 'update users set locked_until = null where id = $1 and locked_until > $2 returning 1',
      values: [userId, at],
    },
    { sql: 'delete from counters where key in ($1, $2)', values: [failedKey(name), lockedKey(name)] },
  ],
  note_password_hash: ({ userId, seen, hash }) => [
    {
      sql: 'update users set password_hash = $3 where id = $1 and password_hash = $2 returning 1',
      values: [userId, seen, hash],
    },
  ],
  note_language: ({ userId, language }) => [
    {
      sql: 'update users set language = $2 where id = $1 and language is null returning 1',
      values: [userId, language],
    },
  ],
}

const failuresSql = `select f.count, f."window", (select max("window") from counters where key = $2) as locked_until
  from (select max("window") as "window" from counters where key = $1) newest
  left join counters f on f.key = $1 and f."window" = newest."window"`

export const signInFindersOf = (database: Database): SignInFinders => ({
  async findSignInFailures(name) {
    const [row] = await database.query(failuresSql, [failedKey(name), lockedKey(name)])
    return {
      count: number(row?.count ?? 0),
      window: number(row?.window ?? 0),
      lockedUntil: numberOrNone(row?.locked_until),
    }
  },
})
