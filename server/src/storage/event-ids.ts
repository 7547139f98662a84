/**
 * Ids of events: in the order in which they were committed, and none of them given twice, because whoever
 * reads events goes on behind the last id that they have seen.
 */
import type { Database } from './database.ts'
import { number } from './rows.ts'

/** The newest id that was given, whether or not its event is still there. */
export async function newestEventId(database: Database): Promise<number> {
  const [row] = await database.scan(newestSql[database.backend], [])
  return number(row?.newest ?? 0)
}

/** The id behind which so many events stand, or fewer where there are no more. */
export async function eventIdBefore(database: Database, count: number): Promise<number> {
  const [row] = await database.scan('select id from events order by id desc limit 1 offset $1', [count])
  return number(row?.id ?? 0)
}

/** The next id is above this one. Ids only rise, and those of rows that were copied in do not count. */
export async function raiseEventIds(database: Database, above: number): Promise<void> {
  if (database.backend === 'postgres') {
    const sql = `select setval(${sequence}, greatest($1::bigint, ${lastGiven}, 1))`
    await database.scan(sql, [above])
  } else if (above > (await newestEventId(database))) {
    await database.bulk([
      { sql: `delete from sqlite_sequence where name = 'events'`, values: [] },
      { sql: `insert into sqlite_sequence (name, seq) values ('events', $1)`, values: [above] },
    ])
  }
}

const sequence = `pg_get_serial_sequence('events', 'id')`
const lastGiven = `coalesce(pg_sequence_last_value(${sequence}::regclass), 0)`

const newestSql = {
  sqlite: `select max(coalesce((select max(id) from events), 0),
    coalesce((select seq from sqlite_sequence where name = 'events'), 0)) as newest`,
  postgres: `select greatest((select coalesce(max(id), 0) from events), ${lastGiven}) as newest`,
}
