/** The contract of what is imported of people: users, organizations, memberships. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { User } from '../kernel/records.ts'
import { anOrganization, aUser } from '../testing/records.ts'
import type { Opened } from './contract.ts'
import { sqlStore } from './sql-store.ts'

/** Part of `keepsTheContract`. */
export function keepsPeoplePromises(opened: () => Opened): void {
  suite('imports of people', () => {
    test('of many ids, those that are not here are counted as often as they are named', async () => {
      const { store } = opened()
      const ids = [`o'"1`, 'ö\\2', 'three']
      const organization = { region: undefined, apiDomain: undefined, allowedAddresses: [] } as const
      await store.importOrganizations(ids.map((id) => ({ id, name: id, status: 'enabled', ...organization })))
      const gone = Array.from({ length: 3000 }, (_, at) => `gone-${at % 1000}`)
      const named = { users: ids, organizations: [...ids, ...gone, ...ids] }
      assert.deepEqual(await store.countUnknown(named), { users: 3, organizations: 3000 })
      assert.deepEqual(await store.countUnknown({ users: [], organizations: [] }), {
        users: 0,
        organizations: 0,
      })
    })

    test('users and organizations by the thousand are few statements, since commits wait for each', async () => {
      const { database } = opened()
      const sizes: number[] = []
      const store = sqlStore({
        ...database,
        bulk(statements) {
          sizes.push(statements.length)
          return database.bulk(statements)
        },
      })
      const ids = Array.from({ length: 1201 }, (_, at) => `u${at}`)
      const users = ids.map((id) => ({
        user: aUser({ id, username: id }),
        organizations: [id, 'o'],
        adminOf: ['a'],
      }))
      assert.deepEqual(await store.importUsers(users), [])
      await store.importOrganizations(ids.map((id) => anOrganization({ id })))
      assert.ok(sizes.length <= 8 && sizes.every((size) => size <= 3), `statements: ${sizes.join(', ')}`)
      const counted = ['users', 'memberships', 'organizations'].map((table) =>
        database.query(`select count(*) as count from ${table}`, []),
      )
      assert.deepEqual(
        (await Promise.all(counted)).map(([row]) => row?.count),
        [1201, 3603, 1201],
      )
      assert.deepEqual(await store.importUsers(users), [], 'again, and nothing is refused')
    })

    test('a user or an organization that comes twice is as its last row says, where that says anything', async () => {
      const { store, other } = opened()
      const row = (changes: Partial<User>, organizations: string[], adminOf: string[] = []) => ({
        user: aUser({ id: 'u', ...changes }),
        organizations,
        adminOf,
      })
      const refused = await store.importUsers([
        row({ username: 'first', email: 'u@x.example', name: `o'"\\` }, ['o', 'o'], ['o', 'o']),
        row({ username: 'second', email: undefined, language: 'de' }, ['o', 'p']),
        row({ id: 'other', username: 'first' }, ['q']),
        row({ id: 'third', username: 'third' }, []),
      ])
      assert.deepEqual(refused, [2])
      const expected = { id: 'u', username: 'second', email: 'u@x.example', name: `o'"\\`, language: 'de' }
      assert.deepEqual({ ...(await other.findUser('u')) }, aUser(expected))
      assert.deepEqual(await other.findUser('other'), undefined)
      await store.importOrganizations([
        anOrganization({
          id: 'o',
          name: 'One',
          region: 'eu',
          allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
        }),
        anOrganization({ id: 'p' }),
        anOrganization({ id: 'o', name: 'Two', apiDomain: 'https://o.example' }),
      ])
      const found = {
        id: 'o',
        name: 'Two',
        region: 'eu',
        apiDomain: 'https://o.example',
        allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
      }
      assert.deepEqual(await other.findOrganization('o'), anOrganization(found))
      assert.deepEqual(
        (await other.findMemberships('u')).map(({ organization, role }) => [organization.id, role]).sort(),
        [
          ['o', 'admin'],
          ['p', 'member'],
        ],
      )
    })
  })
}
