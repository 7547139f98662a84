/** HTML that is safe in a page. Only `html` makes it, so whatever else comes in is text and is escaped. */
export type Html = { readonly html: string }

type Part = Html | string | number | undefined | false | readonly Part[]

/** Text and attributes in double quotes; an attribute without quotes would not be safe. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: texts.map((text, at) => (at === 0 ? '' : render(parts[at - 1])) + text).join(''),
})

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part))
  if ('html' in part) return part.html
  return part.map(render).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Signs that turn the direction of what follows go: a name with one would rewrite our own sentence. */
const turns = /[\u202a-\u202e\u2066-\u2069]/g

const escapeText = (text: string): string =>
  text.replaceAll(turns, '').replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')
