/** Opens the database that the configuration names. */
import type { Config } from './config.ts'
import { readReference } from './keys/root-secret.ts'
import type { Database } from './storage/database.ts'
import { openPostgres } from './storage/postgres.ts'
import type { PostgresSettings } from './storage/postgres-connection.ts'
import { openSqlite } from './storage/sqlite.ts'

type Settings = Pick<Config, 'database' | 'postgres'>
type Named = Pick<PostgresSettings, 'application'>

const sqlite = 'sqlite:'

export const isSqlite = ({ database }: Pick<Config, 'database'>): boolean => database.startsWith(sqlite)

/** The path of the file, or `:memory:`. */
export const sqlitePath = ({ database }: Pick<Config, 'database'>): string => database.slice(sqlite.length)

export const openDatabase = (settings: Settings, named: Named = {}): Promise<Database> =>
  isSqlite(settings) ? openSqlite(sqlitePath(settings)) : openPostgres({ ...postgresOf(settings), ...named })

export function postgresOf({ database: url, postgres }: Settings): PostgresSettings {
  const { password, connections, pooler } = postgres
  const said = password === undefined ? {} : { password: readReference(password).trim() }
  return { url, connections, pooler, ...said }
}
