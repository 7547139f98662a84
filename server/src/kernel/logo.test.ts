import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { contentTypeOf, logoBytesMax, readLogo } from './logo.ts'
import { sha256 } from './ring.ts'

const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

suite('logo', () => {
  const kindOf = (bytes: Uint8Array): string => {
    const read = readLogo(bytes)
    return typeof read === 'string' ? read : (contentTypeOf(read.name) ?? 'none')
  }

  test('what a picture is, its first bytes say', () => {
    assert.equal(kindOf(Buffer.from([...png, 0, 0])), 'image/png')
    assert.equal(kindOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0])), 'image/jpeg')
    assert.equal(kindOf(Buffer.from('RIFF\0\0\0\0WEBPVP8 ')), 'image/webp')
  })

  test('nothing else is taken for one, least of all what may carry scripts', () => {
    for (const text of [
      '',
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      '<?xml version="1.0"?><svg/>',
      'GIF89a',
    ])
      assert.equal(kindOf(Buffer.from(text)), 'no picture', text)
    assert.equal(kindOf(Buffer.from('RIFF\0\0\0\0WAVEfmt ')), 'no picture')
    assert.equal(kindOf(Buffer.from(png.slice(0, 7))), 'no picture')
    assert.equal(kindOf(Buffer.from([0x20, ...png])), 'no picture')
  })

  test('it has 64 KiB at the most', () => {
    const bytes = Buffer.alloc(logoBytesMax + 1)
    bytes.set(png)
    assert.equal(kindOf(bytes), 'too large')
    assert.equal(kindOf(bytes.subarray(0, logoBytesMax)), 'image/png')
  })

  test('it is called by its content, and by nothing else', () => {
    const bytes = Buffer.from([...png, 1])
    const logo = readLogo(bytes)
    assert.ok(typeof logo !== 'string')
    assert.equal(logo.name, `${sha256(bytes).toString('hex')}.png`)
    for (const name of [
      '../x.png',
      `${'a'.repeat(64)}.svg`,
      `${'A'.repeat(64)}.png`,
      'a.png',
      `${logo.name}/`,
      '',
    ])
      assert.equal(contentTypeOf(name), undefined, name)
  })
})
