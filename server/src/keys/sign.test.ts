import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { generateKeyPair } from './key-pair.ts'
import type { SigningKey } from './sign.ts'
import { keyId, signToken, verifyToken } from './sign.ts'

function aKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPair('ES256')
  const jwk = publicKey.export({ format: 'jwk' })
  const publicJwk = { ...jwk, kid: keyId(jwk), alg: 'ES256', use: 'sig' }
  return { algorithm: 'ES256', privateKey, publicJwk, currentFrom: 0, publishUntil: undefined, signs: true }
}

const signed = (key: SigningKey, claims: object): Promise<string> =>
  signToken({ alg: 'ES256', kid: key.publicJwk.kid }, claims, key)

suite('signed tokens', () => {
  test('a token is good as often as it is asked about, and for its own key alone', async () => {
    const [key, other] = [aKey(), aKey()]
    const token = await signed(key, { sub: 'ada' })
    for (let time = 0; time < 3; time += 1) {
      assert.equal(verifyToken(token, [other, key])?.claims.sub, 'ada')
      assert.equal(verifyToken(token, [other]), undefined, 'its key is gone')
      assert.equal(verifyToken(token, []), undefined)
    }
  })

  test('what was found good makes nothing else good', async () => {
    const [key, other] = [aKey(), aKey()]
    const token = await signed(key, { sub: 'ada' })
    assert.ok(verifyToken(token, [key]))
    const [head, , signature] = token.split('.')
    const body = Buffer.from(JSON.stringify({ sub: 'eve' })).toString('base64url')
    const named = { ...other, publicJwk: { ...other.publicJwk, kid: key.publicJwk.kid } }
    for (const forged of [
      `${head}.${body}.${signature}`,
      `${token}A`,
      `${token}.`,
      token.slice(0, -1),
      await signed(named, { sub: 'ada' }),
    ]) {
      assert.equal(verifyToken(forged, [key]), undefined)
    }
  })

  test('what is remembered of a token keeps nothing alive of what it came in', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const key = aKey()
    const bytes = 2 ** 20
    const heard = async (at: number): Promise<void> => {
      const token = await signed(key, { sub: `user ${at}` })
      const body = `token=${token}&padding=${'x'.repeat(bytes)}`
      assert.ok(verifyToken(body.slice('token='.length, 'token='.length + token.length), [key]))
    }
    await heard(0)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let at = 1; at <= 64; at += 1) await heard(at)
    collect()
    assert.ok(process.memoryUsage().heapUsed - before < 8 * bytes)
  })

  test('of more than are remembered, each is still good', async () => {
    const key = aKey()
    const tokens = await Promise.all(Array.from({ length: 5000 }, (_, at) => signed(key, { at })))
    for (const round of [0, 1]) {
      for (const [at, token] of tokens.entries()) {
        assert.equal(verifyToken(token, [key])?.claims.at, at, `round ${round}`)
      }
    }
  })
})
