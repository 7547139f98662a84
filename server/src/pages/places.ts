import type { Brand } from '../brand.ts'
import type { ScopeSettings } from '../config-language.ts'
import { scopeWordsOf } from '../config-language.ts'
import type { Language } from '../words/index.ts'
import { chooseLanguage, languages, wordsFor } from '../words/index.ts'
import type { Place } from './layout.ts'
import { stylesheetOf } from './styles.ts'

export type PlaceOptions = {
  readonly publicUrl: string
  readonly brand: Brand
  /** Where the browser names none that there is. */
  readonly language: Language
  readonly scopes: ScopeSettings
}

/** The place in the language that a browser asks for: one for each language, made once. */
export function placesOf(options: PlaceOptions): (acceptLanguage: string | undefined) => Place {
  const { publicUrl, brand, language: fallback, scopes } = options
  const { host, pathname } = new URL(publicUrl)
  const shared = {
    base: pathname.replace(/\/+$/, ''),
    host,
    brand,
    stylesheet: stylesheetOf(brand.colours).path,
  }
  const placeIn = (language: Language): Place => ({
    ...shared,
    language,
    words: wordsFor(language),
    scopeWords: scopeWordsOf(scopes, language, fallback),
  })
  const places = new Map(languages.map((language) => [language, placeIn(language)]))
  return (acceptLanguage) => {
    const language = chooseLanguage(acceptLanguage, fallback)
    return places.get(language) ?? placeIn(language)
  }
}
