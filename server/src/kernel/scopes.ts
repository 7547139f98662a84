/** Scopes are lists of RFC 6749 §3.3 names; how a dialect spells a list is the dialect's. */

/** Scopes never widen: every one asked for is among those granted. */
export const within = (asked: readonly string[], granted: readonly string[]): boolean =>
  asked.every((scope) => granted.includes(scope))

/** The first scope that is too much, for the message. */
export const firstBeyond = (asked: readonly string[], granted: readonly string[]): string | undefined =>
  asked.find((scope) => !granted.includes(scope))

export const union = (one: readonly string[], other: readonly string[]): readonly string[] => [
  ...new Set([...one, ...other]),
]

/**
 * The name that a recorded scope has here. A plain object also answers to names that nobody wrote into it,
 * such as `constructor`, and those may be scopes.
 */
export const renamed = (scope: string, names: Readonly<Record<string, string>>): string =>
  (Object.hasOwn(names, scope) ? names[scope] : undefined) ?? scope

export const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && within(one, other) && within(other, one)

/** The scope of an app that goes on without its user (OpenID Connect Core 1.0 §11). */
export const offlineAccess = 'offline_access'

/** RFC 6749 §3.3: printable ASCII without quote and backslash. */
export const isScopeName = (scope: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)

/** A list as the standard spells it: by space, at least one name, each once. */
export function hearScopes(text: string, separator: string | RegExp = / +/): readonly string[] | undefined {
  const scopes = text.split(separator).map((scope) => scope.trim())
  const named = scopes.filter((scope) => scope !== '')
  return named.every(isScopeName) ? [...new Set(named)] : undefined
}

const ofPeople: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  offlineAccess,
])

/**
 * What of an app's scopes means something where it acts for a company: beside `openid`, some are about a user
 * who signs in (OpenID Connect Core 1.0 §5.4), and there is none.
 */
export const ofCompany = (scopes: readonly string[]): readonly string[] =>
  scopes.includes('openid') ? scopes.filter((scope) => !ofPeople.has(scope)) : scopes
