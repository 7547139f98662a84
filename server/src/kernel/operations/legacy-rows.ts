/** What the operator's commands on one legacy token share: whose row is meant, and what it stands for. */
import type { LegacyTokensSeen } from '../end-writes.ts'
import type { LegacyRow } from '../store.ts'

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

/** Both stand for one authorization, whoever's they are. */
export const isSameAuthorization = ({ token }: LegacyRow, other: LegacyRow): boolean =>
  token.authorization !== undefined &&
  token.authorization === other.token.authorization &&
  token.dialect === other.token.dialect

/** Both are of one owner, whichever way they are bound to it. */
export const isSameOwner = (one: LegacyRow, other: LegacyRow): boolean =>
  one.token.clientId === other.token.clientId || ownerOf(one) === ownerOf(other)

/** For the guard: all that was seen. */
export const seenIn = (rows: readonly LegacyRow[], lookups: readonly Uint8Array[]): LegacyTokensSeen => ({
  lookups,
  rows: rows.map(({ token }) => token),
})
