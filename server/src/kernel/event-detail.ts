/**
 * What an event says beside whom it is about: words, and `name=value` for what a program reads again. Never a
 * credential: a look-up, an HMAC or a `jti` is none, since nothing can be presented that is made of it.
 */
type Said = string | number | Uint8Array | undefined

/** `said('name', { status: 'disabled' })` is `name status=disabled`. */
export function said(words: string, values: Readonly<Record<string, Said>> = {}): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === 'object' ? textOf(value) : value}`],
  )
  return [words, ...pairs].filter((part) => part !== '').join(' ')
}

/** The values of a detail by their names; words alone are left out. */
export function heardIn(detail: string | undefined): ReadonlyMap<string, string> {
  const pairs = (detail ?? '').split(' ').map((part) => /^(\w+)=(.+)$/.exec(part))
  return new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? '']] : [])))
}

export const bytesIn = (text: string): Uint8Array => Buffer.from(text, 'base64url')

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
