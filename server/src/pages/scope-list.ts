import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'

/**
 * Scopes as users read them: in the operator's words, the bare name small below; else the name alone. `among`
 * are all that the app would have.
 */
export const scopeList = (
  place: Place,
  scopes: readonly string[],
  among: readonly string[],
  wereAllowed = false,
): Html =>
  html`<ul class="scopes${wereAllowed && ' before'}" aria-labelledby="${wereAllowed ? 'before' : 'scopes'}">
${scopes.map((scope) => scopeEntry(scope, place.scopeWords(scope, among)))}</ul>`

export const scopeEntry = (scope: string, words: string | undefined): Html =>
  words === undefined ? html`<li>${scope}</li>\n` : html`<li>${words} <code>${scope}</code></li>\n`
