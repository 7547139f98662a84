/** What every command shares: its options, how it opens the deployment, and how it fails. */

import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Config } from '../config.ts'
import { ConfigError, readConfig } from '../config.ts'
import type { Actor, Answer } from '../kernel/decision.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { RootSecretError } from '../keys/root-secret.ts'
import type { Deployment, DeploymentOptions } from '../main.ts'
import { openDeployment } from '../main.ts'
import { isSqlite, openDatabase, sqlitePath } from '../open-database.ts'
import type { Database } from '../storage/database.ts'
import { SchemaTooNew } from '../storage/migrate.ts'
import { shownAddress } from '../storage/postgres-address.ts'
import { codeOf, mayNot } from '../storage/postgres-connection.ts'
import { DatabaseSetAside } from '../storage/set-aside.ts'
import { damageIn } from '../storage/sqlite-errors.ts'
import { adviceOn } from './database-advice.ts'

/** A command that cannot do what it was asked: one sentence, which says what to do next. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export type Shared = { readonly config: string; readonly json?: boolean; readonly debug?: boolean }

/** `--config` and `--debug`, which every command takes. */
export const withShared = (command: Command): Command =>
  command
    .addOption(
      new Option('--config <file>', 'the configuration file')
        .env('TOKENFERRY_CONFIG')
        .default('./tokenferry.yaml'),
    )
    .option('--debug', 'print a stack trace where Tokenferry itself is at fault')

/** A group of commands (`client`): without one of them, it shows its help. */
export const group = (program: Command, name: string, description: string): Command =>
  program.command(name).description(description)

/** A command of a group, with the shared options, `--json`, and examples under its help. */
export function subcommand(
  parent: Command,
  usage: string,
  description: string,
  ...examples: readonly string[]
): Command {
  const command = withShared(parent.command(usage).description(description))
  return exampled(command.option('--json', 'print JSON, for scripts'), ...examples)
}

export const exampled = (command: Command, ...examples: readonly string[]): Command =>
  examples.length === 0
    ? command
    : command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`)

/** Opens the deployment of the configuration, does the work, and closes it. */
export async function withDeployment<Result>(
  { config: path }: Shared,
  work: (deployment: Deployment) => Promise<Result>,
  options: Pick<DeploymentOptions, 'setAside' | 'numbers'> = {},
): Promise<Result> {
  const config = readConfig(path)
  const deployment = await openDeployment(config, { numbers: false, ...options }).catch(explaining(config))
  try {
    return await work(deployment).catch(explainingDamage(config))
  } finally {
    await deployment.close()
  }
}

/** The database alone, for commands that read no key. */
export async function withDatabase<Result>(
  { config: path }: Shared,
  work: (database: Database, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = readConfig(path)
  const database = await openDatabase(config).catch(explaining(config))
  try {
    return await work(database, config).catch(explainingDamage(config))
  } finally {
    await database.close()
  }
}

/** The database as a person is told of it: a file's whole path, or an address without its password. */
export const databaseShown = (config: Config): string =>
  isSqlite(config) ? resolve(sqlitePath(config)) : shownAddress(config.database)

/** Says which database cannot be used, where the trouble is with the database. */
export const explaining =
  (config: Config) =>
  (error: unknown): never => {
    if (!isDatabaseTrouble(error)) throw error
    explainDamage(error, config)
    const why = error instanceof Error ? error.message : String(error)
    const ask = isSqlite(config)
      ? 'Does its folder exist, and may you write there?'
      : `${adviceOn(error)} tokenferry doctor looks closer.`
    throw new CommandError(`The database ${databaseShown(config)} cannot be used (${why}). ${ask}`, {
      cause: error,
    })
  }

/** The same, but only where the file is damaged or the role may not: what else went wrong says so itself. */
const explainingDamage =
  (config: Config) =>
  (error: unknown): never => {
    explainDamage(error, config)
    if (error instanceof StoreUnavailable && codeOf(error.cause) === mayNot) explaining(config)(error)
    throw error
  }

function explainDamage(error: unknown, config: Config): void {
  const damage = damageIn(error)
  if (damage === undefined) return
  throw new CommandError(`The database ${databaseShown(config)} ${damagedWords(damage)}`, {
    cause: error,
  })
}

/** What to do about a damaged database. */
export const damagedWords = (damage: string): string =>
  `is damaged (${damage}). Restore a backup: docs/operating/keep.md`

// SQLite's own errors carry `errcode`; those of opening a file are not wrapped.
export const isDatabaseTrouble = (error: unknown): boolean =>
  error instanceof StoreUnavailable || (error instanceof Error && 'errcode' in error)

/** The operator at this terminal, for the event. */
export function operator(): Actor {
  return { actor: `operator ${userName()}`.trim(), address: undefined, requestId: undefined }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container, the user may have no name.
    return ''
  }
}

/** The result, or the refusal in words: `says` may name the record, which the kernel's sentence cannot. */
export function granted<Result>(
  answer: Answer<Result>,
  says: Partial<Record<Refusal['reason'], string>>,
): Result {
  if ('granted' in answer) return answer.granted
  const { reason, parameter } = answer.refused
  if (reason === 'contended') {
    throw new CommandError('Others are changing the same record just now. Run the command again.')
  }
  throw new CommandError(
    says[reason] ?? `Refused: ${reason}${parameter === undefined ? '' : ` (${parameter})`}.`,
  )
}

/** One line on stderr for what the operator can mend; for anything else, how to see more. */
export function report(error: unknown, debug: boolean): void {
  const message = error instanceof Error ? error.message : String(error)
  if (isExpected(error)) {
    process.stderr.write(`tokenferry: ${message}\n`)
    return
  }
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  else {
    process.stderr.write(
      `tokenferry: a mistake in Tokenferry: ${message.split('\n')[0]} ` +
        '(--debug shows where; please report it)\n',
    )
  }
}

const isExpected = (error: unknown): boolean =>
  [CommandError, ConfigError, DatabaseSetAside, RootSecretError, SchemaTooNew].some(
    (kind) => error instanceof kind,
  ) || isDatabaseTrouble(error)
