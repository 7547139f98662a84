import type { Brand } from '../brand.ts'
import type { ScopeWords } from '../config-language.ts'
import type { Language, Words } from '../words/index.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

/**
 * Where a page stands, and how it speaks. Address and name are configured, never of the request; of that are
 * the language and its words.
 */
export type Place = {
  /** The path of the public address, without a slash at its end. */
  readonly base: string
  /** Shown below every page, so that a user sees who asks for a password. */
  readonly host: string
  readonly brand: Brand
  /** The stylesheet's path, below the base. */
  readonly stylesheet: string
  readonly language: Language
  readonly words: Words
  /** What the operator says of a scope; a scope without words shows its name. */
  readonly scopeWords: ScopeWords
}

/** A page of one narrow card around its content. `title` is what the tab says before the operator's name. */
export const layout = (place: Place, title: string, content: Html): Html =>
  document(
    place,
    title,
    html`<body>
<header class="above"><span class="brand">${place.brand.name}</span></header>
<main class="card">
${content}
</main>
${footer(place)}
</body>`,
  )

/** The whole of a page, whatever its frame. */
export const document = (place: Place, title: string, body: Html): Html => html`<!doctype html>
<html lang="${place.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – ${place.brand.name}</title>
<link rel="stylesheet" href="${place.base}${place.stylesheet}">
<link rel="icon" href="data:,">
</head>
${body}
</html>
`

/** Whose page it is: the host is what a careful user compares with the address bar. */
export const footer = ({ brand, host, words }: Place): Html => html`<footer>
${brand.name !== host && html`<span>${brand.name}</span>\n`}<span>${host}</span>
${brand.support !== undefined && html`<a href="${brand.support}">${words.notices.support}</a>`}
</footer>`

/** Where users get help, for the middle of a page. */
export const supportLink = ({ brand, words }: Place): Html | undefined =>
  brand.support === undefined
    ? undefined
    : html`<a href="${brand.support}">${words.notices.supportOf(brand.name)}</a>`

/** What went wrong, announced when the page opens. */
export const alarm = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="alarm" role="alert">${text}</p>`
