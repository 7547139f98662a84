/** What state a database file is in: sound or damaged, alone or held by another process. */
import type { Database } from './database.ts'
import { applicationName } from './postgres-connection.ts'
import { openSqlite } from './sqlite.ts'
import { damageIn } from './sqlite-errors.ts'

/**
 * What is wrong with the file, in the engine's words; `undefined`: it is sound. Reads all of it; the quick
 * way does not compare the indexes with their tables.
 */
export async function damageOf(
  database: Database,
  how: 'whole' | 'quick' = 'whole',
): Promise<string | undefined> {
  try {
    const [row] = await database.query(
      how === 'whole' ? 'pragma integrity_check(1)' : 'pragma quick_check(1)',
      [],
    )
    // Its first line only names the schema that was looked at.
    const says = String(Object.values(row ?? {})[0]).replace(/^\*\*\*.*\n/, '')
    return says === 'ok' ? undefined : says
  } catch (error) {
    const damage = damageIn(error)
    if (damage === undefined) throw error
    return damage
  }
}

/**
 * Whether no other process has the file open. A connection holds a shared lock for as long as it is open in
 * WAL mode, and leaving that mode needs the file for oneself. It also empties the log into the file, so that
 * nothing of it is left that would be read into another file of the same name.
 */
export async function isAlone(path: string): Promise<boolean> {
  try {
    const database = await openSqlite(path, { busyMillisecondsMax: 0 })
    try {
      const [row] = await database.query('pragma journal_mode = delete', [])
      return row?.journal_mode === 'delete'
    } finally {
      await database.close()
    }
  } catch (error) {
    // No server goes on with such a file; and it is the one that most needs to be replaced.
    return damageIn(error) !== undefined
  }
}

/** Whether Tokenferry made it: an empty file, or another program's, would become a new deployment. */
export async function isOurs(database: Database): Promise<boolean> {
  const tables = await database.tables()
  return ['migrations', 'keys', 'events'].every((name) => tables.has(name))
}

/** When it was made, and when it last noted an event, in epoch milliseconds. */
export async function spanOf(
  database: Database,
): Promise<{ readonly made: number; readonly newest: number }> {
  const [row] = await database.query(
    `select (select min(at) from migrations) as made,
      coalesce((select max(at) from events), (select min(at) from migrations)) as newest`,
    [],
  )
  return { made: Number(row?.made), newest: Number(row?.newest) }
}

/** For as long as this connection to a file is open, no other one opens it. */
export async function keepAlone(database: Database): Promise<void> {
  await database.query('pragma journal_mode = delete', [])
  await database.query('pragma locking_mode = exclusive', [])
  // The lock is taken by the first write, and then kept.
  await database.script('pragma user_version = 0')
}

/**
 * Whether a server or a command is connected to this database of PostgreSQL; a copy has another name. A
 * pooler may have written something behind it.
 */
export async function isUsedByOthers(database: Database): Promise<boolean> {
  const [row] = await database.scan(
    `select exists (select 1 from pg_stat_activity where datname = current_database()
      and (application_name = $1 or application_name like $1 || ' - %')) as used`,
    [applicationName],
  )
  return row?.used === 1
}
