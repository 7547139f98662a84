import type { Brand } from '../brand.ts'
import type { Language, Words } from '../words/index.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { stylesheetPath } from './styles.ts'

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
  readonly language: Language
  readonly words: Words
}

/** A whole page around its content. `title` is what the tab says. */
export const layout = (place: Place, title: string, content: Html): Html => html`<!doctype html>
<html lang="${place.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="${place.base}${stylesheetPath}">
<link rel="icon" href="data:,">
</head>
<body>
<main>
${content}
</main>
<footer>${place.host}</footer>
</body>
</html>
`

/** What went wrong, announced when the page opens. */
export const alarm = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="alarm" role="alert">${text}</p>`
