import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import type { LegacyToken } from '../records.ts'
import type { LegacyRow } from '../store.ts'
import { isSameAuthorization, isSameOwner, ownerOf, rowsOf, seenIn } from './legacy-rows.ts'

export type LegacyTokenInput = {
  /** Every look-up under which the token may stand. */
  readonly lookups: readonly Uint8Array[]
  /** Whose row; `undefined` where the token has one row only. */
  readonly clientId: string | undefined
  readonly actor: Actor
}

export type ResetLegacyTokenInput = LegacyTokenInput & {
  /** What a user, an app or the operator took back stays so: a recovery from theft is no new consent. */
  readonly keepsRevoked?: boolean
}

export type ResetLegacyToken = {
  readonly token: LegacyToken
  readonly grantEnded: number | undefined
  /** The connection is revoked, so that the token can be exchanged only after a new consent. */
  readonly connectionRevoked: boolean
}

/**
 * Makes a legacy token exchangeable again, and the others of its authorization with it. The grants that came
 * of them end in the same commit, and their counts of exchanges rise, so that no refresh token that may have
 * leaked is ever said again.
 */
export const resetLegacyToken: Operation<ResetLegacyTokenInput, readonly LegacyRow[], ResetLegacyToken> = {
  look: (store, { lookups }) => store.findLegacyRows(lookups),

  decide({ lookups, clientId, actor, keepsRevoked = false }, rows, moment) {
    const own = rowsOf(rows, lookups, clientId)
    if (own.length > 1) return refuse({ reason: 'record_exists', accepted: own.map(ownerOf) })
    const [named] = own
    if (!named) return refuse('record_unknown')
    const others = rows.filter(
      (row) => row !== named && isSameAuthorization(row, named) && isSameOwner(row, named),
    )
    const changed = [named, ...others].filter((row) => isUsed(row, row === named, keepsRevoked))
    if (changed.length === 0) return refuse('nothing_to_change')

    const among = seenIn(rows, lookups)
    const resets = changed.map(
      ({ token, connectionEpoch }, at): Write => ({
        write: 'reset_legacy_token',
        token,
        connectionEpoch: keepsRevoked
          ? token.connectionEpoch
          : Math.max(token.connectionEpoch, connectionEpoch),
        among: at === 0 ? among : undefined,
      }),
    )
    const live = changed.filter(({ grantIsLive }) => grantIsLive)
    const ends = live.flatMap(({ token: { grantNumber } }): Write[] =>
      grantNumber === undefined
        ? []
        : [{ write: 'end_grant', number: grantNumber, reason: 'legacy_token_reset' }],
    )
    const told = (live.length > 0 ? live : [named]).map((row) =>
      event('legacy_token_reset', moment.now, actor, {
        ...row.token,
        clientId: ownerOf(row) || undefined,
        detail: said('', { lookup: row.token.lookup }),
      }),
    )
    const { token, connectionRevoked } = live[0] ?? named
    const grantEnded = live[0]?.token.grantNumber
    return granted({ token, grantEnded, connectionRevoked }, ...resets, ...ends, ...told)
  },
}

/**
 * Whether there is something to reset: an exchange, a code's reservation, or an end that may be undone. No
 * row of a connection's tokens changes as it is revoked: one that was never exchanged is dead all the same.
 */
function isUsed({ token, connectionEpoch }: LegacyRow, isNamed: boolean, keepsRevoked: boolean): boolean {
  if (token.status === 'exchanged' || token.status === 'retired') return true
  const isReserved = token.grantNumber !== undefined
  const isTakenBack = connectionEpoch > token.connectionEpoch
  if (token.status === 'active') return isReserved || (isTakenBack && !keepsRevoked)
  if (keepsRevoked) return false
  return isNamed || token.status === 'revoked'
}
