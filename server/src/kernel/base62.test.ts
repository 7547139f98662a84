import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { checksum, decodeBase62, digitsOf, encodeBase62 } from './base62.ts'

const sizes = Array.from({ length: 64 }, (_, at) => at + 1)

/** Bytes at random, and the ends of what fits. */
const samples = (size: number): readonly Buffer[] => [
  Buffer.alloc(size),
  Buffer.alloc(size, 255),
  Buffer.alloc(size, 1),
  ...Array.from({ length: 20 }, () => randomBytes(size)),
]

suite('base 62', () => {
  test('what was encoded is decoded, for every length', () => {
    for (const size of sizes) {
      for (const bytes of samples(size)) {
        const text = encodeBase62(bytes, digitsOf(size))
        assert.equal(text.length, digitsOf(size))
        assert.match(text, /^[0-9A-Za-z]+$/)
        assert.deepEqual(decodeBase62(text, size), bytes)
      }
    }
  })

  test('it is the number, in digits: as plain arithmetic says', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    for (const size of [1, 2, 7, 16, 45]) {
      for (const bytes of samples(size)) {
        let rest = BigInt(`0x${bytes.toString('hex')}`)
        let text = ''
        for (let digit = 0; digit < digitsOf(size); digit += 1) {
          text = alphabet.charAt(Number(rest % 62n)) + text
          rest /= 62n
        }
        assert.equal(encodeBase62(bytes, digitsOf(size)), text)
      }
    }
  })

  test('a number that does not fit and a character that is none are refused', () => {
    for (const size of sizes) assert.equal(decodeBase62('z'.repeat(digitsOf(size) + 1), size), undefined)
    for (const stray of ['-', '_', ' ', '\0', 'ä', '𝟎', '/', ':', '@', '[', '`', '{']) {
      assert.equal(decodeBase62(`1${stray}1`, 8), undefined, stray)
    }
  })

  test('the checksum changes with every character', () => {
    const text = 'tfr_0123456789abcdef'
    const before = checksum(text)
    assert.match(before, /^[0-9A-Za-z]{6}$/)
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}~${text.slice(at + 1)}`
      assert.notEqual(checksum(changed), before)
    }
  })

  test('the checksum is the CRC-32 that everybody has', { skip: typeof crc32 !== 'function' }, () => {
    const text = 'tfr_0123456789abcdef'
    const digits = Buffer.alloc(4)
    digits.writeUInt32BE(crc32(text))
    assert.equal(checksum(text), encodeBase62(digits, 6))
  })
})
