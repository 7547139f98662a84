import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TestDatabase } from '../testing/postgres.ts'
import { administer, testDatabase } from '../testing/postgres.ts'
import type { Fresh } from './contract.ts'
import { keepsTheContract, openTwice } from './contract.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'

const settings = { connections: 4, waitMillisecondsMax: 2_000 }

/** One database serves all tests that begin with a migrated one: emptying it is quicker than another copy. */
let kept: Promise<TestDatabase> | undefined

let tables: ReadonlySet<string> = new Set()

/** Tables that a test has made for itself go. */
const emptied = (): string => `do $empty$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = current_schema loop
    if name <> all (array[${[...tables].map((table) => `'${table}'`).join(', ')}]) then execute 'drop table ' || name;
    elsif name not in ('meta', 'migrations') then execute 'delete from ' || name; end if;
  end loop;
  delete from migrations where id = 9999;
  delete from meta where key not in ('deployment_id', 'events_read');
  update meta set value = '0' where key = 'events_read';
  alter table events alter column id restart;
end $empty$`

async function migrated(): Promise<TestDatabase> {
  const made = await testDatabase()
  const database = await openPostgres({ ...settings, url: made.url })
  await migrate(database)
  tables = await database.tables()
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
      kept ??= migrated()
      await administer((await kept).url, emptied())
      made = kept
    },
    async remove() {
      if (made !== kept) await (await made)?.remove()
    },
  }
}

test('postgres: a column that a newer node adds leaves the statements of this one good', async () => {
  const place = await testDatabase()
  const { store, database, close } = await openTwice({
    connect: () => openPostgres({ ...settings, url: place.url }),
    remove: () => undefined,
  })
  assert.equal((await store.findClient('app'))?.id, 'app')
  await database.script('alter table clients add column later text')
  const asked = await Promise.all([
    store.findClient('app'),
    store.findClient('other'),
    store.findClient('app'),
  ])
  assert.deepEqual(
    asked.map((client) => client?.id),
    ['app', undefined, 'app'],
  )
  await close()
  await place.remove()
})

suite('postgres', () => {
  keepsTheContract('postgres, by functions', freshly(1))
  keepsTheContract('postgres, by single statements', freshly(Number.POSITIVE_INFINITY))
})
