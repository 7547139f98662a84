/**
 * Lines that leave a deployment and may come back to it after a restore: each under an HMAC of a key that
 * only the root secret gives. Whoever keeps such a file for us can lose it, but not add to it.
 */
import { equal, hmac } from '../kernel/ring.ts'

const markOf = (text: string, key: Uint8Array): Buffer => hmac(key, `tokenferry line ${text}`)

export const markedLine = (record: object, key: Uint8Array): string =>
  JSON.stringify({ ...record, mark: markOf(JSON.stringify(record), key).toString('base64url') })

export type Heard = {
  readonly record: Readonly<Record<string, unknown>>
  /** Whether it was written with this key, and is as it was written. */
  readonly isGenuine: boolean
}

/** What a line says; `undefined` where it is no object of JSON. */
export function heardLine(line: string, key: Uint8Array): Heard | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { mark, ...record } = value as { readonly mark?: unknown }
  const said = typeof mark === 'string' ? Buffer.from(mark, 'base64url') : Buffer.alloc(0)
  return { record, isGenuine: equal(said, markOf(JSON.stringify(record), key)) }
}
