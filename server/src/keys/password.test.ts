import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, verifyPassword } from './password.ts'

test('password: the right one verifies, another does not, and the hash is argon2id', async () => {
  const stored = await hashPassword('correct horse')
  assert.match(stored, /^\$argon2id\$/)
  assert.equal(await verifyPassword(stored, 'correct horse'), true)
  assert.equal(await verifyPassword(stored, 'wrong horse'), false)
})

test('password: a hash of an unknown kind verifies nothing and throws nothing', async () => {
  assert.equal(await verifyPassword('plain:secret', 'secret'), false)
})
