import { suite } from 'node:test'
import type { TestDatabase } from '../testing/postgres.ts'
import { nameIn, testDatabase } from '../testing/postgres.ts'
import type { Fresh } from './contract.ts'
import { keepsTheContract } from './contract.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'

const settings = { connections: 4, waitMillisecondsMax: 2_000 }

let template: Promise<TestDatabase> | undefined

async function migrated(): Promise<TestDatabase> {
  const made = await testDatabase()
  const database = await openPostgres({ ...settings, url: made.url })
  await migrate(database)
  await database.close()
  return made
}

/** `functionAfter: 1`: all that can be goes by a function; else as a server of little load does. */
const freshly = (functionAfter: number) => (): Fresh => {
  let made: Promise<TestDatabase> | undefined
  return {
    async connect() {
      made ??= testDatabase()
      return openPostgres({ ...settings, functionAfter, url: (await made).url })
    },
    async prepare() {
      template ??= migrated()
      made = testDatabase(nameIn((await template).url))
      await made
    },
    remove: async () => (await made)?.remove(),
  }
}

suite('postgres', () => {
  keepsTheContract('postgres, by functions', freshly(1))
  keepsTheContract('postgres, by single statements', freshly(Number.POSITIVE_INFINITY))
})
