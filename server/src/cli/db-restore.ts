/** `tokenferry db restore` and `db restored`: an earlier copy, and the word that it is one. */
import { chmodSync, copyFileSync, existsSync, linkSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Config } from '../config.ts'
import { readConfig } from '../config.ts'
import { perform } from '../kernel/kernel.ts'
import { numberAbove } from '../kernel/number-floor.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { RootSecretError, readRootSecret } from '../keys/root-secret.ts'
import type { Deployment } from '../main.ts'
import { openDeployment } from '../main.ts'
import { isSqlite, sqlitePath } from '../open-database.ts'
import { damageOf, isAlone, isOurs, spanOf } from '../storage/condition.ts'
import { newestEventId, raiseEventIds } from '../storage/event-ids.ts'
import { dropMeta, movedKey } from '../storage/set-aside.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { damageIn } from '../storage/sqlite-errors.ts'
import { parseTime } from './arguments.ts'
import type { Shared } from './command.ts'
import {
  CommandError,
  databaseShown,
  explaining,
  granted,
  operator,
  subcommand,
  withDatabase,
  withDeployment,
} from './command.ts'
import { sayRecord, timeOf } from './output.ts'
import { serversHear } from './servers-hear.ts'

type Awaiting = { readonly awaitEvents?: boolean }
type Options = Shared & Awaiting & { readonly to?: number }

export function addRestore(db: Command): void {
  subcommand(
    db,
    'restore <copy>',
    'put an earlier copy in the place of the database, and say that it is one; servers are stopped',
    'tokenferry db restore /backups/tokenferry-2026-05-01.db',
  )
    .addOption(
      new Option('--to <time>', 'the moment of the copy; else that of its newest event').argParser(parseTime),
    )
    .addOption(awaitEvents())
    .action(restore)
}

export function addRestored(db: Command): void {
  subcommand(
    db,
    'restored',
    `say that a copy was put in place by other means; ${whetherStopped}`,
    'tokenferry db restored --to 2026-05-01T12:00:00Z',
  )
    .addOption(new Option('--to <time>', 'the moment of the copy').argParser(parseTime).makeOptionMandatory())
    .addOption(awaitEvents())
    .action(async (options: Shared & Awaiting & { readonly to: number }) => {
      await withDatabase(options, async (database, config) => {
        const damage = isSqlite(config) ? await damageOf(database) : undefined
        if (damage !== undefined) throw damaged(databaseShown(config), damage)
      })
      await withDeployment(
        options,
        async (deployment) => {
          sayRecord(await declare(options.to, deployment, options), options)
          if (options.awaitEvents && !isSqlite(deployment.config)) await serversHear()
          sayNext(deployment.config, options)
        },
        { setAside: true },
      )
    })
}

const whetherStopped = 'on PostgreSQL servers may go on running, on SQLite they are stopped'

function sayNext(config: Config, { awaitEvents }: Awaiting): void {
  const servers = isSqlite(config)
    ? 'Start the servers now.'
    : 'Servers may go on running: within seconds they read the keys and lease numbers anew.'
  const first =
    'Nobody is answered yet. Take in the keys: tokenferry key import FILE; ' +
    'then the revocations: tokenferry events apply --only revocations FILE'
  process.stderr.write(`${awaitEvents ? first : servers}\n`)
}

const journals = ['-wal', '-shm', '-journal']

async function restore(copy: string, options: Options): Promise<void> {
  const config = readConfig(options.config)
  if (!isSqlite(config)) {
    throw new CommandError(
      'A PostgreSQL is restored by its own programs, and then declared: docs/operating/postgres.md',
    )
  }
  // What is wrong with it alone is said first: what is said below of another one would mislead.
  readRootSecret(config.root_secret)
  const target = sqlitePath(config)
  if (target === ':memory:')
    throw new CommandError('The database is in memory: nothing can be restored to it.')
  if (!existsSync(copy)) throw new CommandError(`There is no file ${resolve(copy)}.`)
  if (existsSync(target) && realpathSync(copy) === realpathSync(target)) {
    throw new CommandError(`${resolve(copy)} is the database itself. Name a copy of it.`)
  }
  await refuseWhileServed(target)
  // All that can fail is done beside it: until the copy is sound and declared, the database stays what it is.
  const prepared = `${target}.restoring`
  try {
    copyIn(copy, prepared)
    const declared = await prepare(copy, { ...config, database: `sqlite:${prepared}` }, options)
    await refuseWhileServed(target)
    const kept = keep(target)
    for (const end of journals) rmSync(target + end, { force: true })
    renameSync(prepared, target)
    sayRecord({ restored: resolve(target), ...declared, databaseBefore: kept && resolve(kept) }, options)
    sayNext(config, options)
  } finally {
    for (const end of ['', ...journals]) rmSync(prepared + end, { force: true })
  }
}

async function refuseWhileServed(target: string): Promise<void> {
  if (!existsSync(target) || (await isAlone(target))) return
  throw new CommandError(
    `${resolve(target)} is in use. Stop every server and command that has it open, then restore.`,
  )
}

function copyIn(copy: string, prepared: string): void {
  try {
    for (const end of journals) rmSync(prepared + end, { force: true })
    copyFileSync(copy, prepared)
    // A copy that was made by hand is whole only with its log.
    if (existsSync(`${copy}-wal`)) copyFileSync(`${copy}-wal`, `${prepared}-wal`)
    chmodSync(prepared, 0o600)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${resolve(copy)} cannot be put beside the database (${why}).`, { cause: error })
  }
}

/** Checks the copy, brings its schema up to date, and declares it. */
async function prepare(copy: string, config: Config, options: Options): Promise<Declared> {
  const database = await openSqlite(sqlitePath(config)).catch((error: unknown) => {
    const damage = damageIn(error)
    if (damage !== undefined) throw damaged(resolve(copy), damage)
    return explaining(config)(error)
  })
  let newest: number
  try {
    const damage = await damageOf(database)
    if (damage !== undefined) throw damaged(resolve(copy), damage)
    if (!(await isOurs(database))) throw new CommandError(`${resolve(copy)} is no database of Tokenferry.`)
    newest = (await spanOf(database)).newest
  } finally {
    await database.close()
  }
  const deployment = await openDeployment(config, { setAside: true }).catch((error: unknown) => {
    if (!(error instanceof RootSecretError)) throw error
    const then = 'A copy from before a key rewrap needs the root secret of then: docs/operating/keep.md'
    throw new CommandError(`${error.message} ${then}`, { cause: error })
  })
  try {
    return await declare(options.to ?? newest, deployment, options)
  } finally {
    await deployment.close()
  }
}

const damaged = (path: string, damage: string): CommandError =>
  new CommandError(`${path} is damaged (${damage}). Take another copy.`)

type Declared = { readonly restoredTo: string | undefined; readonly healingUntil: string | undefined }

const awaitEvents = () =>
  new Option('--await-events', 'answer nobody before tokenferry events apply has revoked again what was')

async function declare(
  to: number,
  { world, database }: Deployment,
  { awaitEvents: awaitsEvents = false }: Awaiting,
): Promise<Declared> {
  const { made } = await spanOf(database)
  if (to < made) {
    throw new CommandError(`The moment of the copy lies before the database was made, on ${timeOf(made)}.`)
  }
  // Nobody who has seen an event of the time that is lost takes a new one for it.
  await raiseEventIds(database, numberAbove(await newestEventId(database), world.moment().now))
  const declared = granted(await perform(declareRestore, { to, awaitsEvents, actor: operator() }, world), {
    parameter_malformed: 'The moment of the copy lies ahead. Is the clock right?',
  })
  // Of a database that was copied elsewhere, this is the word that it is used again.
  await database.bulk([dropMeta(movedKey)])
  return { restoredTo: timeOf(to), healingUntil: timeOf(declared.healingUntil) }
}

/** The database that is replaced stays beside it: what was restored may turn out to be the wrong copy. */
function keep(target: string): string | undefined {
  if (!existsSync(target)) return undefined
  const kept = `${target}.before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  try {
    linkSync(target, kept)
  } catch {
    // Not every file system has a second name for a file.
    copyFileSync(target, kept)
  }
  return kept
}
