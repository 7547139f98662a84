import { brandOf } from '../brand.ts'
import type { Place } from '../pages/layout.ts'
import { stylesheetOf } from '../pages/styles.ts'
import { wordsFor } from '../words/index.ts'

/** Where a page stands in tests of views: at Acme's, in English. */
export function aPlace(changes: Partial<Place> = {}): Place {
  const brand = brandOf({ public_url: 'https://auth.example', brand: { name: 'Acme' } })
  const language = changes.language ?? 'en'
  return {
    base: '',
    host: 'auth.example',
    brand,
    stylesheet: stylesheetOf(brand.colours).path,
    language,
    words: wordsFor(language),
    scopeWords: () => undefined,
    ...changes,
  }
}
