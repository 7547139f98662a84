import type { Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { LegacyRow } from '../store.ts'
import type { LegacyTokenInput } from './reset-legacy-token.ts'
import { isSameAuthorization, ownerOf, rowsOf } from './reset-legacy-token.ts'

export type RevokedLegacyToken = { readonly rows: number; readonly grantsEnded: readonly number[] }

/**
 * Ends a legacy token for good: all its rows (or this client's), the other tokens of its authorization, and
 * the grants that came of them, because whoever held the token may hold those too.
 */
export const revokeLegacyToken: Operation<LegacyTokenInput, readonly LegacyRow[], RevokedLegacyToken> = {
  look: (store, { lookups }) => store.findLegacyRows(lookups),

  decide({ lookups, clientId, actor }, rows, moment) {
    const own = rowsOf(rows, lookups, clientId)
    if (own.length === 0) return refuse('record_unknown')
    const meant = rows.filter(
      (row) => own.includes(row) || own.some((named) => isSameAuthorization(row, named)),
    )
    const alive = meant.filter(({ token }) => token.status !== 'revoked')
    if (alive.length === 0) return refuse('nothing_to_change')
    const writes = alive.map(
      ({ token }): Write => ({
        write: 'revoke_legacy_token',
        lookup: token.lookup,
        clientId: token.clientId,
      }),
    )
    const grants = alive.map(({ token }) => token.grantNumber).filter((number) => number !== undefined)
    const ends = grants.map(
      (number): Write => ({ write: 'end_grant', number, reason: 'legacy_token_revoked' }),
    )
    const told = alive.map((row) =>
      event('legacy_token_revoked', moment.now, actor, { ...row.token, clientId: ownerOf(row) || undefined }),
    )
    return granted({ rows: alive.length, grantsEnded: grants }, ...writes, ...ends, ...told)
  },
}
