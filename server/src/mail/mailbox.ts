/** Addresses of mail, as headers and envelopes need them. */

export type Mailbox = { readonly name: string; readonly address: string }

/**
 * Stricter than RFC 5321 §4.1.2, which allows quotes, comments and spaces: nobody needs those, and each has
 * carried a second recipient or another header past somebody's check.
 */
const addressPattern = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,252}[\p{L}\p{N}])?$/u

export const isMailAddress = (text: string): boolean =>
  addressPattern.test(text) && !/^\.|\.\.|\.@/.test(text)

/** `Acme <no-reply@acme.example>`, or the address alone. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, name = '', address = ''] = /^(?:([^<>"\p{C}]*)<)?([^<>]*)>?$/u.exec(text.trim()) ?? []
  if (text.includes('<') !== text.trim().endsWith('>') || !isMailAddress(address.trim())) return undefined
  return { name: name.trim(), address: address.trim() }
}
