/** What the store promises of connections that wait for their user. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import type { Connection } from '../kernel/records.ts'
import { aCode, aConnection } from '../testing/records.ts'
import type { Opened } from './contract.ts'

/** What a commit expects that adds these scopes to what was seen. */
const expecting = (seen: Connection, more: readonly string[]): ConnectionExpected => ({
  clientId: seen.clientId,
  userId: seen.userId,
  organizationId: seen.organizationId,
  found: { ...seen, scopes: more.length === 0 ? undefined : seen.scopes },
})

export function keepsConfirmationPromises(opened: () => Opened): void {
  suite('a connection that waits for its user', () => {
    const waiting = aConnection({ number: 7, confirmation: 'pending' })
    const allow = (connection: Connection): Write => ({
      write: 'allow_connection',
      connection,
      seen: undefined,
    })
    const confirm = (connection: Connection): Write => ({ write: 'confirm_connection', connection })

    test('is confirmed once, and only while it waits', async () => {
      const { store, other } = opened()
      const settled = aConnection({ number: 8, userId: 'another' })
      for (const connection of [waiting, settled]) await store.commit([allow(connection)])
      const outcomes = await Promise.all([store, other].map((each) => each.commit([confirm(waiting)])))
      assert.deepEqual(outcomes.sort(), ['committed', 'overtaken'])
      assert.deepEqual(await store.findConnectionByNumber(7), { ...waiting, confirmation: 'confirmed' })
      assert.equal(await store.commit([confirm(settled)]), 'overtaken')
      assert.deepEqual(await store.findConnectionByNumber(8), settled)
    })

    test('is not confirmed once it was revoked, whatever began anew in its place', async () => {
      const { store, other } = opened()
      await store.commit([allow(waiting)])
      await store.commit([{ write: 'revoke_connection', connection: waiting }])
      assert.equal(await other.commit([confirm(waiting)]), 'overtaken')
      const revoked = await store.findConnectionByNumber(7)
      assert.ok(revoked)
      const anew = { ...revoked, status: 'live' } as const
      await store.commit([{ write: 'allow_connection', connection: anew, seen: revoked }])
      assert.equal(await other.commit([confirm(waiting)]), 'overtaken', 'another epoch')
      assert.equal((await store.findConnectionByNumber(7))?.confirmation, 'pending')
    })

    test('is confirmed as it was seen: not with what came to it since', async () => {
      const { store, other } = opened()
      await store.commit([allow(waiting)])
      const widened = { ...waiting, scopes: ['read', 'write'] }
      const widen: Write = { write: 'widen_connection', connection: widened }
      await store.commit([{ write: 'revoke_access_token', jti: 'guard', expires: 1 }, widen])
      assert.equal(await other.commit([confirm(waiting)]), 'overtaken')
      assert.equal(await other.commit([confirm(widened)]), 'committed')
    })

    test('nothing is slipped under it by who saw it before its user confirmed', async () => {
      const { store, other } = opened()
      const code = (at: number) => aCode({ hash: Buffer.alloc(32, at) })
      const redeem = (at: number, seen: Connection, more: readonly string[]): readonly Write[] => [
        {
          write: 'redeem_code',
          hash: code(at).hash,
          grantNumber: undefined,
          connection: expecting(seen, more),
        },
        { write: 'widen_connection', connection: { ...seen, scopes: [...seen.scopes, ...more] } },
      ]
      await store.commit([allow(waiting)])
      for (const at of [1, 2, 3])
        await store.commit([{ write: 'add_code', code: code(at), openMax: undefined }])
      assert.equal(await store.commit([confirm(waiting)]), 'committed')
      assert.equal(await other.commit(redeem(1, waiting, ['write'])), 'overtaken')
      assert.equal(
        await other.commit(redeem(1, waiting, [])),
        'overtaken',
        'it would say what sleeps no more',
      )
      const confirmed = { ...waiting, confirmation: 'confirmed' } as const
      assert.deepEqual(await store.findConnectionByNumber(7), confirmed)
      // Of two that add to what they saw, neither takes away what the other added.
      const outcomes = await Promise.all([
        store.commit(redeem(1, confirmed, ['write'])),
        other.commit(redeem(2, confirmed, ['admin'])),
      ])
      assert.deepEqual(outcomes.sort(), ['committed', 'overtaken'])
      // And who adds nothing is not held up by them.
      assert.equal(await other.commit(redeem(3, confirmed, []).slice(0, 1)), 'committed')
    })

    test('waits again, with all that it may do, from the commit that widens it', async () => {
      const { store, other } = opened()
      const confirmed = { ...waiting, confirmation: 'confirmed' } as const
      await store.commit([allow(confirmed)])
      await store.commit([{ write: 'add_code', code: aCode(), openMax: undefined }])
      const widened = { ...waiting, scopes: ['read', 'write'] }
      const outcome = await store.commit([
        {
          write: 'redeem_code',
          hash: aCode().hash,
          grantNumber: undefined,
          connection: expecting(confirmed, ['write']),
        },
        { write: 'widen_connection', connection: widened },
      ])
      assert.equal(outcome, 'committed')
      assert.deepEqual(await other.findConnectionByNumber(7), widened)
    })

    test('a consent that saw it otherwise than it is loses, and nothing of it is left', async () => {
      const { store, other } = opened()
      await store.commit([allow(waiting)])
      assert.equal(await store.commit([confirm(waiting)]), 'committed')
      const consent = { write: 'allow_connection', connection: { ...waiting, scopes: ['write'] } } as const
      assert.equal(await other.commit([{ ...consent, seen: waiting }]), 'overtaken')
      const found = await store.findConnectionByNumber(7)
      assert.deepEqual([found?.confirmation, found?.scopes], ['confirmed', ['read']])
    })
  })
}
