/** What the store promises of connections that wait for their user. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import type { Connection } from '../kernel/records.ts'
import { aConnection } from '../testing/records.ts'
import type { Opened } from './contract.ts'

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
      // Once confirmed, nothing is slipped under it.
      const more: Write = { write: 'widen_connection', connection: { number: 7, scopes: ['all'] } }
      await store.commit([{ write: 'revoke_access_token', jti: 'another guard', expires: 1 }, more])
      assert.deepEqual((await store.findConnectionByNumber(7))?.scopes, ['read', 'write'])
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
