/**
 * Connections to PostgreSQL: to whichever of the hosts is the primary, with the types that our rows have.
 * A connection on which anything went wrong is not used again: the next one asks all hosts anew.
 */
import pg from 'pg'
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
  /** A unit that comes this often gets a function of its own; an operator's change never does. */
  readonly functionAfter?: number
  /** How long a request waits, for a lock or an answer, before it is trouble. */
  readonly waitMillisecondsMax?: number
}

/** How our connections are called in the server's list of them. */
export const applicationName = 'tokenferry'

export const waitMillisecondsDefault = 5_000

const parts = /^postgres(?:ql)?:\/\/(?:([^@/]*)@)?([^/?]*)(\/[^?]*)?(\?.*)?$/

/** An address for each host that the URL names. */
export function addressesIn(url: string): readonly string[] {
  const found = parts.exec(url)
  if (!found) throw new StoreUnavailable('The address of the database is no postgres:// address.')
  const [, user, hosts = '', name = '', query = ''] = found
  return hosts
    .split(',')
    .map((host) => `postgres://${user === undefined ? '' : `${user}@`}${host}${name}${query}`)
}

/** The address without what nobody else may read. */
export const shownAddress = (url: string): string =>
  url.replace(/^(postgres(?:ql)?:\/\/[^:@/]*):[^@/]*@/, '$1:…@').replace(/([?&]password=)[^&]*/, '$1…')

const oids = { boolean: 16, int8: 20, numeric: 1700 }

// The same row, whichever engine it is read from: numbers, and 1 or 0 for what is true or not.
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === oids.int8 || oid === oids.numeric) return Number
    if (oid === oids.boolean) return (value: string) => (value === 't' ? 1 : 0)
    return pg.types.getTypeParser(oid, format)
  },
}

/**
 * Connections on which a wait for the synchronous standby was cut short: what was committed is here, and
 * perhaps nowhere else. PostgreSQL answers as if all were well, with a warning.
 */
const unsure = new WeakSet<pg.Client>()

/** Throws where the connection's last commit may be lost with this server: it counts as not committed. */
export function refuseUnsure(client: pg.Client): void {
  if (unsure.has(client)) throw new StoreUnavailable('The commit was not confirmed by the standby.')
}

export type Connections = {
  /** A connection of one's own, which is the primary's. */
  connect(options?: { readonly pipeline?: boolean }): Promise<pg.Client>
}

/**
 * Whatever the cluster's default is: a second snapshot of the same transaction must see what was committed
 * while it waited for a lock.
 */
const everywhere = { default_transaction_isolation: 'read\\ committed' }

/**
 * What requests ask is a few rows by their keys. A plan that was made while a table was small would read all
 * of it, until the next `analyze`; and each statement is planned once, since another plan would be no
 * better.
 */
const byKeys = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  jit: 'off',
}

export function connectionsTo(settings: PostgresSettings): Connections {
  const addresses = addressesIn(settings.url)
  const waitMilliseconds = settings.waitMillisecondsMax ?? waitMillisecondsDefault
  let first = 0

  const optionsFor = (address: string, isShared: boolean): pg.ClientConfig => ({
    connectionString: address,
    ...(settings.password !== undefined && { password: settings.password }),
    types,
    application_name: settings.application ?? applicationName,
    keepAlive: true,
    connectionTimeoutMillis: Math.min(waitMilliseconds, 3_000),
    // A pooler would refuse the connection, or hand the setting on to somebody else.
    ...(!settings.pooler && {
      lock_timeout: waitMilliseconds,
      idle_in_transaction_session_timeout: 2 * waitMilliseconds,
      options: Object.entries(isShared ? { ...everywhere, ...byKeys } : everywhere)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    }),
  })

  return {
    async connect({ pipeline = false } = {}) {
      let trouble: unknown
      for (let tried = 0; tried < addresses.length; tried += 1) {
        const at = (first + tried) % addresses.length
        const client = new pg.Client({ ...optionsFor(addresses[at] ?? '', pipeline), pipeline })
        // Without a listener, an error of a connection at rest would end the process.
        client.on('error', () => undefined)
        client.on('notice', ({ routine }) => {
          if (routine === 'SyncRepWaitForLSN') unsure.add(client)
        })
        try {
          await client.connect()
          await refuseStandby(client)
          first = at
          return client
        } catch (error) {
          trouble = error
          await client.end().catch(() => undefined)
        }
      }
      throw unavailable(trouble)
    },
  }
}

async function refuseStandby(client: pg.Client): Promise<void> {
  const { rows } = await client.query('show transaction_read_only')
  if (rows[0]?.transaction_read_only === 'on') {
    throw new StoreUnavailable('The database can only be read: it is a standby, or was made read-only.')
  }
}

/** Classes of errors that are the database's, not a mistake in a statement of ours. */
const troubles = ['08', '25', '28', '40', '53', '55', '57', '58', 'XX']
const noDatabase = '3D000'

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
      : state === noDatabase || troubles.includes(state.slice(0, 2))
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

export function laneOf(connections: Connections, waitMilliseconds: number): Lane {
  let made: Promise<pg.Client> | undefined
  let waiting = 0

  const client = (): Promise<pg.Client> => {
    made ??= connections.connect({ pipeline: true }).then(
      (one) => {
        one.once('end', () => {
          made = undefined
        })
        return one
      },
      (error: unknown) => {
        made = undefined
        throw error
      },
    )
    return made
  }

  return {
    async run(query) {
      if (waiting >= waitingMax) throw new StoreUnavailable('The database does not keep up.')
      waiting += 1
      try {
        const one = await client()
        try {
          const result = await one.query({ ...query, query_timeout: 2 * waitMilliseconds } as pg.QueryConfig)
          refuseUnsure(one)
          return result
        } catch (error) {
          if (isLost(error)) drop(one)
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

  function drop(one: pg.Client): void {
    made = undefined
    // What else was sent on it is answered with an error, and asked again.
    void one.end().catch(() => undefined)
  }
}

/** A primary that became a standby, a server that goes down, a socket that broke. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (!('severity' in error)) return true
  const state = codeOf(error) ?? ''
  return state === '25006' || state.startsWith('57P') || state.startsWith('08')
}
