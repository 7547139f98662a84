import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccountFinders } from '../kernel/account-finders.ts'
import { accountFindersOf } from './account-finders.ts'
import { migrate } from './migrate.ts'
import { text } from './rows.ts'
import { openSqlite } from './sqlite.ts'

const first = { after: undefined, limit: 50 }
const asks: Readonly<Record<keyof AccountFinders, (finders: AccountFinders) => Promise<unknown>>> = {
  findMemberships: (finders) => finders.findMemberships('user'),
  listAppsOf: (finders) => finders.listAppsOf('user'),
  listOrganizationApps: (finders) => finders.listOrganizationApps('company'),
  listOrganizationConnections: (finders) => finders.listOrganizationConnections('company', 'app', first),
  findConnectedApp: (finders) => finders.findConnectedApp(1),
  listSessions: (finders) => finders.listSessions('user'),
  isBarred: (finders) => finders.isBarred('company', 'app'),
  listBarring: (finders) => finders.listBarring('user', 'app'),
  listBarred: (finders) => finders.listBarred('company'),
  listMembers: (finders) => finders.listMembers('company', first),
}

suite('what the user’s own pages ask', () => {
  for (const [name, ask] of Object.entries(asks)) {
    test(`${name} reads no table from end to end, in one statement`, async () => {
      const database = await openSqlite(':memory:')
      await migrate(database)
      const plans: string[][] = []
      const explained = accountFindersOf({
        ...database,
        async query(sql, values) {
          const plan = await database.query(`explain query plan ${sql}`, values)
          plans.push(plan.map(({ detail }) => text(detail)))
          return database.query(sql, values)
        },
      })
      await ask(explained)
      assert.equal(plans.length, 1)
      // What the statement has put together (`ours`, `named`, a row of constants) is no table.
      const scans = plans
        .flat()
        .filter((line) => line.startsWith('SCAN') && !/^SCAN (ours|named|CONSTANT ROW)$/.test(line))
      assert.deepEqual(scans, [])
      await database.close()
    })
  }
})
