/**
 * SQLite behind the `Database` interface: one connection, commits in groups.
 *
 * Commits that arrive while the event loop is busy join one transaction, so that many share one flush to
 * disk: the flush, not the statements, is what a durable commit costs. `synchronous=full` in WAL mode makes
 * an acknowledged commit survive power loss (https://sqlite.org/pragma.html#pragma_synchronous).
 */
import { closeSync, openSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Database, Row, Unit, Value } from './database.ts'
import { guarded, isBusy, unavailable } from './sqlite-errors.ts'
import type { Prepared } from './sqlite-rows.ts'
import { readerOf } from './sqlite-rows.ts'

type Waiting = {
  readonly unit: Unit
  readonly since: number
  readonly resolve: (held: boolean) => void
  readonly reject: (error: unknown) => void
}

/** The part of `DatabaseSync` that both `node:sqlite` and `@photostructure/sqlite` have. */
type Connection = { exec(sql: string): void; prepare(sql: string): Prepared; close(): void }

const statementsMax = 500

/**
 * SQLite moves its log into the file in checkpoints, and flushes both, which is what holds up an answer most.
 * Under load a large one is cheapest by far, and so it is left to SQLite (`wal_autocheckpoint`). Where there
 * is time, small ones keep every answer quick: after so many units, if no more than so many came together.
 */
const smallCheckpoint = { units: 40, groupMax: 4 } as const

export type SqliteDatabase = Database & {
  /** A consistent copy, made while others write. */
  backup(path: string): Promise<void>
}

export type SqliteOptions = {
  /** How long to wait for another process's lock before it counts as trouble. */
  readonly busyMillisecondsMax?: number
}

export async function openSqlite(
  path: string,
  { busyMillisecondsMax = 5_000 }: SqliteOptions = {},
): Promise<SqliteDatabase> {
  const { DatabaseSync, backup } = await loadEngine()
  // The reference must live as long as its statements: a collected connection closes them.
  const connection = guarded(() => {
    makePrivately(path)
    return new DatabaseSync(path)
  })
  let waiting: Waiting[] = []
  let scheduled = false
  let closed = false
  let unitsInLog = 0

  // Waiting for another process's lock is done by timers, never by blocking the event loop, but for the first
  // steps. A larger cache buys nothing that can be measured: the inner pages of ten million rows fit.
  guarded(() =>
    connection.exec(`
    pragma busy_timeout = ${busyMillisecondsMax};
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = off;
    pragma wal_autocheckpoint = 2000;
    pragma cache_size = -16384;
    pragma journal_size_limit = 67108864;
    pragma busy_timeout = 0;
  `),
  )

  const prepare = keptBySql((sql) => connection.prepare(inWordsOfSqlite(sql)))
  const prepareOfUnit = keptBySql((sql) => {
    const statement = connection.prepare(inWordsOfSqlite(sql))
    // Whether there is a row is all that it says.
    statement.setReturnArrays?.(true)
    return statement
  })
  const prepareReader = keptBySql((sql) => readerOf(connection.prepare(inWordsOfSqlite(sql))))

  const run = (unit: Unit): boolean => {
    const [guard, ...followers] = unit
    if (prepareOfUnit(guard.sql).get(...guard.values) === undefined) return false
    // `run` would make an object of what it changed, which nobody reads.
    for (const { sql, values } of followers) prepareOfUnit(sql).get(...values)
    return true
  }

  /** Begins, does the work, makes it durable. Throws `Busy` while another process holds the lock. */
  const transaction = <Result>(work: () => Result): Result => {
    prepare('begin immediate').run()
    try {
      const result = work()
      prepare('commit').run()
      return result
    } catch (error) {
      try {
        prepare('rollback').run()
      } catch {
        // SQLite rolls back by itself after a full disk or an I/O error, and then has nothing to roll back.
      }
      throw error
    }
  }

  const flush = (): void => {
    scheduled = false
    const group = waiting
    waiting = []
    let held: boolean[]
    try {
      held = transaction(() => group.map(({ unit }) => run(unit)))
    } catch (error) {
      if (isBusy(error)) {
        later(group, error)
        return
      }
      // One unit of the group is at fault, or the disk is: each alone finds out which.
      for (const one of group) alone(one)
      return
    }
    for (const [at, { resolve }] of group.entries()) resolve(held[at] ?? false)
    unitsInLog += group.length
    if (unitsInLog >= smallCheckpoint.units && group.length <= smallCheckpoint.groupMax)
      setImmediate(checkpoint)
  }

  const checkpoint = (): void => {
    if (closed || unitsInLog < smallCheckpoint.units) return
    unitsInLog = 0
    try {
      prepare('pragma wal_checkpoint(passive)').get()
    } catch {
      // The log stays valid without it; if the disk is at fault, the next commit says so.
    }
  }

  const alone = (one: Waiting): void => {
    try {
      one.resolve(transaction(() => run(one.unit)))
    } catch (error) {
      if (isBusy(error)) later([one], error)
      else one.reject(unavailable(error))
    }
  }

  /** Another process holds the lock: wait a little and ask again, up to five seconds from the first time. */
  const later = (group: readonly Waiting[], error: unknown): void => {
    const now = performance.now()
    const late = group.filter(({ since }) => now - since > busyMillisecondsMax)
    for (const { reject } of late) reject(unavailable(error))
    waiting.unshift(...group.filter((one) => !late.includes(one)))
    if (waiting.length === 0 || scheduled) return
    scheduled = true
    setTimeout(flush, 1 + Math.random() * 3)
  }

  const retrying = async <Result>(work: () => Result): Promise<Result> => {
    const since = performance.now()
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || performance.now() - since > busyMillisecondsMax) throw unavailable(error)
        await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 3))
      }
    }
  }

  const query = (sql: string, values: readonly Value[]): Promise<Row[]> =>
    retrying(() => prepare(sql).all(...values) as Row[])

  return {
    backend: 'sqlite',
    query,
    scan: query,
    read: (sql, values) => retrying(() => prepareReader(sql)(values)),
    commit(unit) {
      if (closed) return Promise.reject(new StoreUnavailable('The database is closed.'))
      return new Promise((resolve, reject) => {
        waiting.push({ unit, since: performance.now(), resolve, reject })
        if (scheduled) return
        scheduled = true
        // Two turns of the event loop: requests that were read together commit together.
        setImmediate(() => setImmediate(flush))
      })
    },
    bulk: (statements) =>
      retrying(() =>
        transaction(() => {
          let changes = 0
          for (const { sql, values } of statements) changes += Number(prepare(sql).run(...values).changes)
          return changes
        }),
      ),
    script: (sql) => retrying(() => transaction(() => connection.exec(sql))),
    // https://sqlite.org/pragma.html#pragma_data_version
    version: () => retrying(() => Number(prepareReader('pragma data_version')([])[0]?.data_version)),
    async tables() {
      const rows = await query(`select name from sqlite_master where type = 'table'`, [])
      return new Set(rows.map(({ name }) => String(name)))
    },
    async backup(target) {
      await backup(connection, target)
    },
    async close() {
      if (closed) return
      if (waiting.length > 0) flush()
      closed = true
      try {
        // Statements that still wait to be collected would keep SQLite from doing this by itself.
        connection.exec('pragma wal_checkpoint(truncate)')
      } catch {
        // Another process is at it; the log stays valid, and is read at the next start.
      }
      for (const kept of [prepare, prepareOfUnit, prepareReader]) kept.forget()
      connection.close()
    },
  }
}

/** All that differs between the backends' statements: a value's place, and a list of numbers as rows. */
const inWordsOfSqlite = (sql: string): string =>
  sql
    .replaceAll(/\$(\d+)/g, '?$1')
    .replaceAll(/\blisted\(([\w.]+)\)/g, `json_each('[' || trim($1, ',') || ']')`)

type Kept<Made> = { (sql: string): Made; forget(): void }

/** Makes one of each text, and keeps it: the texts are few. */
function keptBySql<Made>(make: (sql: string) => Made): Kept<Made> {
  const kept = new Map<string, Made>()
  const made = (sql: string): Made => {
    const found = kept.get(sql)
    if (found) return found
    if (kept.size >= statementsMax) kept.clear()
    const fresh = make(sql)
    kept.set(sql, fresh)
    return fresh
  }
  return Object.assign(made, { forget: () => kept.clear() })
}

type Engine = {
  readonly DatabaseSync: new (path: string) => Connection
  readonly backup: (connection: Connection, path: string) => Promise<unknown>
}

/** Node's own SQLite where there is one, else the package of the same interface, which ships its binaries. */
async function loadEngine(): Promise<Engine> {
  // The two have one interface, which neither declares; ours above is what we use of it.
  if (builtinModules.includes('node:sqlite')) return (await import('node:sqlite' as string)) as Engine
  return (await import('@photostructure/sqlite')) as unknown as Engine
}

/**
 * A new file is its owner's alone, and SQLite gives its log the same mode: who uses which app is nobody
 * else's.
 */
function makePrivately(path: string): void {
  if (path === ':memory:') return
  try {
    // Never a file that is there: closing it would drop the locks that another connection of this process
    // holds.
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // It is there already; or opening it says what is wrong, in the engine's words.
  }
}
