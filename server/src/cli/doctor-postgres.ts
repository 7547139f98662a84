/** What `tokenferry doctor` says of PostgreSQL: whether it keeps what is acknowledged, and has room left. */
import type { Config } from '../config.ts'
import { postgresOf } from '../open-database.ts'
import type { Database, Row } from '../storage/database.ts'
import { pendingMigrations } from '../storage/migrate.ts'
import { openPostgres } from '../storage/postgres.ts'
import { codeOf, mayNot } from '../storage/postgres-connection.ts'
import { databaseShown } from './command.ts'
import { adviceOn } from './database-advice.ts'
import type { Finding } from './doctor-finding.ts'
import { fail, messageOf, ok, warn } from './doctor-finding.ts'
import { tableFindings } from './doctor-tables.ts'

/** `clock`: of this machine, in epoch milliseconds. */
export async function postgresFindings(
  config: Config,
  clock: () => number,
  contents: (database: Database) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let database: Database
  try {
    // It is looked at also where no commit would end.
    database = await openPostgres({ ...postgresOf(config), unconfirmed: true })
  } catch (error) {
    return [fail('database', `${databaseShown(config)} cannot be used (${unopened(error)}`)]
  }
  try {
    const settings = await settingsOf(database)
    return [
      versionFinding(Number(settings.server_version_num)),
      encodingFinding(settings),
      ...durabilityFindings(settings),
      ...isolationFindings(settings, config),
      ...(await replicationFindings(database, settings)),
      await databaseClockFinding(database, clock),
      ...(await roleFindings(database)),
      ...(await connectionFindings(database, settings, config)),
      ...(await tableFindings(database, config)),
      ...(await contents(database).catch((error: unknown) => forbiddenFindings(database, error))),
    ]
  } catch (error) {
    return [fail('database', messageOf(error))]
  } finally {
    await database.close()
  }
}

/** What PgBouncer says to settings that it would have to keep for one of its clients. */
const fromPooler = /unsupported startup parameter/

function unopened(error: unknown): string {
  const message = messageOf(error)
  if (fromPooler.test(message))
    return `${message}): a pooler stands between. Say so: postgres: { pooler: true }`
  return `${message}). ${adviceOn(error)}`
}

type Settings = Readonly<Record<string, string>>

async function settingsOf(database: Database): Promise<Settings> {
  const names = [
    'server_version_num', 'server_encoding', 'fsync', 'synchronous_commit', 'full_page_writes',
    'default_transaction_isolation', 'synchronous_standby_names', 'max_connections',
    'superuser_reserved_connections', 'lock_timeout', 'autovacuum',
  ] // biome-ignore format: a table of names reads best in lines
  const rows = await database.scan('select name, setting from pg_settings where name = any($1)', [
    `{${names.join(',')}}`,
  ])
  return Object.fromEntries(rows.map(({ name, setting }) => [String(name), String(setting)]))
}

const versionMin = 15

export function versionFinding(number: number): Finding {
  const [major, minor] = [Math.floor(number / 10_000), number % 10_000]
  const says = `PostgreSQL ${major}.${minor}`
  return major < versionMin
    ? fail('database', `${says} is too old: ${versionMin} or newer is needed. Upgrade it`)
    : ok('database', says)
}

const encodingFinding = ({ server_encoding: encoding }: Settings): Finding =>
  encoding === 'UTF8'
    ? ok('encoding', 'UTF8')
    : fail(
        'encoding',
        `is ${encoding}, which has no room for every name. Make the database with encoding UTF8`,
      )

function durabilityFindings(settings: Settings): readonly Finding[] {
  const lost = 'what was acknowledged can be lost in a crash'
  const findings: Finding[] = []
  if (settings.fsync !== 'on')
    findings.push(fail('durability', `fsync is off: ${lost}, and the database with it. Set fsync = on`))
  if (settings.full_page_writes !== 'on') {
    findings.push(
      fail('durability', `full_page_writes is off: a crash can tear pages. Set full_page_writes = on`),
    )
  }
  const commit = settings.synchronous_commit ?? ''
  const on = 'alter role current_user set synchronous_commit = on'
  if (commit === 'off') findings.push(fail('durability', `synchronous_commit is off: ${lost}. ${on}`))
  else if (commit !== 'on' && commit !== 'remote_apply') {
    findings.push(
      warn('durability', `synchronous_commit is ${commit}: a standby may lack what was acknowledged. ${on}`),
    )
  }
  if (findings.length > 0) return findings
  return [ok('durability', `fsync, full_page_writes; synchronous_commit is ${commit}`)]
}

/** Beyond a pooler a session is nobody's: what is set elsewhere when connecting must be set for the role. */
function isolationFindings(settings: Settings, { postgres: { pooler } }: Config): readonly Finding[] {
  const isolation = settings.default_transaction_isolation
  const findings: Finding[] = []
  if (isolation !== 'read committed') {
    const set = `alter role current_user set default_transaction_isolation = 'read committed'`
    findings.push(fail('isolation', `is ${isolation}: two commits could miss each other. ${set}`))
  }
  if (pooler && settings.lock_timeout === '0') {
    const set = `alter role current_user set lock_timeout = '5s'`
    findings.push(
      warn(
        'pooler',
        `lock_timeout is not set: a statement that was given up here goes on waiting there. ${set}`,
      ),
    )
  }
  return findings.length > 0 ? findings : [ok('isolation', 'read committed')]
}

const lagBytesMax = 64 * 1024 ** 2

async function replicationFindings(database: Database, settings: Settings): Promise<readonly Finding[]> {
  const names = settings.synchronous_standby_names ?? ''
  const standbys = await database.scan(
    `select application_name, coalesce(state, 'hidden') as state, coalesce(sync_state, 'hidden') as sync_state,
        coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0) as behind
      from pg_stat_replication where state is distinct from 'backup' order by application_name`,
    [],
  )
  if (standbys.length === 0) {
    if (names !== '') {
      const wait = `synchronous_standby_names is ${names}, and none is connected: commits wait for it`
      return [fail('standby', `${wait}. Start it, or take it out`)]
    }
    const says = 'there is none: with this database, all since the last backup is lost. Set one up'
    return [warn('standby', `${says}: docs/operating/high-availability.md`)]
  }
  const findings = standbys.map(standbyFinding)
  const isHidden = standbys.some(({ state }) => state === 'hidden')
  const isSynchronous = standbys.some(({ sync_state }) => ['sync', 'quorum'].includes(String(sync_state)))
  if (isHidden) {
    findings.push(warn('standby', 'this role may not see how far they are: grant pg_monitor to current_user'))
  } else if (!isSynchronous) {
    const says = 'none is waited for: what was acknowledged a moment before the primary is lost may be lost'
    findings.push(warn('standby', `${says}. Set synchronous_standby_names`))
  }
  return findings
}

function standbyFinding({ application_name: name, state, sync_state: sync, behind }: Row): Finding {
  const says = `${name}: ${state}, ${sync}, ${Math.round(Number(behind) / 1024)} KiB behind`
  return Number(behind) > lagBytesMax
    ? warn('standby', `${says}: a switch to it waits for that. Look at its disk and its network`)
    : ok('standby', says)
}

/** Times are written by nodes: where they differ, tokens end sooner or later than they say. */
async function databaseClockFinding(database: Database, clock: () => number): Promise<Finding> {
  const before = clock()
  const [row] = await database.scan('select extract(epoch from clock_timestamp()) * 1000 as at', [])
  const after = clock()
  const at = Number(row?.at)
  // Anywhere between is right.
  const apart = at < before ? before - at : Math.max(0, at - after)
  const says = `this machine and the database are ${(apart / 1000).toFixed(1)} s apart`
  if (apart > 30_000) return fail('clocks', `${says}: tokens would end at the wrong time. Set both (NTP)`)
  return apart > 2_000 ? warn('clocks', `${says}. Set both (NTP)`) : ok('clocks', says)
}

async function roleFindings(database: Database): Promise<readonly Finding[]> {
  const [row] = await database.scan(
    `select current_user as role, current_schema as schema, has_schema_privilege(current_schema, 'CREATE') as may,
      has_language_privilege('plpgsql', 'USAGE') as speaks`,
    [],
  )
  if (row?.schema === null) {
    return [fail('role', `${row.role} has no schema of its own to use. create schema … authorization …`)]
  }
  const owns = `alter schema ${row?.schema} owner to ${row?.role} (docs/operating/postgres.md)`
  // Where even that may not be read, or is newer, the schema's own finding says so.
  const pending = await pendingMigrations(database).catch(() => 0)
  if (row?.may !== 1 && pending > 0) {
    const says = `${row?.role} may not make tables in ${row?.schema}, and ${pending} migrations wait`
    return [fail('role', `${says}. ${owns}`)]
  }
  if (row?.may !== 1 || row.speaks !== 1) {
    const says = `${row?.role} may not create functions in ${row?.schema}: commits take several round trips each`
    return [warn('role', `${says}, and no migration can be made. ${owns}`)]
  }
  return [ok('role', `${row.role} may create functions in ${row.schema}`)]
}

/** The tables are another role's: whoever owns the schema alone does not own what is in it already. */
async function forbiddenFindings(database: Database, error: unknown): Promise<readonly Finding[]> {
  if (!(error instanceof Error) || codeOf(error.cause) !== mayNot) throw error
  const [row] = await database.scan('select current_user as role, current_schema as schema', [])
  const owns = `alter schema ${row?.schema} owner to ${row?.role}, and each table in it`
  const says = `${messageOf(error)}: it is another role's. Connect as that one, or`
  return [fail('role', `${says}: ${owns} (docs/operating/postgres.md)`)]
}

/** Those that requests of one process share; see `storage/postgres.ts`. */
const sharedConnections = 3

async function connectionFindings(
  database: Database,
  settings: Settings,
  { postgres: { connections, pooler } }: Config,
): Promise<readonly Finding[]> {
  const [row] = await database.scan(
    `select count(*) as used from pg_stat_activity where backend_type = 'client backend'`,
    [],
  )
  const max = Number(settings.max_connections) - Number(settings.superuser_reserved_connections)
  const left = max - Number(row?.used)
  const says = `${row?.used} of ${max} are used`
  const wanted = connections + sharedConnections
  if (pooler || left >= wanted) return [ok('connections', says)]
  const mend = 'Raise max_connections, lower postgres.connections, or put PgBouncer between'
  return [warn('connections', `${says}, and one more process takes up to ${wanted}. ${mend}`)]
}
