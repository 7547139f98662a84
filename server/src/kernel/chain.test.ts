import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { suite, test } from 'node:test'
import { aRing, aRingVersion } from '../testing/records.ts'
import { checksum } from './base62.ts'
import {
  hearRefreshToken,
  hearTokenId,
  legacyLocator,
  locatorBytes,
  sayRefreshToken,
  sayTokenId,
  wrapLocator,
} from './chain.ts'

const version = aRingVersion(1)
const ring = aRing([aRingVersion(2), version])
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const aToken = () => ({
  number: randomInt(2 ** 47),
  locator: randomBytes(locatorBytes),
  generation: randomInt(2 ** 32),
})

/** The same text with another character at a place, its checksum made right again. */
const resealed = (text: string): string => text.slice(0, -6) + checksum(text.slice(0, -6))

suite('refresh tokens', () => {
  test('what was said is heard: number, locator, generation and version', () => {
    const edges = [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER].map((number) => ({ ...aToken(), number }))
    const generations = [0, 2 ** 32 - 1].map((generation) => ({ ...aToken(), generation }))
    for (const token of [...edges, ...generations, ...Array.from({ length: 200 }, aToken)]) {
      const heard = hearRefreshToken(ring, sayRefreshToken(version, token))
      assert.deepEqual(heard, { heard: 'genuine', token: { version: 1, ...token } })
    }
  })

  test('each has 71 characters, the prefix, and a checksum that can be checked offline', () => {
    for (let count = 0; count < 100; count += 1) {
      const text = sayRefreshToken(version, aToken())
      assert.equal(text.length, 71)
      assert.match(text, /^tfr_[0-9A-Za-z]{67}$/)
      assert.equal(resealed(text), text)
    }
  })

  test('the same generation is said in the same words, each time', () => {
    const token = aToken()
    assert.equal(sayRefreshToken(version, token), sayRefreshToken(version, { ...token }))
  })

  test('every changed character is refused, with its checksum and without', () => {
    const text = sayRefreshToken(version, aToken())
    for (let at = 0; at < text.length; at += 1) {
      for (const character of [...alphabet].filter((other) => other !== text[at])) {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        assert.equal(hearRefreshToken(ring, changed).heard, 'forged', `${at}`)
      }
    }
    // Whoever can compute a checksum still cannot compute the tag: but for the version, which then is not
    // known.
    for (let at = 4; at < text.length - 6; at += 1) {
      const character = text[at] === 'A' ? 'B' : 'A'
      const { heard } = hearRefreshToken(ring, resealed(text.slice(0, at) + character + text.slice(at + 1)))
      assert.ok(heard === 'forged' || heard === 'version_unknown', `${at}`)
    }
  })

  test('only the one spelling is accepted', () => {
    const text = sayRefreshToken(version, aToken())
    const odd = [
      ` ${text}`,
      `${text} `,
      `${text}\n`,
      text.toUpperCase(),
      text.slice(1),
      `${text}0`,
      text.slice(4),
      '',
      'tfr_',
    ]
    for (const spelling of odd) assert.equal(hearRefreshToken(ring, spelling).heard, 'forged')
    // A leading zero more, or a number too large for the bytes, would be a second name of the same token.
    assert.equal(hearRefreshToken(ring, resealed(`tfr_0${text.slice(4)}`)).heard, 'forged')
    assert.equal(hearRefreshToken(ring, resealed(`tfr_${'z'.repeat(61)}000000`)).heard, 'forged')
  })

  test('a version that is not known is not the caller’s mistake; a destroyed one is over', () => {
    const text = sayRefreshToken(aRingVersion(9), aToken())
    assert.equal(hearRefreshToken(ring, text).heard, 'version_unknown')
    const after = aRing([version], { destroyed: new Set([9]) })
    assert.equal(hearRefreshToken(after, text).heard, 'version_destroyed')
  })

  test('another deployment’s key of the same version says nothing here', () => {
    assert.equal(hearRefreshToken(ring, sayRefreshToken(aRingVersion(1), aToken())).heard, 'forged')
  })

  test('the number is masked: neighbours look no more alike than strangers', () => {
    const one = { ...aToken(), number: 1000 }
    const texts = Array.from({ length: 50 }, (_, generation) =>
      sayRefreshToken(version, { ...one, generation }),
    )
    // The characters that would hold the plain number differ from one generation to the next.
    assert.equal(new Set(texts.map((text) => text.slice(6, 14))).size, texts.length)
  })
})

suite('locators', () => {
  test('a legacy token, a client and the count of its resets name one locator, again and again', () => {
    const same = () => legacyLocator(version, 'token', 'app', 0)
    assert.deepEqual(same(), same())
    assert.equal(same().length, locatorBytes)
    const others = [
      legacyLocator(version, 'token', 'app', 1),
      legacyLocator(version, 'token', 'ap', 0),
      legacyLocator(version, 'toke', 'napp', 0),
      legacyLocator(version, 'tokena', 'pp', 0),
      legacyLocator(aRingVersion(1), 'token', 'app', 0),
    ]
    for (const other of others) assert.notDeepEqual(other, same())
  })

  test('a locator wrapped by a code comes back with that code, and with no other', () => {
    const locator = randomBytes(locatorBytes)
    const wrapped = wrapLocator(version, 'code', locator)
    assert.notDeepEqual(wrapped, locator)
    assert.deepEqual(wrapLocator(version, 'code', wrapped), locator)
    assert.notDeepEqual(wrapLocator(version, 'other', wrapped), locator)
    assert.notDeepEqual(wrapLocator(aRingVersion(1), 'code', wrapped), locator)
  })
})

suite('token ids', () => {
  test('80 hex digits that lead to the grant', () => {
    for (const number of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const id = sayTokenId(version, number, randomBytes(31))
      assert.match(id, /^[0-9a-f]{80}$/)
      assert.equal(hearTokenId(ring, id), number)
    }
  })

  test('two ids of one grant have nothing in common but the version', () => {
    const [one = '', other = ''] = [0, 1].map(() => sayTokenId(version, 7, randomBytes(31)))
    assert.notEqual(one.slice(0, 16), other.slice(0, 16))
    assert.equal(one.slice(16, 18), other.slice(16, 18))
  })

  test('an id that is none of ours, or of an unknown version, leads nowhere', () => {
    assert.equal(hearTokenId(ring, 'x'), undefined)
    assert.equal(hearTokenId(ring, 'A'.repeat(80)), undefined)
    assert.equal(hearTokenId(ring, sayTokenId(aRingVersion(9), 7, randomBytes(31))), undefined)
  })
})
