/** The part of the contract that is about who signs in. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import { aUser, noon } from '../testing/records.ts'
import type { Opened } from './contract.ts'

/** Part of `keepsTheContract`. */
export function keepsSignInPromises(opened: () => Opened): void {
  const outcomes = async (writes: readonly Write[]): Promise<readonly string[]> => {
    const { store, other } = opened()
    const commits = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? store : other).commit(writes))
    return (await Promise.all(commits)).filter((outcome) => outcome === 'committed')
  }

  suite('who signs in', () => {
    const actor = { actor: 'tokenferry', address: '192.0.2.1', requestId: 'r' }
    const quarter = 15 * 60_000
    const failed = { write: 'note_failed_sign_in', name: 'n', userId: 'user', at: noon, actor } as const
    const events = async () => (await opened().store.listEvents(0, 100)).map(({ kind }) => kind)

    test('failures count in both processes; the tenth locks the name and its user, once, with one event', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const none = { count: 0, window: 0, lockedUntil: undefined }
      assert.deepEqual(await store.findSignInFailures('n'), none)
      assert.equal((await outcomes([failed])).length, 8)
      await other.commit([failed])
      assert.deepEqual(await store.findSignInFailures('n'), { ...none, count: 9, window: noon })
      assert.equal((await store.findUser('user'))?.lockedUntil, undefined)
      assert.equal((await outcomes([{ ...failed, at: noon + 1 }])).length, 8)
      const lockedUntil = noon + 1 + quarter
      assert.deepEqual(await other.findSignInFailures('n'), { count: 17, window: noon, lockedUntil })
      assert.equal((await other.findUser('user'))?.lockedUntil, lockedUntil)
      assert.deepEqual(await events(), ['sign_in_locked'])
      const [event] = await store.listEvents(0, 1)
      assert.deepEqual([event?.userId, event?.address, event?.requestId], ['user', '192.0.2.1', 'r'])
    })

    test('a name that nobody has is counted and locked alike, and nothing else is written', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const unknown = { ...failed, userId: undefined }
      for (let one = 0; one < 10; one += 1) await store.commit([unknown])
      const lockedUntil = noon + quarter
      assert.deepEqual(await store.findSignInFailures('n'), { count: 10, window: noon, lockedUntil })
      assert.equal((await store.findUser('user'))?.lockedUntil, undefined)
      assert.deepEqual(await events(), [])
      assert.equal((await store.findSignInFailures('other')).count, 0)
    })

    test('each quarter of an hour counts anew, locks anew, and is swept with the counters', async () => {
      const { store } = opened()
      for (const at of [noon, noon + 2 * quarter])
        for (let one = 0; one < 10; one += 1) await store.commit([{ ...failed, at }])
      const failures = await store.findSignInFailures('n')
      assert.deepEqual(failures, { count: 10, window: noon + 2 * quarter, lockedUntil: noon + 3 * quarter })
      await store.commit([{ ...failed, at: noon + 3 * quarter }])
      assert.equal((await store.findSignInFailures('n')).count, 1)
      await store.sweep(noon + 3 * 86_400_000, 100)
      assert.equal((await store.findSignInFailures('n')).lockedUntil, undefined)
    })

    test('a lock is lifted once, only while it holds, and with what was counted', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const unlock = { write: 'unlock_sign_in', userId: 'user', name: 'n', at: noon } as const
      assert.equal(await store.commit([unlock]), 'overtaken')
      for (let one = 0; one < 10; one += 1) await store.commit([failed])
      assert.equal(await other.commit([{ ...unlock, at: noon + quarter }]), 'overtaken')
      assert.equal(await other.commit([unlock]), 'committed')
      assert.equal((await store.findUser('user'))?.lockedUntil, undefined)
      assert.deepEqual(await store.findSignInFailures('n'), { count: 0, window: 0, lockedUntil: undefined })
      assert.equal(await store.commit([unlock]), 'overtaken')
    })

    test('a password’s hash is made anew only where it is still the one that was seen', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_user', user: aUser({ passwordHash: 'before' }) }])
      const renew = { write: 'note_password_hash', userId: 'user', seen: 'before', hash: 'after' } as const
      assert.equal(await store.commit([renew]), 'committed')
      assert.equal(await store.commit([renew]), 'overtaken')
      assert.equal((await store.findUser('user'))?.passwordHash, 'after')
    })

    test('a user is added once, and never over another one of this id or name', async () => {
      const { store } = opened()
      const user = aUser({ email: 'a@x.example', name: 'A', language: 'de' })
      assert.equal((await outcomes([{ write: 'add_user', user }])).length, 1)
      assert.deepEqual(await store.findUser('user'), user)
      for (const changes of [{ id: 'other' }, { username: 'other' }])
        assert.equal(
          await store.commit([{ write: 'add_user', user: aUser({ name: 'B', ...changes }) }]),
          'overtaken',
        )
      assert.deepEqual(await store.findUser('user'), user)
      assert.equal(await store.findUser('other'), undefined)
    })

    test('users are found by their address, in capitals or not; two are enough to know', async () => {
      const { store } = opened()
      for (const [id, email] of [
        ['a', 'Alice@Acme.example'],
        ['b', 'bob@acme.example'],
        ['c', 'BOB@acme.example'],
        ['d', 'bob@acme.EXAMPLE'],
      ] as const)
        await store.commit([{ write: 'add_user', user: aUser({ id, username: id, email }) }])
      const found = async (email: string) => (await store.findUsersByEmail(email)).map(({ id }) => id)
      assert.deepEqual(await found('alice@acme.example'), ['a'])
      assert.equal((await found('bob@acme.example')).length, 2)
      assert.deepEqual(await found('%@acme.example'), [])
    })

    test('a language is remembered where none is known, and never over another', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const note = (language: string) => store.commit([{ write: 'note_language', userId: 'user', language }])
      assert.equal(await note('de'), 'committed')
      assert.equal(await note('en'), 'overtaken')
      assert.equal((await store.findUser('user'))?.language, 'de')
    })
  })
}
