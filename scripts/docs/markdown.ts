/** Markdown, as the generated pages need it. */

/** What a generated page says of itself, so that nobody mends it by hand. */
export const generated = (from: string): string =>
  `<!-- Generated from ${from} by \`npm run docs\`. Change the source instead. -->`

export const code = (text: string): string => `\`${text}\``

/** A cell holds no line break, and no bar that would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`)
  return lines.join('\n')
}

export const page = (...blocks: readonly string[]): string => `${blocks.filter(Boolean).join('\n\n')}\n`

/** The text of the comment that a file begins with. */
export function headerOf(source: string): string {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? ''
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}
