/**
 * Finds the primary among the hosts of an address, and keeps no connection to a server that is it no more:
 * what is read there is old, and what is written there is lost.
 */
import { Socket } from 'node:net'
import pg from 'pg'
import { StoreUnavailable } from '../kernel/store.ts'
import { addressesIn, hostIn, withPassword } from './postgres-address.ts'
import type { Connections, PostgresSettings } from './postgres-connection.ts'
import {
  applicationName,
  codeOf,
  markUnsure,
  refuseUnsure,
  unavailable,
  waitMillisecondsDefault,
} from './postgres-connection.ts'

/** Which primary a server is: each that is promoted counts its timeline one further. */
type Primary = { readonly system: string; readonly timeline: number }

/** A server that says nothing for so long is not there. */
const connectMillisecondsMax = 2_000
/**
 * After a search that found none, everybody hears so at once, and the hosts are left in peace for so long.
 */
const pauseMilliseconds = 100
/** On a connection at rest; then one each second, and after ten without an answer it is broken. */
const keepAliveMilliseconds = 5_000

const oids = { boolean: 16, int8: 20, numeric: 1700 }

// The same row, whichever engine it is read from: numbers, and 1 or 0 for what is true or not.
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === oids.int8 || oid === oids.numeric) return Number
    if (oid === oids.boolean) return (value: string) => (value === 't' ? 1 : 0)
    return pg.types.getTypeParser(oid, format)
  },
}

export function connectionsTo(settings: PostgresSettings): Connections {
  const addresses = addressesIn(settings.url)
  const waitMilliseconds = settings.waitMillisecondsMax ?? waitMillisecondsDefault
  const open = new Map<pg.Client, Socket>()
  let newest: Primary | undefined
  let primariesSeen = 0
  let known: string | undefined
  let searching: Promise<string> | undefined
  let failed: { readonly error: unknown; readonly until: number } | undefined

  /** Those in flight on them are answered with an error, and asked again. */
  function distrust(but?: pg.Client): void {
    known = undefined
    for (const [client, socket] of open) if (client !== but) socket.destroy()
  }

  /** Throws where a later primary was seen; where this one is the later, the connections to others end. */
  function learn(primary: Primary | undefined, address: string, client: pg.Client): void {
    if (!primary) return
    const isSame = primary.system === newest?.system
    if (isSame && newest && primary.timeline < newest.timeline) {
      throw new StoreUnavailable('The database was the primary once; another one is it now.')
    }
    if (newest && !(isSame && primary.timeline === newest.timeline)) {
      distrust(client)
      known = address
      primariesSeen += 1
    }
    newest = primary
  }

  async function openAt(address: string, pipeline: boolean): Promise<pg.Client> {
    const socket = new Socket()
    const options = optionsFor(address, pipeline, settings)
    const client = new pg.Client({ ...options, stream: () => socket, pipeline })
    // Without a listener, an error of a connection at rest would end the process.
    client.on('error', () => undefined)
    client.on('notice', ({ routine }) => {
      if (routine !== 'SyncRepWaitForLSN') return
      markUnsure(client)
      // What it committed can now be read: not before it is confirmed, as it is when all connect anew.
      distrust(client)
    })
    client.once('end', () => open.delete(client))
    open.set(client, socket)
    const late = setTimeout(
      () => socket.destroy(new Error('The database did not answer in time.')),
      Math.min(waitMilliseconds, connectMillisecondsMax),
    )
    try {
      await client.connect()
      await refuseStandby(client)
      if (!settings.unconfirmed) learn(await confirmedPrimary(client), address, client)
      return client
    } catch (error) {
      if (error instanceof StoreUnavailable) void client.end().catch(() => undefined)
      else socket.destroy()
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  /** All are asked at once: one that is silent holds up nobody who found the primary elsewhere. */
  async function search(): Promise<string> {
    const [only] = addresses
    if (only !== undefined && addresses.length === 1) return only
    const asked = addresses.map(async (address) => {
      const client = await openAt(address, false)
      void client.end().catch(() => undefined)
      return address
    })
    try {
      const found = await Promise.any(asked)
      known ??= found
      return known
    } catch (error) {
      throw error instanceof AggregateError ? noPrimary(addresses, error.errors) : error
    }
  }

  function searched(): Promise<string> {
    searching ??= search().finally(() => {
      searching = undefined
    })
    return searching
  }

  async function find(pipeline: boolean): Promise<pg.Client> {
    const at = known ?? (await searched())
    try {
      return await openAt(at, pipeline)
    } catch (error) {
      if (addresses.length === 1) throw error
      if (known === at) known = undefined
      return openAt(known ?? (await searched()), pipeline)
    }
  }

  return {
    async connect({ pipeline = false } = {}) {
      if (failed && performance.now() < failed.until) throw failed.error
      try {
        const client = await find(pipeline)
        failed = undefined
        return client
      } catch (trouble) {
        const error = unavailable(trouble)
        // Where there is one host alone, it is asked as soon as somebody needs it.
        if (addresses.length > 1) failed = { error, until: performance.now() + pauseMilliseconds }
        throw error
      }
    },
    distrust: () => distrust(),
    primary: () => primariesSeen,
    cut: (client) => void open.get(client)?.destroy(),
  }
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

function optionsFor(
  address: string,
  isShared: boolean,
  { password, pooler, application, waitMillisecondsMax }: PostgresSettings,
) {
  const waitMilliseconds = waitMillisecondsMax ?? waitMillisecondsDefault
  return {
    connectionString: password === undefined ? address : withPassword(address, password),
    types,
    application_name: application ?? applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMilliseconds,
    // A pooler would refuse the connection, or hand the setting on to somebody else.
    ...(!pooler && {
      lock_timeout: waitMilliseconds,
      idle_in_transaction_session_timeout: 2 * waitMilliseconds,
      options: Object.entries(isShared ? { ...everywhere, ...byKeys } : everywhere)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    }),
  }
}

async function refuseStandby(client: pg.Client): Promise<void> {
  const { rows } = await client.query('show transaction_read_only')
  if (rows[0]?.transaction_read_only === 'on') {
    throw new StoreUnavailable('The database can only be read: it is a standby, or was made read-only.')
  }
}

/**
 * A commit that changes nothing, and waits as any other for the disk and for the synchronous standby. Once it
 * is through, so is all that can be read here: also what a server that crashed while it waited for its
 * standby shows as committed after its start. And a primary whose standby was promoted never gets it through.
 */
const confirmSql = `
  select system_identifier::text as system,
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint as timeline
  from pg_control_system(), pg_logical_emit_message(true, 'tokenferry', '')`

/** `undefined`: this server does not say, or not to us. */
async function confirmedPrimary(client: pg.Client): Promise<Primary | undefined> {
  try {
    const { rows } = await client.query(confirmSql)
    refuseUnsure(client)
    return rows[0] && { system: String(rows[0].system), timeline: Number(rows[0].timeline) }
  } catch (error) {
    if (codeOf(error)?.startsWith('42')) return undefined
    throw error
  }
}

/** What each host said, where none is the primary. */
function noPrimary(addresses: readonly string[], errors: readonly unknown[]): StoreUnavailable {
  const said = addresses.map((address, at) => {
    const error = unavailable(errors[at])
    return `${hostIn(address)}: ${error instanceof Error ? error.message : String(error)}`
  })
  return new StoreUnavailable(`No primary among the hosts. ${said.join(' ')}`)
}
