/** With what an app is proved that it is we who call. */
import type { CallbackFinders } from '../kernel/callback-secrets.ts'
import type { Database } from './database.ts'
import { bytes, number, numberOrNone } from './rows.ts'

const sealedSql = `select hmac, sealed, key_version, expires from client_secrets
  where client = $1 and sealed is not null order by created desc, hmac`

export const callbackFindersOf = (database: Database): CallbackFinders => ({
  async findCallbackSecrets(clientId) {
    const rows = await database.query(
      'select * from callback_secrets where client = $1 order by number desc',
      [clientId],
    )
    return rows.map((row) => ({
      number: number(row.number),
      keyVersion: number(row.key_version),
      created: number(row.created),
      expires: numberOrNone(row.expires),
    }))
  },
  async findSealedSecrets(clientId) {
    const rows = await database.query(sealedSql, [clientId])
    return rows.map((row) => ({
      hmac: bytes(row.hmac),
      keyVersion: number(row.key_version),
      expires: numberOrNone(row.expires),
      sealed: bytes(row.sealed),
    }))
  },
})
