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
    test('an account is locked once, however many failures lock it at the same time, and again after that', async () => {
      const { store } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const lock = { write: 'lock_sign_in', userId: 'user', at: noon, until: noon + 900_000 } as const
      assert.equal((await outcomes([lock])).length, 1)
      assert.equal((await store.findUser('user'))?.lockedUntil, noon + 900_000)
      const later = { ...lock, at: noon + 900_000, until: noon + 1_800_000 }
      assert.equal(await store.commit([later]), 'committed')
    })

    test('a lock is lifted once, and only while it holds', async () => {
      const { store, other } = opened()
      await store.commit([{ write: 'add_user', user: aUser() }])
      const unlock = { write: 'unlock_sign_in', userId: 'user', at: noon } as const
      assert.equal(await store.commit([unlock]), 'overtaken')
      await store.commit([{ write: 'lock_sign_in', userId: 'user', at: noon - 1, until: noon + 1 }])
      assert.equal(await other.commit([{ ...unlock, at: noon + 1 }]), 'overtaken')
      assert.equal(await other.commit([unlock]), 'committed')
      assert.equal((await store.findUser('user'))?.lockedUntil, undefined)
      assert.equal(await store.commit([unlock]), 'overtaken')
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
