/** `tokenferry db …`: the database. */
import { chmodSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { migrate } from '../storage/migrate.ts'
import { parseTime } from './arguments.ts'
import type { Shared } from './command.ts'
import {
  CommandError,
  granted,
  group,
  operator,
  subcommand,
  withDatabase,
  withDeployment,
} from './command.ts'
import { sayRecord, timeOf } from './output.ts'

export function addDatabaseCommands(program: Command): void {
  const db = group(program, 'db', 'the database')
  addMigrate(db)
  addBackup(db)
  addRestored(db)
}

function addMigrate(db: Command): void {
  subcommand(db, 'migrate', 'bring the schema up to this version of Tokenferry').action((options: Shared) =>
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

function addRestored(db: Command): void {
  subcommand(
    db,
    'restored',
    'say that the database is an earlier copy, so that newer tokens heal it instead of being put off',
    'cp /backups/tokenferry-2026-05-01.db data/tokenferry.db',
    'tokenferry db restored --to 2026-05-01T12:00:00Z    # then start the servers',
  )
    .addOption(new Option('--to <time>', 'the moment of the copy').argParser(parseTime).makeOptionMandatory())
    .action((options: Shared & { readonly to: number }) =>
      withDeployment(options, async ({ world }) => {
        const declared = granted(
          await perform(declareRestore, { to: options.to, actor: operator() }, world),
          {
            parameter_malformed: 'The moment of the copy lies ahead. Is the clock right?',
          },
        )
        sayRecord({ restoredTo: timeOf(options.to), healingUntil: timeOf(declared.healingUntil) }, options)
        process.stderr.write(
          'Restart servers that ran meanwhile: they hold numbers that must not be used again.\n',
        )
      }),
    )
}
