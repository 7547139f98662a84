/** `tokenferry db …`: the database. */
import { chmodSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { isSqlite, sqlitePath } from '../open-database.ts'
import { migrate } from '../storage/migrate.ts'
import type { SqliteDatabase } from '../storage/sqlite.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { Shared } from './command.ts'
import { CommandError, explaining, group, subcommand, withDatabase } from './command.ts'
import { addRestore, addRestored } from './db-restore.ts'
import { sayRecord } from './output.ts'

export function addDatabaseCommands(program: Command): void {
  const db = group(program, 'db', 'the database')
  addMigrate(db)
  addBackup(db)
  addRestore(db)
  addRestored(db)
}

function addMigrate(db: Command): void {
  subcommand(
    db,
    'migrate',
    'bring the schema up to this version of Tokenferry',
    'tokenferry db migrate',
  ).action((options: Shared) =>
    withDatabase(options, async (database, config) => {
      const { applied } = await migrate(database, { partitions: config.postgres.partitions })
      sayRecord({ applied: applied.length === 0 && !options.json ? 'nothing was missing' : applied }, options)
    }),
  )
}

function addBackup(db: Command): void {
  subcommand(
    db,
    'backup <file>',
    'write a consistent copy while servers go on',
    'tokenferry db backup /backups/tokenferry-$(date +%F).db',
  ).action((file: string, options: Shared) =>
    withSqlite(options, async (database) => {
      if (existsSync(file)) throw new CommandError(`${file} is there already. Name another file.`)
      await database.backup(file).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        throw new CommandError(
          `${resolve(file)} cannot be written (${why}). Does its folder exist, with room in it?`,
        )
      })
      // It holds no credential, but who is connected to what is nobody else's business.
      chmodSync(file, 0o600)
      sayRecord({ backup: resolve(file) }, options)
    }),
  )
}

/** PostgreSQL has programs of its own for this, which know more of it than we do. */
async function withSqlite(
  { config: path }: Shared,
  work: (database: SqliteDatabase) => Promise<void>,
): Promise<void> {
  const config = readConfig(path)
  if (!isSqlite(config)) {
    throw new CommandError('A PostgreSQL is backed up by its own programs: docs/operating/postgres.md')
  }
  const database = await openSqlite(sqlitePath(config)).catch(explaining(config))
  try {
    await work(database)
  } finally {
    await database.close()
  }
}
