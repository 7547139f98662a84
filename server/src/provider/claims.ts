/** What of a provider's claims is believed (OpenID Connect Core 1.0 §5.1), and what it becomes here. */
import { isLanguageTag } from '../kernel/language-tag.ts'
import type { ProvidedUser } from '../kernel/operations/sign-in-with-provider.ts'
import type { UserClaims } from './provider.ts'

export type Mapping = {
  readonly claim: string
  readonly user: 'id' | 'username' | 'email'
  readonly unknownUsers: 'refuse' | 'create'
}

/** The claims that must be known: where the ID token lacks one, the provider is asked for more. */
export const neededClaims = ({ claim, unknownUsers }: Mapping): readonly string[] => [
  claim,
  ...(claim === 'email' ? ['email_verified'] : []),
  ...(unknownUsers === 'create' ? ['email', 'email_verified', 'name'] : []),
]

/** The user, as far as the provider has told; `undefined` where it does not say who they are. */
export function providedUser(claims: UserClaims, { claim, user }: Mapping): ProvidedUser | undefined {
  const value = short(claims[claim])
  // Ids stand in lists by spaces.
  if (value === undefined || (user === 'id' && /\s/.test(value))) return undefined
  // Some providers say it as a text.
  const isVerified = claims.email_verified === true || claims.email_verified === 'true'
  const address = short(claims.email)
  const email = isVerified && address !== undefined && /^[^\s@]+@[^\s@]+$/.test(address) ? address : undefined
  return {
    value,
    isUnverified: (claim === 'email' || user === 'email') && email === undefined,
    usernames: [short(claims.preferred_username), email].flatMap((name) => name ?? []),
    email,
    name: short(claims.name),
    language: languageOf(claims.locale),
  }
}

/** A text that may stand in a row; some providers number their users. */
function short(claim: unknown): string | undefined {
  const text = typeof claim === 'number' && Number.isSafeInteger(claim) ? String(claim) : claim
  if (typeof text !== 'string' || text.trim() === '' || text.length > 255) return undefined
  return /[\p{Control}\p{Surrogate}]/u.test(text) ? undefined : text.trim()
}

/** BCP 47; some providers write `de_AT`. */
function languageOf(locale: unknown): string | undefined {
  const tag = typeof locale === 'string' ? locale.replaceAll('_', '-') : ''
  return isLanguageTag(tag) ? tag : undefined
}
