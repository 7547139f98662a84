/** Addresses and ranges of them (`192.0.2.0/24`, `2001:db8::/32`), as an organization allows them. */

type Heard = { readonly bits: 32 | 128; readonly value: bigint }

/** Whether the address is in one of the ranges. What is no address is in none. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const heard = hearAddress(address)
  return heard !== undefined && ranges.some((range) => contains(range, heard))
}

/** Whether this is a range, or a single address. */
export function isRange(text: string): boolean {
  const [base = '', length, more] = text.split('/')
  const heard = hearAddress(base)
  if (!heard || more !== undefined) return false
  return length === undefined || (/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= heard.bits)
}

/**
 * Whom an address stands for: of IPv6 the network of 64 bits, since whoever has one address of it has them
 * all (RFC 4291 §2.5.4, RFC 6177); of IPv4 itself.
 */
export function networkOf(address: string): string {
  // Most are of IPv4, and this is asked with every request.
  if (!address.includes(':')) return address
  const heard = hearAddress(address.replace(/%.*/, ''))
  if (!heard) return address
  if (heard.bits === 32) return [24n, 16n, 8n, 0n].map((by) => (heard.value >> by) & 0xffn).join('.')
  return `${[112n, 96n, 80n, 64n].map((by) => ((heard.value >> by) & 0xffffn).toString(16)).join(':')}::/64`
}

function contains(range: string, address: Heard): boolean {
  if (!isRange(range)) return false
  const [base = '', length] = range.split('/')
  const heard = hearAddress(base)
  if (heard?.bits !== address.bits) return false
  const free = BigInt(heard.bits - (length === undefined ? heard.bits : Number(length)))
  return heard.value >> free === address.value >> free
}

function hearAddress(text: string): Heard | undefined {
  const four = hearFour(text)
  if (four !== undefined) return { bits: 32, value: four }
  const groups = hearGroups(text.toLowerCase())
  if (!groups) return undefined
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
  // An address of IPv4 as a socket for both kinds says it (RFC 4291 §2.5.5.2).
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value }
}

function hearFour(text: string): bigint | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (!parts?.every((part) => part <= 255)) return undefined
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

/** The eight groups of an address of IPv6 (RFC 4291 §2.2). */
function hearGroups(text: string): readonly number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const four = dotted?.[2] === undefined ? undefined : hearFour(dotted[2])
  if (dotted && four === undefined) return undefined
  const whole =
    dotted && four !== undefined
      ? `${dotted[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`
      : text
  const [head = '', tail, more] = whole.split('::')
  if (more !== undefined) return undefined
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const all = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  return all.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? all.map((group) => parseInt(group, 16))
    : undefined
}
