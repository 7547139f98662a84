/** What the operator should know of rows that came in: how many there are, and in which line the first is. */

export type Counted =
  | 'weak'
  | 'expired'
  | 'withoutScopes'
  | 'beyond'
  /** Tokens that name neither user nor organization. */
  | 'withoutSubject'
  /** Tokens whose user, or whose organization, is not in the database. */
  | 'userUnknown'
  | 'organizationUnknown'

export type Warnings = Record<Counted, number> & {
  readonly firstLines: Map<Counted, number>
  /** The first few scopes that a client may not have, each with its client. */
  readonly beyondNames: Set<string>
  /** Clients of which one user brings more tokens than grants can live, with how many can. */
  readonly crowded: Map<string, number>
}

export const noWarnings = (): Warnings => ({
  weak: 0,
  expired: 0,
  withoutScopes: 0,
  beyond: 0,
  withoutSubject: 0,
  userUnknown: 0,
  organizationUnknown: 0,
  firstLines: new Map(),
  beyondNames: new Set(),
  crowded: new Map(),
})

export function warn(warnings: Warnings, of: Counted, line: number, times = 1): void {
  warnings[of] += times
  const first = warnings.firstLines.get(of)
  if (first === undefined || line < first) warnings.firstLines.set(of, line)
}
