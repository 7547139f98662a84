/**
 * A cluster as operators run it: an etcd, and nodes of PostgreSQL under Patroni, on free ports of the
 * loopback, in a folder of its own. It touches nothing of the system, and ends with whoever started it.
 */
import type { SpawnOptions } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { administer, nobody } from './postgres.ts'
import { freePort } from './serving.ts'

export type Member = {
  readonly name: string
  /** Of its PostgreSQL. */
  readonly port: number
  /** Where its Patroni answers. */
  readonly api: string
  readonly config: string
  /** The folder of its PostgreSQL. */
  readonly data: string
  /** Its Patroni and its postmaster, of those that run: without both, it is dead. */
  roots(): readonly number[]
  /** Sends a signal to every process of it that runs: its Patroni, the postmaster and their children. */
  signal(name: NodeJS.Signals): void
  /** Starts its Patroni, which starts PostgreSQL. */
  start(): void
}

export type Cluster = {
  readonly folder: string
  readonly members: readonly Member[]
  /** As `database:` takes it: all members, or only one. */
  url(database?: string, only?: Member): string
  leader(): Promise<Member | undefined>
  /** All members run, and one of them is the synchronous standby. */
  isSettled(): Promise<boolean>
  /** What `patronictl` says to these words. */
  control(...words: readonly string[]): Promise<string>
  /** What etcd, Patroni and PostgreSQL have logged. */
  output(): string
  stop(): Promise<void>
}

/** What counts for how soon the next primary is there. As short as Patroni allows it: tests wait for it. */
export const settings = {
  ttl: 20,
  loop_wait: 2,
  retry_timeout: 5,
  maximum_lag_on_failover: 1_048_576,
  synchronous_mode: true,
  synchronous_mode_strict: false,
  postgresql: {
    use_pg_rewind: true,
    parameters: { wal_level: 'replica', max_connections: 100, wal_log_hints: 'on', wal_keep_size: '256MB' },
  },
}

const scope = 'tokenferry'
const user = 'tokenferry'
const database = 'tokenferry'
const startMillisecondsMax = 120_000

const programs = (): string | undefined => {
  const installed = '/usr/lib/postgresql'
  if (!existsSync(installed)) return undefined
  const [newest] = readdirSync(installed)
    .filter((version) => existsSync(join(installed, version, 'bin/pg_basebackup')))
    .sort((one, other) => Number(other) - Number(one))
  return newest && join(installed, newest, 'bin')
}

/** Which of the programs are not there. */
export const missingPrograms = (): readonly string[] => [
  ...['patroni', 'patronictl', 'etcd'].filter((name) => spawnSync(name, ['--version']).error !== undefined),
  ...(programs() === undefined ? ['postgresql'] : []),
]

type Program = { readonly pid: () => number; readonly output: () => string; end(): Promise<void> }

/**
 * A shell between, which ends the program when its input ends: with this process, however that ends. Of a
 * Patroni it also ends the PostgreSQL, which would go on alone.
 */
const guard = `trap '' INT TERM HUP; "$@" >&2 & one=$!; echo "process $one" >&2; cat >/dev/null
  main=$(head -n 1 "$DATA/postmaster.pid" 2>/dev/null)
  [ "$(cat /proc/$main/comm 2>/dev/null)" = postgres ] || main=
  for pid in $one $main; do kill -KILL $pid $(cat /proc/$pid/task/$pid/children); done 2>/dev/null
  wait $one`

function run(program: string, words: readonly string[], how: SpawnOptions, data = ''): Program {
  const env = { ...how.env, DATA: data }
  const stdio: SpawnOptions['stdio'] = ['pipe', 'ignore', 'pipe']
  const shell = spawn('/bin/sh', ['-c', guard, 'sh', program, ...words], { ...how, env, stdio })
  let output = ''
  let pid = 0
  shell.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-200_000)
    if (pid === 0) pid = Number(/^process (\d+)$/m.exec(output)?.[1] ?? 0)
  })
  return {
    pid: () => pid,
    output: () => output,
    async end() {
      if (shell.exitCode !== null) return
      const ended = once(shell, 'exit')
      shell.stdin?.end()
      await ended
    },
  }
}

export async function startCluster(names: readonly string[] = ['one', 'two', 'three']): Promise<Cluster> {
  const bin = programs() ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-ha-'))
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid)
  const env = { PATH: `${bin}:/usr/bin:/bin`, LC_ALL: 'C.UTF-8', HOME: folder }
  const how: SpawnOptions = { ...nobody, cwd: folder, env }
  const [client, peer] = [await freePort(), await freePort()]
  const started: Program[] = [run('etcd', etcdWords(folder, client, peer), how)]
  const output = (): string => started.map((one) => one.output()).join('\n')
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.end()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => (await asked(`http://127.0.0.1:${client}/health`)) !== undefined)
    const members: Member[] = []
    for (const name of names) {
      const at = { name, port: await freePort(), rest: await freePort(), client, folder, bin }
      members.push(memberOf(at, (program) => void started.push(program), how))
    }
    const [first, ...others] = members
    // It makes the cluster; the others copy it.
    first?.start()
    await until(async () => (await leaderOf(members)) !== undefined)
    for (const other of others) other.start()
    const cluster = clusterOf(members, how, { folder, output, stop })
    await until(() => cluster.isSettled())
    await administer(cluster.url('postgres', first), `create database ${database}`)
    return cluster
  } catch (error) {
    const said = output()
    await stop()
    throw new Error(`The cluster did not start: ${said.slice(-5_000)}`, { cause: error })
  }
}

type Place = {
  readonly name: string
  readonly port: number
  /** Where its Patroni answers. */
  readonly rest: number
  /** Where etcd answers. */
  readonly client: number
  readonly folder: string
  readonly bin: string
}

/**
 * Before 3.0.3, a leader that wakes up after its time takes the lock from its successor, where Patroni keeps
 * it by etcd's third interface: what the successor acknowledged is lost then. By the second it does not.
 */
const isBySecondInterface = (): boolean => {
  const said = spawnSync('patroni', ['--version'], { encoding: 'utf8' }).stdout
  const [major = 0, minor = 0, patch = 0] = (/\d+\.\d+\.\d+/.exec(said)?.[0] ?? '').split('.').map(Number)
  return major < 3 || (major === 3 && minor === 0 && patch < 3)
}

const etcdWords = (folder: string, client: number, peer: number): readonly string[] => {
  const [here, there] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  return [
    ...['--name', 'etcd', '--data-dir', join(folder, 'etcd'), '--initial-cluster', `etcd=${there}`],
    ...['--listen-client-urls', here, '--advertise-client-urls', here],
    ...(isBySecondInterface() ? ['--enable-v2=true'] : []),
    ...['--listen-peer-urls', there, '--initial-advertise-peer-urls', there],
  ]
}

function memberOf(at: Place, started: (program: Program) => void, how: SpawnOptions): Member {
  const config = join(at.folder, `${at.name}.yaml`)
  const data = join(at.folder, at.name)
  // Every JSON is YAML.
  writeFileSync(config, JSON.stringify(configOf(at), undefined, 2))
  let patroni: Program | undefined
  const roots = (): readonly number[] => [patroni?.pid() ?? 0, postmasterIn(data)].filter((pid) => pid > 0)
  const processes = (): readonly number[] => roots().flatMap((pid) => [pid, ...childrenOf(pid)])
  return {
    name: at.name,
    port: at.port,
    config,
    data,
    roots,
    api: `http://127.0.0.1:${at.rest}`,
    signal(name) {
      for (const pid of processes()) {
        try {
          process.kill(pid, name)
        } catch {
          // It has ended by itself since.
        }
      }
    },
    start() {
      patroni = run('patroni', [config], how, data)
      started(patroni)
    },
  }
}

const configOf = ({ name, port, rest, client, folder, bin }: Place): object => ({
  scope,
  name,
  restapi: { listen: `127.0.0.1:${rest}`, connect_address: `127.0.0.1:${rest}` },
  [isBySecondInterface() ? 'etcd' : 'etcd3']: { hosts: [`127.0.0.1:${client}`] },
  bootstrap: { dcs: settings, initdb: [{ encoding: 'UTF8' }, { locale: 'C' }] },
  postgresql: {
    listen: `127.0.0.1:${port}`,
    connect_address: `127.0.0.1:${port}`,
    data_dir: join(folder, name),
    bin_dir: bin,
    pgpass: join(folder, `${name}.pgpass`),
    authentication: { superuser: { username: user }, replication: { username: 'replicator' } },
    parameters: { unix_socket_directories: folder },
    // Whoever reaches the loopback: it is a cluster to try things with.
    pg_hba: [
      'local all all trust',
      'host all all 127.0.0.1/32 trust',
      'host replication all 127.0.0.1/32 trust',
    ],
  },
})

type Ground = Pick<Cluster, 'folder' | 'output' | 'stop'>

function clusterOf(members: readonly Member[], how: SpawnOptions, ground: Ground): Cluster {
  const hosts = (some: readonly Member[]): string => some.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return {
    ...ground,
    members,
    url: (name = database, only) => `postgres://${user}@${hosts(only ? [only] : members)}/${name}`,
    leader: () => leaderOf(members),
    async isSettled() {
      const leader = await leaderOf(members)
      const roles = leader ? await rolesSeenBy(leader) : []
      return roles.length === members.length && roles.includes('sync_standby')
    },
    async control(...words) {
      const [{ config = '' } = {}] = members
      const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe']
      const child = spawn('patronictl', ['-c', config, ...words], { ...how, stdio })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk))
      const [status] = await once(child, 'close')
      if (status !== 0) throw new Error(`patronictl ${words.join(' ')}: ${said}`)
      return said
    },
  }
}

/** What a Patroni says at once; `undefined`: no, or nothing. */
async function asked(address: string): Promise<string | undefined> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(2_000) })
    const text = await answer.text()
    return answer.ok ? text : undefined
  } catch {
    return undefined
  }
}

async function leaderOf(members: readonly Member[]): Promise<Member | undefined> {
  const leading = await Promise.all(members.map(({ api }) => asked(`${api}/primary`)))
  return members.find((_, at) => leading[at] !== undefined)
}

/** Of those that run. */
async function rolesSeenBy({ api }: Member): Promise<readonly string[]> {
  const said = await asked(`${api}/cluster`)
  if (said === undefined) return []
  const { members } = JSON.parse(said) as { members: readonly { role: string; state: string }[] }
  return members.filter(({ state }) => state === 'running' || state === 'streaming').map(({ role }) => role)
}

function postmasterIn(data: string): number {
  const path = join(data, 'postmaster.pid')
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n', 1)[0]) : 0
  // What a killed one left behind may have become the number of something else.
  return pid > 0 && readFrom(`/proc/${pid}/comm`).trim() === 'postgres' ? pid : 0
}

const childrenOf = (pid: number): readonly number[] =>
  readFrom(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)

function readFrom(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Asks again until it holds: other processes have no clock of ours. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + startMillisecondsMax
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('It was waited for in vain.')
    await pause(50)
  }
}
