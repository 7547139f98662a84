/** The statements of what signing in changes of a user. */
import type { SignInWrite } from '../kernel/sign-in.ts'
import type { Statements } from './statement-parts.ts'
import { none, places } from './statement-parts.ts'

const userColumns = ['id', 'username', 'email', 'name', 'password_hash', 'status', 'language']

export const signInStatements: Statements<SignInWrite['write']> = {
  add_user: ({ user }) => [
    {
      sql: `insert into users (${userColumns.join(', ')}) select ${places(userColumns.length)}
        where not exists (select 1 from users where username = $2) on conflict do nothing returning 1`,
      values: [
        user.id,
        user.username,
        none(user.email),
        none(user.name),
        none(user.passwordHash),
        user.status,
        none(user.language),
      ],
    },
  ],
  lock_sign_in: ({ userId, at, until }) => [
    {
      sql: `update users set locked_until = $3
        where id = $1 and (locked_until is null or locked_until <= $2) returning 1`,
      values: [userId, at, until],
    },
  ],
  unlock_sign_in: ({ userId, at }) => [
    {
      sql: 'update users set locked_until = null where id = $1 and locked_until > $2 returning 1',
      values: [userId, at],
    },
  ],
  note_language: ({ userId, language }) => [
    {
      sql: 'update users set language = $2 where id = $1 and language is null returning 1',
      values: [userId, language],
    },
  ],
}
