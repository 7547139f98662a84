/** `tokenferry copy`: a deployment from one database to another, of the same engine or another one. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { databaseSetting } from '../config-database.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { ringHeardAfterMilliseconds } from '../keys/key-ring.ts'
import { isSqlite, openDatabase, sqlitePath } from '../open-database.ts'
import { reference, referenceWords } from '../setting-types.ts'
import { isAlone, isUsedByOthers, keepAlone } from '../storage/condition.ts'
import type { Copied, CopyStep } from '../storage/copy-database.ts'
import { cancelCopy, copyDatabase } from '../storage/copy-database.ts'
import { CopyError } from '../storage/copy-tables.ts'
import type { Database } from '../storage/database.ts'
import { shownAddress } from '../storage/postgres-address.ts'
import { codeOf } from '../storage/postgres-connection.ts'
import { parseCount } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, exampled, isDatabaseTrouble } from './command.ts'
import { adviceOn } from './database-advice.ts'
import { sayJson, sayRecords } from './output.ts'

type Options = Pick<Shared, 'json'> & {
  readonly from: string
  readonly to?: string
  readonly cancel?: boolean
  readonly password?: string
  readonly partitions: number
}

export function addCopyCommand(program: Command): void {
  const command = program
    .command('copy')
    .description('copy a whole deployment into another database; servers are stopped')
    .requiredOption('--from <database>', 'where it is: sqlite:PATH or postgres://…')
    .option('--to <database>', 'an empty database: postgres://… or sqlite:PATH')
    .option('--cancel', 'serve the source as before, after a copy that ended in the middle')
    .option('--password <reference>', 'file:PATH or env:NAME; else as PostgreSQL itself finds it')
    .option('--partitions <count>', 'of the tables that grow, in PostgreSQL', parseCount, 1)
    .option('--json', 'print JSON, for scripts')
    .option('--debug', 'print a stack trace where Tokenferry itself is at fault')
    .action(copy)
  exampled(
    command,
    'tokenferry copy --from sqlite:./tokenferry.db --to postgres://tokenferry@db.internal/tokenferry',
    'tokenferry copy --from sqlite:./tokenferry.db --to postgres://one,two/tokenferry --password file:pw --partitions 16',
    'tokenferry copy --from postgres://tokenferry@db.internal/tokenferry --to sqlite:./copy.db',
    'tokenferry copy --cancel --from postgres://tokenferry@db.internal/tokenferry',
  ).addHelpText(
    'after',
    `
All tables are copied with their keys, numbers and event ids, and both sides are compared, row by row.
Nothing that was issued changes: the root secret stays the same.
Interrupted, it goes on where it was: run the same command again. The source is marked as moved at the
end, so that no server starts on it by mistake.`,
  )
}

/** Of a row, as PostgreSQL says it. */
const isThere = '23505'

type Side = { readonly database: string; readonly shown: string; open(): Promise<Database> }

async function copy(options: Options): Promise<void> {
  const source = sideOf('--from', options.from, options)
  if (options.cancel) return cancel(source, options)
  if (options.to === undefined) throw new CommandError('Name the empty database that is to be filled: --to')
  const target = sideOf('--to', options.to, options)
  if (source.shown === target.shown) throw new CommandError('The two are one database. Name another --to.')
  if (isSqlite(source) && !existsSync(sqlitePath(source))) {
    throw new CommandError(`There is no file ${resolve(sqlitePath(source))}.`)
  }
  for (const side of [source, target]) await refuseHeldFile(side)
  const from = await opened(source)
  try {
    // Before the target is opened: a file of that name would be made.
    await refuseServers(from, 'The source')
    const to = await opened(target)
    try {
      const copied = await copying(from, to, target.shown, options)
      say(copied, target, options)
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

async function cancel(source: Side, { to }: Options): Promise<void> {
  if (to !== undefined) throw new CommandError('Nothing is copied by --cancel: leave --to out.')
  const from = await opened(source)
  try {
    await cancelCopy(from)
  } finally {
    await from.close()
  }
}

async function copying(
  source: Database,
  target: Database,
  targetShown: string,
  { partitions }: Options,
): Promise<Copied> {
  const progress = progressOf(process.stderr)
  try {
    if (source.backend === 'sqlite') await keepAlone(source)
    await refuseServers(target, 'The target')
    return await copyDatabase({
      source,
      target,
      targetShown,
      partitions,
      refuseInUse: () => refuseServers(source, 'The source'),
      ...(source.backend === 'postgres' && { heardAfterMilliseconds: ringHeardAfterMilliseconds }),
      onProgress: progress.tell,
    })
  } catch (error) {
    if (error instanceof CopyError) throw new CommandError(error.message, { cause: error })
    if (codeOf(error) === isThere) {
      throw new CommandError('Another copy writes into the target. Let it end, and run this one again.')
    }
    throw error
  } finally {
    progress.end()
  }
}

/** An address that is not understood is never shown again: a part of it may be the password. */
function sideOf(option: string, database: string, { password }: Options): Side {
  const said = databaseSetting.safeParse(database)
  if (!said.success)
    throw new CommandError(`${option} is not understood: write ${said.error.issues[0]?.message}.`)
  const postgres = {
    connections: 4,
    pooler: false,
    partitions: 1,
    ...(password !== undefined && { password: referenceIn(password) }),
  }
  return {
    database,
    shown: isSqlite({ database }) ? `sqlite:${resolve(sqlitePath({ database }))}` : shownAddress(database),
    open: () => openDatabase({ database, postgres }, { application: 'tokenferry copy' }),
  }
}

/** Never shown again: it may be the password itself. */
function referenceIn(password: string): string {
  const said = reference.safeParse(password)
  if (said.success) return password
  throw new CommandError(`--password is ${referenceWords}.`)
}

async function opened({ shown, open }: Side): Promise<Database> {
  return open().catch((error: unknown) => {
    if (!isDatabaseTrouble(error)) throw error
    const advice = error instanceof StoreUnavailable && shown.startsWith('postgres') ? adviceOn(error) : ''
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${shown} cannot be used (${why}). ${advice}`.trim(), { cause: error })
  })
}

async function refuseHeldFile(side: Side): Promise<void> {
  if (!isSqlite(side) || !existsSync(sqlitePath(side)) || (await isAlone(sqlitePath(side)))) return
  throw new CommandError(`${side.shown} is in use. Stop every server and command that has it open.`)
}

async function refuseServers(database: Database, what: string): Promise<void> {
  if (database.backend !== 'postgres' || !(await isUsedByOthers(database))) return
  throw new CommandError(`${what} is in use. Stop every server and command that is connected to it.`)
}

function say({ deploymentId, tables, rowsWritten }: Copied, target: Side, { json }: Options): void {
  if (json) sayJson({ deploymentId, rowsWritten, tables })
  else {
    sayRecords(
      tables,
      { TABLE: ({ table }) => table, ROWS: ({ rows }) => rows, 'SUM OF BOTH': ({ sum }) => sum },
      { json: false, none: 'There were no tables.' },
    )
  }
  process.stderr.write(
    `Both hold the same. Now set database: ${target.shown} in the configuration, and start the servers.\n`,
  )
}

const tellEveryMilliseconds = { terminal: 100, lines: 5_000 }

/** A line that is written over on a terminal, and one now and then anywhere else. */
function progressOf(output: NodeJS.WriteStream) {
  const every = output.isTTY ? tellEveryMilliseconds.terminal : tellEveryMilliseconds.lines
  let told = performance.now()
  return {
    tell(step: CopyStep, rows: number, total: number): void {
      if (performance.now() - told < every) return
      told = performance.now()
      const share = total === 0 ? 100 : Math.floor((rows / total) * 100)
      const line = `${step}: ${share} %, ${rows.toLocaleString('en')} of ${total.toLocaleString('en')} rows`
      output.write(output.isTTY ? `\r${line}\u001b[K` : `${line}\n`)
    },
    end: (): void => void (output.isTTY && output.write('\r\u001b[K')),
  }
}
