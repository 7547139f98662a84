/** The statements of the writes about callbacks: where and how apps are told what happens to their grants. */
import type { CallbackWrite } from '../kernel/callback-secrets.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

const secretColumns = ['client', 'number', 'key_version', 'created', 'expires']

const addSecretSql = `${insert('callback_secrets', secretColumns)} on conflict do nothing returning 1`

/** Those that would be good for longer than `$2`. */
const endSecretsSql = `update callback_secrets set expires = $2
  where client = $1 and (expires is null or expires > $2)`

export const callbackStatements: Statements<CallbackWrite['write']> = {
  add_callback_secret({ clientId, secret: { number, keyVersion, created, expires }, othersExpire }) {
    const add = { sql: addSecretSql, values: [clientId, number, keyVersion, created, none(expires)] }
    if (othersExpire === undefined) return [add]
    return [add, { sql: `${endSecretsSql} and number <> $3`, values: [clientId, othersExpire, number] }]
  },
  end_callback_secrets: ({ clientId, at }) => [
    { sql: `${endSecretsSql} returning 1`, values: [clientId, at] },
  ],
  disable_callback: ({ clientId, callback }) => [
    {
      sql: `update clients set callback_status = 'off'
        where id = $1 and callback = $2 and callback_status = 'on' returning 1`,
      values: [clientId, callback],
    },
  ],
  drop_sealed_secrets: ({ clientId }) => [
    {
      sql: 'update client_secrets set sealed = null where client = $1 and sealed is not null returning 1',
      values: [clientId],
    },
  ],
}
