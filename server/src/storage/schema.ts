/**
 * The schema as the database itself tells it: `schema.sql` is this, kept so that a migration's effect can be
 * reviewed.
 */
import type { Database } from './database.ts'
import { text } from './rows.ts'

/** Every table with its indexes, by name. What SQLite makes for itself is left out. */
export async function schemaOf(database: Database): Promise<string> {
  const rows = await database.query(
    `select sql from sqlite_master where sql is not null and name not like 'sqlite!_%' escape '!'
      order by tbl_name, type desc, name`,
    [],
  )
  const head =
    '-- What the migrations make of an empty SQLite database. Generated; change a migration instead.'
  return `${[head, ...rows.map(({ sql }) => `${text(sql)};`)].join('\n\n')}\n`
}
