import type { Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import type { LegacyRow } from '../store.ts'
import { isSameAuthorization, isSameOwner, ownerOf, rowsOf, seenIn } from './legacy-rows.ts'
import type { LegacyTokenInput } from './reset-legacy-token.ts'

export type RevokeLegacyTokenInput = LegacyTokenInput & {
  /** An app gave up the token alone: what it had exchanged it for, and the other tokens, stay. */
  readonly alone?: boolean
}

export type RevokedLegacyToken = { readonly rows: number; readonly grantsEnded: readonly number[] }

/**
 * Ends a legacy token for good: all its rows (or this client's), the other tokens of its authorization, and
 * the grants that came of them, because whoever held the token may hold those too.
 */
export const revokeLegacyToken: Operation<RevokeLegacyTokenInput, readonly LegacyRow[], RevokedLegacyToken> =
  {
    look: (store, { lookups }) => store.findLegacyRows(lookups),

    decide({ lookups, clientId, actor, alone = false }, rows, moment) {
      const own = rowsOf(rows, lookups, clientId)
      if (own.length === 0) return refuse('record_unknown')
      const meant = rows.filter(
        (row) => own.includes(row) || (!alone && own.some((named) => standsFor(named, row))),
      )
      const alive = meant.filter(
        ({ token, grantIsLive }) => token.status !== 'revoked' || (grantIsLive && !alone),
      )
      if (alive.length === 0) return refuse('nothing_to_change')
      const among = seenIn(rows, lookups)
      const writes = alive.map(
        ({ token }, at): Write => ({
          write: 'revoke_legacy_token',
          token,
          among: at === 0 ? among : undefined,
        }),
      )
      const grants = alive
        .filter(({ grantIsLive }) => grantIsLive && !alone)
        .map(({ token }) => token.grantNumber)
        .filter((number) => number !== undefined)
      const ends = grants.map(
        (number): Write => ({ write: 'end_grant', number, reason: 'legacy_token_revoked' }),
      )
      const told = alive.map((row) =>
        event('legacy_token_revoked', moment.now, actor, {
          ...row.token,
          clientId: ownerOf(row) || undefined,
          detail: said('', { lookup: row.token.lookup }),
        }),
      )
      return granted({ rows: alive.length, grantsEnded: grants }, ...writes, ...ends, ...told)
    },
  }

/** A token that is nobody's stands for its authorization whoever has exchanged another token of it. */
const standsFor = (named: LegacyRow, row: LegacyRow): boolean =>
  isSameAuthorization(named, row) && (ownerOf(named) === '' || isSameOwner(named, row))
