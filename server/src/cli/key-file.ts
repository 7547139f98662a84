/** `tokenferry key export` and `key import`: the sealed keys, for a copy newer than the database's own. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { exportKeys, importKeys, KeyFileError } from '../key-file.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { sqlStore } from '../storage/sql-store.ts'
import type { Shared } from './command.ts'
import { CommandError, operator, subcommand, withDatabase } from './command.ts'
import { say, sayRecord } from './output.ts'

export function addKeyFiles(key: Command): void {
  subcommand(
    key,
    'export',
    'print all keys, sealed with the root secret, one a line; keep it beside the newest copy',
    'tokenferry key export --to keys.ndjson    # after each rotation',
  )
    .option('--to <file>', 'into this file, in the place of what it holds')
    .action((options: Shared & { readonly to?: string }) =>
      withDatabase(options, async (database, { root_secret }) => {
        const lines = await exportKeys(sqlStore(database), readRootSecret(root_secret))
        if (options.to === undefined) return lines.forEach(say)
        replaceFile(options.to, `${lines.join('\n')}\n`)
        sayRecord({ exported: resolve(options.to), keys: lines.length }, options)
      }),
    )
  subcommand(
    key,
    'import <file>',
    'after a restore: take in the keys that the copy does not have yet, before any rotation',
    'tokenferry key import keys.ndjson',
  ).action((file: string, options: Shared) =>
    withDatabase(options, async (database, config) => {
      const work = {
        store: sqlStore(database),
        rootSecret: readRootSecret(config.root_secret),
        now: Date.now(),
        actor: operator(),
      }
      const imported = await importKeys(work, linesOf(file)).catch((error: unknown) => {
        throw error instanceof KeyFileError ? new CommandError(error.message, { cause: error }) : error
      })
      sayRecord(imported, options)
    }),
  )
}

/** Readable by its owner alone; the older one stays until the newer one is whole. */
function replaceFile(file: string, text: string): void {
  const beside = `${file}.writing`
  try {
    rmSync(beside, { force: true })
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(beside, file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${resolve(file)} cannot be written (${why}).`, { cause: error })
  }
}

function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) throw new CommandError(`There is no file ${resolve(file)}.`)
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    if (lines.length > 0) return lines
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${file} cannot be read (${why}).`, { cause: error })
  }
  throw new CommandError(`${file} holds no keys.`)
}
