/** `tokenferry db …`: the database. */
import { chmodSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { migrate } from '../storage/migrate.ts'
import type { Shared } from './command.ts'
import { CommandError, group, subcommand, withDatabase } from './command.ts'
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
    withDatabase(options, async (database) => {
      const { applied } = await migrate(database)
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
    withDatabase(options, async (database) => {
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
