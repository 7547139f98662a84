/** Writes that end a grant, a connection or a token, or give a legacy token its first state back. */
import type { Connection, LegacyToken, Milliseconds } from './records.ts'

export type EndWrite =
  | {
      readonly write: 'end_grant'
      readonly number: number
      readonly reason: string
      /** As a guard: only while its connection lives, so that an uninstall at the same moment comes first. */
      readonly whileConnected?: true
    }
  | {
      /** With it go its open codes, its request token and the codes that were mailed for it. */
      readonly write: 'revoke_connection'
      readonly connection: Pick<Connection, 'number' | 'clientId' | 'userId' | 'organizationId' | 'epoch'>
      /** Only while this grant lives, so that a reuse of it at the same moment comes first. */
      readonly byGrant?: number
    }
  | {
      /** The mark of one that is not here; only where there still is none. */
      readonly write: 'add_revoked_connection'
      readonly connection: Connection
    }
  | { readonly write: 'revoke_access_token'; readonly jti: string; readonly expires: Milliseconds }
  | {
      readonly write: 'revoke_legacy_token'
      readonly token: SeenLegacyToken
      readonly among?: LegacyTokensSeen | undefined
    }
  | {
      /** active → spent, for a grant that is not here. */
      readonly write: 'spend_legacy_token'
      readonly token: SeenLegacyToken
      readonly boundTo: string
      /** The row stays every client's, and a copy of it is made for this one. */
      readonly leavesShared: boolean
      readonly status: 'exchanged' | 'retired' | 'revoked'
      readonly grantNumber: number | undefined
    }
  | {
      /** The open codes of a client, of whatever kind: whoever stole its legacy tokens may hold one. */
      readonly write: 'drop_codes'
      readonly clientId: string
    }
  | {
      readonly write: 'reset_legacy_token'
      readonly token: SeenLegacyToken
      readonly connectionEpoch: number
      readonly among?: LegacyTokensSeen | undefined
    }

/** A legacy token's row as seen: an exchange changes its status, a code its number, a reset its count. */
export type SeenLegacyToken = Pick<LegacyToken, 'lookup' | 'clientId' | 'status' | 'exchange' | 'grantNumber'>

/**
 * For the guard of whoever ends or resets several rows: these, and no others, stand under the look-ups and in
 * the authorizations of the rows, each as it was. Else an exchange in flight would leave a grant that nobody
 * ends.
 */
export type LegacyTokensSeen = {
  readonly lookups: readonly Uint8Array[]
  readonly rows: readonly (SeenLegacyToken & Pick<LegacyToken, 'authorization' | 'dialect'>)[]
}
