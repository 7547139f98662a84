/** Kinds of values that settings have; each says in words what it takes. */
import { isIP } from 'node:net'
import { z } from 'zod'

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const durationWords = 'a duration such as 30s, 10m, 1h or 14d'

/** `10m`, in seconds. */
export const seconds = z
  .string({ error: durationWords })
  .regex(/^\d+[smhd]$/, durationWords)
  .transform((text) => Number(text.slice(0, -1)) * unitSeconds[text.slice(-1) as keyof typeof unitSeconds])

/** A whole number within limits. */
export function wholeNumber(from: number, to?: number) {
  const words = to === undefined ? `a whole number from ${from}` : `a number from ${from} to ${to}`
  const open = z.int({ error: words }).min(from, words)
  return to === undefined ? open : open.max(to, words)
}

/** What is wanted where a secret stands; such a value is never shown, since it may be the secret itself. */
export const referenceWords = 'env:NAME or file:PATH, such as env:ROOT_SECRET; never the value itself'

/** Where a secret is. */
export const reference = z.string(referenceWords).regex(/^(env:[A-Za-z_]\w*|file:.+)$/, referenceWords)

const addressWords = 'an IP address or a range such as 10.0.0.0/8'

/** An address, or a range in CIDR notation. */
export const addressRange = z.string({ error: addressWords }).refine(isAddressRange, addressWords)

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
