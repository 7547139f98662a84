/**
 * What a connection to PostgreSQL is to us: how it is named, when it is lost, and how many share one. One on
 * which anything went wrong is not used again.
 */
import type pg from 'pg'
import { StoreUnavailable } from '../kernel/store.ts'

export type PostgresSettings = {
  /** `postgres://user@host:5432,other:5432/name`, one or more hosts. */
  readonly url: string
  /** Absent: as the URL says, or PGPASSWORD, or the password file. */
  readonly password?: string
  /** Connections beside the three that requests share. */
  readonly connections?: number
  /**
   * A pooler in transaction mode (PgBouncer) stands between: nothing may be kept in a session, neither
   * settings nor prepared statements.
   */
  readonly pooler?: boolean
  /** What its connections are called; absent: as all of ours. */
  readonly application?: string
  /** Whether what no standby confirms is read: by who only looks at the server, and at its standbys. */
  readonly unconfirmed?: boolean
  /** A unit that comes this often gets a function of its own; an operator's change never does. */
  readonly functionAfter?: number
  /** How long a request waits, for a lock or an answer, before it is trouble. */
  readonly waitMillisecondsMax?: number
}

/** How our connections are called in the server's list of them. */
export const applicationName = 'tokenferry'

export const waitMillisecondsDefault = 5_000

/**
 * Connections on which a wait for the synchronous standby was cut short: what was committed is here, and
 * perhaps nowhere else. PostgreSQL answers as if all were well, with a warning.
 */
const unsure = new WeakSet<pg.Client>()

export const markUnsure = (client: pg.Client): void => void unsure.add(client)

/** Throws where the connection's last commit may be lost with this server: it counts as not committed. */
export function refuseUnsure(client: pg.Client): void {
  if (unsure.has(client)) throw new StoreUnavailable('The commit was not confirmed by the standby.')
}

export type Connections = {
  /** A connection of one's own, which is the primary's. */
  connect(options?: { readonly pipeline?: boolean }): Promise<pg.Client>
  /**
   * Ends all connections: whom they lead to is silent, or the primary no more. The next one asks all hosts.
   */
  distrust(): void
  /** Ends one at once, whatever is in flight on it. */
  cut(client: pg.Client): void
  /** Another number once another primary was found. */
  primary(): number
}

/** Classes of errors that are the database's, not a mistake in a statement of ours. */
const troubles = ['08', '25', '28', '40', '53', '55', '57', '58', 'XX']
export const noDatabase = '3D000'
export const mayNot = '42501'

export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Trouble of the database as what it is; a mistake of ours stays what it is. */
export function unavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error
  const state = 'severity' in error ? codeOf(error) : undefined
  // What the driver itself says, of a lost connection or a time that ran out, has no state of SQL.
  const isTrouble =
    state === undefined
      ? !(error instanceof TypeError)
      : [noDatabase, mayNot].includes(state) || troubles.includes(state.slice(0, 2))
  return isTrouble ? new StoreUnavailable(error.message, { cause: error }) : error
}

/** The statement found a lock, a deadlock or another's change in its way: it may simply be tried again. */
export const isContended = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error) ?? '')

/**
 * One connection that many share, made when it is first needed, and made again after it was lost. Statements
 * are sent without waiting for the answers of those before them.
 */
export type Lane = {
  run(query: pg.QueryConfig): Promise<pg.QueryResult>
  close(): Promise<void>
}

/**
 * Calls that wait for answers at the most: beyond, the database does not keep up, and more would not help.
 */
const waitingMax = 10_000

export type LaneOptions = {
  /** How long an answer may take before the connection counts as broken. */
  readonly waitMilliseconds: number
  /** For one that only reads: no answer in that time means that the server is silent, for all of us. */
  readonly reads?: boolean
}

export function laneOf(connections: Connections, { waitMilliseconds, reads }: LaneOptions): Lane {
  let made: Promise<pg.Client> | undefined
  let present: pg.Client | undefined
  let waiting = 0

  async function connect(): Promise<pg.Client> {
    try {
      const one = await connections.connect({ pipeline: true })
      present = one
      one.once('end', () => forget(one))
      return one
    } catch (error) {
      made = undefined
      throw error
    }
  }

  /** Whether it was in use: everything that was sent on it hears of its end, and only the first is news. */
  function forget(one: pg.Client): boolean {
    if (present !== one) return false
    present = undefined
    made = undefined
    return true
  }

  function handle(error: unknown, one: pg.Client): void {
    if (!isLost(error) || !forget(one)) return
    if (codeOf(error) === readOnly || (reads && isSilence(error))) connections.distrust()
    // What else was sent on it is answered with an error, and asked again.
    else connections.cut(one)
  }

  return {
    async run(query) {
      if (waiting >= waitingMax) throw new StoreUnavailable('The database does not keep up.')
      waiting += 1
      try {
        made ??= connect()
        const one = await made
        try {
          const result = await one.query({ ...query, query_timeout: waitMilliseconds } as pg.QueryConfig)
          refuseUnsure(one)
          return result
        } catch (error) {
          handle(error, one)
          throw unavailable(error)
        }
      } finally {
        waiting -= 1
      }
    },
    async close() {
      const one = await made?.catch(() => undefined)
      await one?.end()
    },
  }
}

/** It was the primary's, and is a standby's now. */
const readOnly = '25006'

/** As the driver says it. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout'

/** A primary that became a standby, a server that goes down, a socket that broke. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (!('severity' in error)) return true
  const state = codeOf(error) ?? ''
  return state === readOnly || state.startsWith('57P') || state.startsWith('08')
}

/** Where there are no sessions, each transaction says by itself what a session was told when it began. */
export const beginOf = (isPooled: boolean, waitMilliseconds: number): string =>
  isPooled
    ? `begin isolation level read committed; set local lock_timeout = ${waitMilliseconds};
      set local idle_in_transaction_session_timeout = ${2 * waitMilliseconds}`
    : 'begin'
