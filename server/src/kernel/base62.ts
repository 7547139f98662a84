/** Base 62 of a fixed number of bytes, and the CRC-32 that ends a token. No allocation but the answer's. */

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const values = new Int8Array(128).fill(-1)
for (let value = 0; value < 62; value += 1) values[alphabet.charCodeAt(value)] = value

// Five digits at a time: 62^5 times 2^16 stays below 2^53, so that plain numbers are exact.
const groupDigits = 5
const groupSize = 62 ** groupDigits

/** How many digits `bytes` bytes take. */
export const digitsOf = (bytes: number): number => Math.ceil((bytes * 8) / Math.log2(62))

export function encodeBase62(bytes: Uint8Array, digits: number): string {
  const limbs = new Array<number>(Math.ceil(bytes.length / 2))
  // An odd number of bytes has a first limb of one byte.
  const odd = bytes.length % 2
  for (let limb = 0; limb < limbs.length; limb += 1) {
    const at = 2 * limb - odd
    limbs[limb] = (at < 0 ? 0 : (bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  }
  const text = Buffer.allocUnsafe(digits)
  let first = 0
  for (let left = digits; left > 0; ) {
    let rest = 0
    for (let at = first; at < limbs.length; at += 1) {
      const value = rest * 65_536 + (limbs[at] ?? 0)
      const quotient = Math.floor(value / groupSize)
      rest = value - quotient * groupSize
      limbs[at] = quotient
    }
    while (first < limbs.length && limbs[first] === 0) first += 1
    for (let digit = 0; digit < groupDigits && left > 0; digit += 1) {
      left -= 1
      text[left] = alphabet.charCodeAt(rest % 62)
      rest = Math.floor(rest / 62)
    }
  }
  return text.toString('latin1')
}

/** The bytes, or `undefined` where a character is none of the 62 or the number is too large. */
export function decodeBase62(text: string, bytes: number): Buffer | undefined {
  const limbs = new Array<number>(Math.ceil(bytes / 2)).fill(0)
  for (let at = 0; at < text.length; ) {
    let scale = 1
    let carry = 0
    for (const end = Math.min(at + groupDigits, text.length); at < end; at += 1) {
      const code = text.charCodeAt(at)
      const digit = code < 128 ? (values[code] ?? -1) : -1
      if (digit < 0) return undefined
      carry = carry * 62 + digit
      scale *= 62
    }
    for (let limb = limbs.length - 1; limb >= 0; limb -= 1) {
      const value = (limbs[limb] ?? 0) * scale + carry
      carry = Math.floor(value / 65_536)
      limbs[limb] = value - carry * 65_536
    }
    if (carry !== 0) return undefined
  }
  const all = Buffer.alloc(limbs.length * 2)
  for (let limb = 0; limb < limbs.length; limb += 1) all.writeUInt16BE(limbs[limb] ?? 0, limb * 2)
  if (bytes % 2 === 1 && all[0] !== 0) return undefined
  return all.subarray(all.length - bytes)
}

const crcTable = new Uint32Array(256)
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
  crcTable[byte] = crc
}

/**
 * CRC-32 (IEEE 802.3) of a text of ASCII characters, as six digits: scanners can tell a real token offline.
 */
export function checksum(text: string): string {
  let crc = 0xffffffff
  for (let at = 0; at < text.length; at += 1) {
    crc = (crcTable[(crc ^ text.charCodeAt(at)) & 0xff] ?? 0) ^ (crc >>> 8)
  }
  let rest = (crc ^ 0xffffffff) >>> 0
  let digits = ''
  for (let digit = 0; digit < 6; digit += 1) {
    digits = alphabet.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
