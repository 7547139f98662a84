import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { sign, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { generateKeyPair } from './key-pair.ts'
import { signatureAlgorithms } from './key-ring.ts'

suite('pairs of keys', () => {
  for (const algorithm of signatureAlgorithms)
    test(`${algorithm}: its public key is good for what its private one signed`, () => {
      const { privateKey, publicKey } = generateKeyPair(algorithm)
      const digest = algorithm === 'EdDSA' ? null : 'sha256'
      const signature = sign(digest, Buffer.from('ada'), privateKey)
      assert.equal(verify(digest, Buffer.from('ada'), publicKey, signature), true)
      assert.equal(verify(digest, Buffer.from('bob'), publicKey, signature), false)
    })

  // The generator's own objects hang here at the first or the second pair. With `--gc-global` every
  // collection throws away what made the pair, and nearly all that is allocated is so within `export`.
  test('a collection of garbage while a key is written out does not hang', () => {
    const program = `
      import { generateKeyPair } from ${JSON.stringify(import.meta.url.replace('.test', ''))}
      for (let pair = 0; pair < 10; pair += 1) {
        const { publicKey } = generateKeyPair('ES256')
        for (let time = 0; time < 4_000; time += 1) publicKey.export({ format: 'jwk' })
      }
      console.log('done')`
    const options = ['--gc-global', '--max-semi-space-size=1', '--input-type=module', '--eval', program]
    const ended = spawnSync(process.execPath, options, { timeout: 60_000, encoding: 'utf8' })
    assert.equal(ended.stdout, 'done\n', ended.stderr)
  })
})
