/** `language` and `scopes`: what is spoken, and the operator's own words in it. */
import { z } from 'zod'
import type { Language } from './words/index.ts'
import { languages, wordsFor } from './words/index.ts'

/** Where neither the browser nor the user names a language that there is. */
export const languageSetting = z.enum(languages).default('en')

const wordsWords = 'what an app may do with this scope, in at most 200 letters'
const sentence = z.string(wordsWords).trim().min(1, wordsWords).max(200, wordsWords)

const scopeWords = 'a scope as apps ask for it: no space, no quotation mark, no backslash'
// RFC 6749 §3.3: the signs of a scope.
const scope = z.string(scopeWords).regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, scopeWords)
const byLanguage = languages.map((language) => [language, sentence.optional()] as const)

/** For each scope what a user is told of it: one sentence for all languages, or one for each. */
export const scopeSettings = z
  .record(
    scope,
    // Every language there is, each of which may be left out.
    z.union([sentence, z.strictObject(Object.fromEntries(byLanguage))], {
      error: `${wordsWords}, or one sentence for each of ${languages.join(', ')}`,
    }),
  )
  .default({})

/** The operator's words for scopes, as configured. */
export type ScopeSettings = z.infer<typeof scopeSettings>

/** What users are told of a scope, `among` all that the app has or asks for; absent: there are no words. */
export type ScopeWords = (scope: string, among: readonly string[]) => string | undefined

/**
 * Another language's words say more than the bare name of the scope. Where the operator has none, ours say
 * what OpenID Connect means by a scope, but only beside `openid`: else a scope of that name is the operator's
 * own.
 */
export const scopeWordsOf =
  (settings: ScopeSettings, language: Language, fallback: Language): ScopeWords =>
  (scope, among) => {
    if (!Object.hasOwn(settings, scope)) {
      if (!among.includes('openid')) return undefined
      const ours: Readonly<Record<string, string>> = wordsFor(language).scopes
      return Object.hasOwn(ours, scope) ? ours[scope] : undefined
    }
    const words = settings[scope]
    if (typeof words === 'string' || words === undefined) return words
    return words[language] ?? words[fallback] ?? Object.values(words).find((one) => one !== undefined)
  }
