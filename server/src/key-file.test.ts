/** What a file of keys may bring in: what this deployment has written, and nothing else. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { markedLine } from './events/marked-line.ts'
import type { Store } from './kernel/store.ts'
import { exportKeys, importKeys, KeyFileError } from './key-file.ts'
import { generateKeyPair } from './keys/key-pair.ts'
import { openKeyRing } from './keys/key-ring.ts'
import { RootSecretError } from './keys/root-secret.ts'
import type { KeyWork } from './keys/rotate.ts'
import { destroyKeys, retireSigningKeys, rotateKeys } from './keys/rotate.ts'
import type { Database } from './storage/database.ts'
import { migrate } from './storage/migrate.ts'
import { sqlStore } from './storage/sql-store.ts'
import { openSqlite } from './storage/sqlite.ts'

const rootSecret = randomBytes(32)
const actor = { actor: 'test', address: undefined, requestId: undefined }

suite('a file of keys', () => {
  let database: Database
  let store: Store
  let begun: readonly string[]
  const now = Date.now()
  const work = (at = now, secret: Uint8Array = rootSecret): KeyWork => ({
    store,
    rootSecret: secret,
    now: at,
    actor,
  })
  const opened = async () => {
    const ring = await openKeyRing(store, rootSecret, undefined)
    ring.close()
    return ring
  }
  /** A line with other members, as somebody without the root secret could write it. */
  const altered = (line: string, members: object): string =>
    JSON.stringify({ ...JSON.parse(line), ...members })

  beforeEach(async () => {
    database = await openSqlite(':memory:')
    await migrate(database)
    store = sqlStore(database)
    await opened()
    begun = await exportKeys(store, rootSecret)
  })
  afterEach(() => database.close())

  test('a line that was changed is refused, whichever of its members', async () => {
    await rotateKeys(work())
    const lines = await exportKeys(store, rootSecret)
    const { publicKey } = generateKeyPair('ES256')
    const forged = JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid: 'theirs', alg: 'ES256' })
    for (const members of [
      { public_jwk: forged },
      { current_from: 9e15 },
      { publish_until: 1 },
      { status: 'destroyed', version: 200 },
      { mark: undefined },
      { mark: 'AAAA' },
    ]) {
      await assert.rejects(
        importKeys(work(), [altered(lines[0] ?? '', members), ...lines.slice(1)]),
        (error) => error instanceof KeyFileError && /Line 1 is not as it was written/.test(error.message),
        JSON.stringify(members),
      )
    }
    assert.equal((await importKeys(work(), lines)).same, lines.length)
  })

  test('a line under another root secret proves nothing, and no secret but the right one writes any', async () => {
    const { mark: _, ...record } = JSON.parse(begun[0] ?? '{}')
    await assert.rejects(importKeys(work(), [markedLine(record, randomBytes(32))]), KeyFileError)
    await assert.rejects(importKeys(work(now, randomBytes(32)), begun), RootSecretError)
    await assert.rejects(exportKeys(store, randomBytes(32)), RootSecretError)
  })

  test('what the table says of a public key is not believed', async () => {
    const before = (await opened()).verifyingKeys(now).map(({ publicJwk }) => publicJwk)
    await database.script(`update keys set public_jwk = '{"kty":"EC","kid":"theirs"}' where kind = 'ES256'`)
    const after = (await opened()).verifyingKeys(now).map(({ publicJwk }) => publicJwk)
    assert.deepEqual(after, before)
  })

  test('a key that was destroyed since stays so, and one that was to end ends no later', async () => {
    const copy = await store.listKeys()
    const rotation = await rotateKeys(work())
    await retireSigningKeys(work(), rotation, 60)
    const retired = await exportKeys(store, rootSecret)
    assert.equal((await destroyKeys(work(now + 3_600_000), 1, true)).destroyed, true)
    const destroyed = await exportKeys(store, rootSecret)
    // As the copy has it: nothing of the rotation, and version 1 as it was.
    await database.script('delete from keys')
    for (const key of copy) await store.commit([{ write: 'add_key', key }])
    assert.deepEqual(await importKeys(work(), retired), { added: 4, changed: 3, same: 1 })
    const ends = (await store.listKeys()).filter(({ version, kind }) => version === 1 && kind !== 'ring')
    assert.ok(ends.every(({ publishUntil }) => publishUntil !== undefined))
    assert.deepEqual(await importKeys(work(), destroyed), { added: 0, changed: 4, same: 4 })
    assert.deepEqual([...(await opened()).ring().destroyed], [1])
    assert.deepEqual(await importKeys(work(), retired), { added: 0, changed: 0, same: 8 })
  })
})
