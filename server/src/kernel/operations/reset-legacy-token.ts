import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { LegacyToken } from '../records.ts'
import type { LegacyRow } from '../store.ts'

export type LegacyTokenInput = {
  /** Every look-up under which the token may stand. */
  readonly lookups: readonly Uint8Array[]
  /** Whose row; `undefined` where the token has one row only. */
  readonly clientId: string | undefined
  readonly actor: Actor
}

export type ResetLegacyToken = {
  readonly token: LegacyToken
  readonly grantEnded: number | undefined
  /** The connection is revoked, so that the token can be exchanged only after a new consent. */
  readonly connectionRevoked: boolean
}

/**
 * Makes a legacy token exchangeable again. The grant that came of it ends in the same commit, and its count
 * of exchanges rises, so that no refresh token that may have leaked is ever said again.
 */
export const resetLegacyToken: Operation<LegacyTokenInput, readonly LegacyRow[], ResetLegacyToken> = {
  look: (store, { lookups }) => store.findLegacyRows(lookups),

  decide({ lookups, clientId, actor }, rows, moment) {
    const own = rowsOf(rows, lookups, clientId)
    if (own.length === 0) return refuse('record_unknown')
    if (own.length > 1) return refuse({ reason: 'record_exists', accepted: own.map(ownerOf) })
    const [named] = own
    // Of several tokens that stand for one authorization, one row carries the grant.
    const row =
      rows.find((one) => isSameAuthorization(one, named) && one.token.grantNumber !== undefined) ?? named
    if (!row) return refuse('record_unknown')
    const { token } = row
    if (token.status === 'active' && token.grantNumber === undefined) return refuse('nothing_to_change')
    const { grantNumber } = token
    return granted(
      { token, grantEnded: grantNumber, connectionRevoked: row.connectionRevoked },
      {
        write: 'reset_legacy_token',
        lookup: token.lookup,
        clientId: token.clientId,
        exchange: token.exchange,
        connectionEpoch: Math.max(token.connectionEpoch, row.connectionEpoch),
      },
      ...(grantNumber === undefined
        ? []
        : ([{ write: 'end_grant', number: grantNumber, reason: 'legacy_token_reset' }] as const)),
      event('legacy_token_reset', moment.now, actor, { ...token, clientId: ownerOf(row) || undefined }),
    )
  },
}

/** The token's rows: of this client, or of all; without the other tokens of its authorization. */
export const rowsOf = (
  rows: readonly LegacyRow[],
  lookups: readonly Uint8Array[],
  clientId: string | undefined,
): readonly LegacyRow[] =>
  rows.filter(
    (row) =>
      lookups.some((lookup) => Buffer.compare(lookup, row.token.lookup) === 0) &&
      (clientId === undefined || ownerOf(row) === clientId),
  )

/** Whose the token is, or who exchanged it. */
export const ownerOf = ({ token }: LegacyRow): string => token.clientId || (token.boundTo ?? '')

export const isSameAuthorization = ({ token }: LegacyRow, other: LegacyRow | undefined): boolean =>
  token.authorization !== undefined &&
  token.authorization === other?.token.authorization &&
  token.clientId === other.token.clientId &&
  token.dialect === other.token.dialect
