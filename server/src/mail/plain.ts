/** What others have named, made fit to stand in a sentence of ours: an app's name may say anything. */

const nameLengthMax = 60

/**
 * One short line of it: no line breaks (which would begin another header), no signs that turn the direction
 * of what follows, no quotes that would seem to end the name, and nothing that becomes a link.
 */
export function plainName(name: string): string {
  const oneLine = name
    .normalize('NFC')
    .replaceAll(/[\p{Zs}\p{Zl}\p{Zp}\p{Cc}]+/gu, ' ')
    // Joiners stay: whole scripts, and pictures of people, are spelled with them.
    .replaceAll(/(?![\u200c\u200d])[\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, '')
    .replaceAll(/(\p{M}{3})\p{M}+/gu, '$1')
    .replaceAll(/["“”„‟«»]/g, '’')
    .trim()
  const letters = [...oneLine]
  const short =
    letters.length > nameLengthMax ? `${letters.slice(0, nameLengthMax).join('').trimEnd()}…` : oneLine
  return unlinked(short)
}

/** A joiner, which nobody sees, keeps `evil.example` from being taken for an address. */
const unlinked = (text: string): string =>
  text.replaceAll(/(?<=\S)([.:/@])(?=[\p{L}/])/gu, '$1\u200c').replaceAll(/\b(www)(?=\.)/gi, '$1\u200c')

/** An answer of somebody else's machine, for the operator: one line, and nobody's address in it. */
export const plainAnswer = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll(/<?[^\s<>@"]+@[^\s<>"]+>?/g, '(address)')
    .trim()
    .slice(0, 200)
