/** A mail as plain text: every link is written out, and nothing is said that the HTML does not say. */
import type { Block, Mail } from './mail.ts'
import { shownAddress } from './mail.ts'

/** RFC 5322 §2.1.1 asks for lines of at most 78 characters. */
const columnsMax = 76

export const asText = ({ blocks, footer }: Mail): string =>
  `${[...blocks.map(sayBlock), ['-- ', ...footer.map((line) => wrap(line))].join('\n')].join('\n\n')}\n`

function sayBlock(one: Block): string {
  switch (one.block) {
    case 'heading':
    case 'paragraph':
      return wrap(one.text)
    case 'list':
      return [wrap(one.text), ...one.items.map((item) => wrap(item, '- ', '  '))].join('\n')
    case 'button':
      return `${wrap(`${one.text}:`)}\n${one.address}`
    case 'code':
      return `    ${one.text}`
    case 'quiet':
      return wrap(one.address === undefined ? one.text : `${one.text} ${shownAddress(one.address)}`)
  }
}

/** Words that are longer than a line, such as addresses, have one of their own and are not broken. */
function wrap(text: string, first = '', next = ''): string {
  const lines = [first]
  let length = first.length
  let isFresh = true
  for (const word of text.split(' ')) {
    const wide = [...word].length
    if (!isFresh && length + 1 + wide > columnsMax) {
      lines.push(next)
      length = next.length
      isFresh = true
    }
    lines[lines.length - 1] += isFresh ? word : ` ${word}`
    length += isFresh ? wide : wide + 1
    isFresh = false
  }
  return lines.join('\n')
}
