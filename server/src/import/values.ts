/** Single values of an import: what is accepted, and what it becomes. */

/**
 * Printable, and neither begins nor ends with a space: padding is an exporter's mistake, and would be hashed
 * with it.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const isPlain = (text: string): boolean => !/[\x00-\x1f\x7f]|^\s|\s$/.test(text)

/** A name or an id of the old world: plain, and short enough for a key. */
export const isShort = (text: string): boolean => text.length <= 255 && isPlain(text)

// Smaller numbers of milliseconds lie before March 1973: they are seconds, and would expire every token.
const firstMilliseconds = 100_000_000_000
const lastMilliseconds = 253_402_300_799_999
const isoPattern = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/

/** ISO 8601, or epoch milliseconds. Without a zone it is UTC. */
export function hearMoment(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const milliseconds = Number(text)
    return milliseconds >= firstMilliseconds && milliseconds <= lastMilliseconds ? milliseconds : undefined
  }
  if (!isoPattern.test(text)) return undefined
  const day = hearDay(text.slice(0, 10))
  if (day === undefined || text.length === 10) return day
  // What most systems write.
  if (text[10] === 'T' && text.endsWith('Z') && !text.includes(',')) return Date.parse(text) || undefined
  const time = text
    .slice(11)
    .replace(',', '.')
    .replace(
      /([+-]\d\d)(?::?(\d\d))?$/,
      (_zone, hours: string, minutes?: string) => `${hours}:${minutes ?? '00'}`,
    )
  const zone = /Z$|[+-]\d\d:\d\d$/.test(time) ? '' : 'Z'
  const milliseconds = Date.parse(`${text.slice(0, 10)}T${time}${zone}`)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

// Millions of rows have few days.
const days = new Map<string, number | undefined>()
const daysMax = 10_000

function hearDay(text: string): number | undefined {
  if (days.has(text)) return days.get(text)
  const day = Date.parse(text)
  // JavaScript takes 30 February for 1 March.
  const isDay = !Number.isNaN(day) && new Date(day).getUTCDate() === Number(text.slice(8))
  if (days.size >= daysMax) days.clear()
  days.set(text, isDay ? day : undefined)
  return isDay ? day : undefined
}

/** A digest of so many bytes, in hex or base64 (either alphabet, padded or not); the length tells which. */
export function hearDigest(text: string, bytes: number): Buffer | undefined {
  if (text.length === bytes * 2 && /^[0-9a-f]+$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined
  const decoded = Buffer.from(text, 'base64')
  const digits = text.replace(/=+$/, '').length
  return decoded.length === bytes && digits === Math.ceil((bytes * 4) / 3) ? decoded : undefined
}

const weakBits = 80
const alphabets: readonly (readonly [RegExp, number])[] = [
  [/^\d+$/, 10],
  [/^([0-9a-f]+|[0-9A-F]+)$/, 16],
  [/^([0-9a-z]+|[0-9A-Z]+)$/, 36],
  [/^[0-9a-zA-Z]+$/, 62],
]

/** Whether a token has fewer than about 80 bits, by its length and alphabet: somebody could try them all. */
export function isWeak(token: string): boolean {
  // A few characters over and over are no more than those few.
  if (/^(.{1,4})\1+$/s.test(token)) return true
  // 25 digits are 83 bits already, and no alphabet is smaller.
  if (token.length >= 25) return false
  const random = token.replaceAll('-', '')
  const size = alphabets.find(([pattern]) => pattern.test(random))?.[1] ?? 64
  return random.length * Math.log2(size) < weakBits
}

/** A password's hash: a PHC string of argon2id, with a cost that one sign-in can pay. */
export function isArgon2id(text: string): boolean {
  const parts =
    /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/.exec(
      text,
    )
  return parts !== null && Number(parts[1]) <= 262_144 && Number(parts[2]) <= 16 && Number(parts[3]) <= 16
}
