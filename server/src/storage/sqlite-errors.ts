/** What SQLite's errors mean to us: trouble with the database, another process's lock, damage, or a bug. */
import { StoreUnavailable } from '../kernel/store.ts'

/** Does the work; what goes wrong is said as what it is. */
export function guarded<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw unavailable(error)
  }
}

export function isBusy(error: unknown): boolean {
  const code = errorCode(error)
  return code === codes.busy || code === codes.locked
}

// A mistake in a statement of ours is a bug, and stays what it is; all else is trouble with the database.
export function unavailable(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  const closed = 'code' in error && error.code === 'ERR_INVALID_STATE'
  const code = errorCode(error)
  const bugs = [1, 19, 20, 21, 25]
  if (!closed && (code === undefined || bugs.includes(code))) return error
  return new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
}

/** SQLite's own numbers (https://sqlite.org/rescode.html). */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
}

/** What SQLite says where the engine's package leaves the number out, as it does while it reads rows. */
const codesByWords: Readonly<Record<string, number>> = {
  'database is locked': codes.busy,
  'database table is locked': codes.locked,
  'attempt to write a readonly database': codes.readOnly,
  'disk I/O error': codes.io,
  'database disk image is malformed': codes.corrupt,
  'database or disk is full': codes.full,
  'unable to open database file': codes.cannotOpen,
  'file is not a database': codes.notDatabase,
}

// Extended codes keep the low byte.
function errorCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('errcode' in error) return Number(error.errcode) & 0xff
  const isEngine = 'code' in error && error.code === 'ERR_SQLITE_ERROR' && error instanceof Error
  return isEngine ? codesByWords[error.message] : undefined
}

/** What an error says of damage to the file; `undefined` where it is about something else. */
export function damageIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = errorCode(error)
  return code === codes.corrupt || code === codes.notDatabase ? error.message : damageIn(error.cause)
}
