/** Reads what the operator types: each parser says what would be accepted. */
import { InvalidArgumentError } from 'commander'
import { isRange } from '../kernel/addresses.ts'
import { isScopeName } from '../kernel/scopes.ts'
import { scopesFit } from '../kernel/token-size.ts'

const unitMilliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `30s`, `10m`, `1h`, `7d`, in milliseconds. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('A duration is written 30s, 10m, 1h or 7d.')
  return Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds]
}

/**
 * A moment in ISO 8601, in epoch milliseconds. One without a zone would mean another moment on another
 * machine.
 */
export function parseTime(text: string): number {
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('A time is written 2026-05-01 or 2026-05-01T12:00:00Z, with its zone.')
  }
  return time
}

/** A time, or `none` to take it away. */
export const parseTimeOrNone = (text: string): number | 'none' => (text === 'none' ? 'none' : parseTime(text))

export function parsePort(text: string): number {
  const port = parseCount(text)
  if (port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}

const workersMax = 256

export function parseWorkers(text: string): number {
  const workers = parseCount(text)
  if (workers < 1 || workers > workersMax) {
    throw new InvalidArgumentError(`Processes are a number from 1 to ${workersMax}.`)
  }
  return workers
}

export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.')
  return Number(text)
}

export const parseCountOrNone = (text: string): number | 'none' =>
  text === 'none' ? 'none' : parseCount(text)

type Collect = (text: string, before: readonly string[] | undefined) => readonly string[]

/** A list: the option may be repeated, and take several values by space; `none` alone is the empty list. */
const listOf =
  (check: (value: string) => string | undefined): Collect =>
  (text, before) => {
    const values = text.split(/\s+/).filter(Boolean)
    if (values.length === 1 && values[0] === 'none') return before ?? []
    for (const value of values) {
      const wrong = check(value)
      if (wrong !== undefined) throw new InvalidArgumentError(wrong)
    }
    return [...new Set([...(before ?? []), ...values])]
  }

const parseScopeNames = listOf((scope) =>
  isScopeName(scope) ? undefined : 'A scope is printable ASCII without quotes and backslashes.',
)

export const parseScopes: Collect = (text, before) => {
  const scopes = parseScopeNames(text, before)
  if (!scopesFit(scopes))
    throw new InvalidArgumentError('Together these scopes are too long for an access token: 6000 characters.')
  return scopes
}

export const parseIdentifiers = listOf((identifier) =>
  isIdentifier(identifier) ? undefined : 'An identifier is up to 255 characters of printable ASCII.',
)

/** RFC 6749 §3.1.2: absolute, without a fragment. Plain http only to this machine (RFC 8252 §7.3). */
export const parseRedirectUris = listOf((text) => {
  if (!URL.canParse(text)) return 'A redirect URI is absolute: https://app.example/callback'
  const { protocol, hostname, username, password } = new URL(text)
  if (text.includes('#')) return 'A redirect URI has no fragment (#…).'
  // It is compared as it stands: a pattern would fit nothing, or be taken for a promise.
  if (text.includes('*')) return 'A redirect URI has no wildcard (*): register each address.'
  // RFC 3986 §3.2.1: what looks like the host of such an address is not the host.
  if (username !== '' || password !== '')
    return 'A redirect URI has no user name or password before its host.'
  if (['javascript:', 'data:', 'file:', 'blob:'].includes(protocol))
    return `A redirect URI is no ${protocol} address.`
  if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
    return 'A redirect URI is https://…; http:// is for 127.0.0.1 and localhost alone.'
  }
  return undefined
})

export const parseOrigins = listOf((text) =>
  URL.canParse(text) && new URL(text).origin === text
    ? undefined
    : 'An origin is scheme, host and port alone: https://app.example',
)

const ranges = listOf((text) =>
  isRange(text)
    ? undefined
    : `${text} is no address and no range: write 192.0.2.0/24, 2001:db8::/32 or one address.`,
)

/** Not `none`: it would read as "from nowhere", and be from anywhere. */
export function parseRanges(text: string, before?: readonly string[]): readonly string[] {
  if (text === 'none') throw new InvalidArgumentError('For anywhere again, write --allow-any-address.')
  return ranges(text, before)
}

export const isIdentifier = (text: string): boolean => /^[!-~]{1,255}$/.test(text)

export function parseId(text: string): string {
  if (!isIdentifier(text)) {
    throw new InvalidArgumentError('An id is up to 255 characters of printable ASCII, without spaces.')
  }
  return text
}

/** A name for people: anything that can be read. */
export function parseName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > 255 || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError('A name is one line of up to 255 characters.')
  }
  return name
}

export const parseMakerOrNone = (text: string): string => (text === 'none' ? 'none' : parseName(text))

export const collect: Collect = (text, before) => [...(before ?? []), text]

export const parseUrlOrNone = (text: string): string => (text === 'none' ? 'none' : parseUrl(text))

/** The base address of an API. */
export function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('An address is written https://api.example.com')
  }
  return text
}
