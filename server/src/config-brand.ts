/** `brand`: in whose name pages and mails speak, and in which colours. */
import { z } from 'zod'
import { cards, contrast, contrastMin, isColour } from './colours.ts'

const nameWords = 'your name as users know it, in at most 60 letters and on one line'
const supportWords = 'where users get help, such as https://example.com/help or help@example.com'

export const brandSettings = z
  .strictObject({
    name: z
      .string(nameWords)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a name on one line has none of them.
      .regex(/^(?=.*\S)[^\u0000-\u001f\u007f]{1,60}$/u, nameWords)
      .optional(),
    accent: accentOn('light', '#0b5c7f').optional(),
    accent_dark: accentOn('dark', '#66c1e6').optional(),
    support: z.string(supportWords).refine(isAddress, supportWords).optional(),
  })
  .prefault({})

/** A colour for links and buttons on this card; what could not be read is refused. */
function accentOn(scheme: 'light' | 'dark', example: string) {
  const words = `a colour in six hex digits with a # before them, in quotes, such as '${example}'`
  return z.string(words).superRefine((colour, issue) => {
    if (!isColour(colour)) return issue.addIssue({ code: 'custom', message: words })
    const found = contrast(colour, cards[scheme])
    if (found >= contrastMin) return undefined
    const change = scheme === 'light' ? 'a darker' : 'a lighter'
    const message =
      `${change} colour: on the ${scheme} card (${cards[scheme]}) links and buttons in it have a contrast of ` +
      `${(Math.floor(found * 100) / 100).toFixed(2)}:1, and need ${contrastMin}:1 to be read`
    return issue.addIssue({ code: 'custom', message })
  })
}

function isAddress(text: string): boolean {
  if (/^[^\s@<>"',;:?&]+@[^\s@<>"',;:?&]+$/.test(text)) return true
  return /^https?:\/\/[^\s"<>]+$/.test(text) && URL.canParse(text)
}
