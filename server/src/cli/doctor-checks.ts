/** The checks of `tokenferry doctor`, in the order in which one stands on another. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { readConfig } from '../config.ts'
import type { Client, StoredKey } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { unsealable } from '../keys/key-ring.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { currentOf } from '../keys/rotate.ts'
import { isSqlite, sqlitePath } from '../open-database.ts'
import { damageOf } from '../storage/condition.ts'
import type { Database } from '../storage/database.ts'
import { pendingMigrations } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { damageIn } from '../storage/sqlite-errors.ts'
import { damagedWords } from './command.ts'
import { uselessGrants } from './direct-grants.ts'
import { codeFindings, mailFindings } from './doctor-mail.ts'
import { peopleFindings } from './doctor-people.ts'
import { signInFindings } from './doctor-sign-in.ts'

export type Finding = {
  readonly result: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
}

const ok = (about: string, says: string): Finding => ({ result: 'ok', about, says })
const warn = (about: string, says: string): Finding => ({ result: 'warn', about, says })
const fail = (about: string, says: string): Finding => ({ result: 'fail', about, says })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function examine(configPath: string, now: number): Promise<readonly Finding[]> {
  let config: Config
  try {
    config = readConfig(configPath)
  } catch (error) {
    return messageOf(error)
      .split('\n')
      .map((line) => fail('config', line))
  }
  return [
    ok('config', `${resolve(configPath)} is valid`),
    ...addressFindings(config),
    ...rootSecretFindings(config),
    ...diskFindings(config),
    ...(await signInFindings(config)),
    ...(await mailFindings(config)),
    ...(await databaseFindings(config, now)),
  ]
}

function addressFindings({ public_url, trusted_proxies }: Config): Finding[] {
  const { protocol, hostname } = new URL(public_url)
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  // RFC 6749 §3.2: tokens cross the network under TLS only.
  if (protocol === 'http:' && !loopback) {
    return [
      fail(
        'public_url',
        `${public_url} is not https: put a proxy that ends TLS before it, and name its address`,
      ),
    ]
  }
  if (loopback) return [warn('public_url', `${public_url} can be reached from this machine alone`)]
  if (trusted_proxies.length === 0) {
    return [
      warn(
        'public_url',
        `${public_url} needs a TLS proxy, but trusted_proxies lists none: limits see its address alone`,
      ),
    ]
  }
  return [ok('public_url', public_url)]
}

function rootSecretFindings(config: Config): Finding[] {
  const { root_secret } = config
  try {
    readRootSecret(root_secret)
  } catch (error) {
    return [fail('root_secret', messageOf(error))]
  }
  const right = ok('root_secret', `${root_secret} is 64 hex digits`)
  const folder = isSqlite(config) ? dirname(resolve(sqlitePath(config))) : undefined
  const together = root_secret.startsWith('file:') && dirname(resolve(root_secret.slice(5))) === folder
  if (!together) return [right]
  return [
    right,
    warn(
      'root_secret',
      `lies beside the database in ${folder}: who copies the folder has both. Move it elsewhere`,
    ),
  ]
}

const gibibyte = 1024 ** 3

function diskFindings(config: Config): Finding[] {
  if (!isSqlite(config)) return []
  const path = sqlitePath(config)
  if (path === ':memory:') return [warn('database', 'is in memory: everything is lost at the end')]
  const folder = dirname(resolve(path))
  if (!existsSync(folder)) return [fail('disk', `There is no folder ${folder}. Make it: mkdir -p ${folder}`)]
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const says = `${(free / gibibyte).toFixed(1)} GiB free in ${folder}`
  if (free < gibibyte / 10) return [fail('disk', `${says}: make room, or nothing can be committed`)]
  return [free < gibibyte ? warn('disk', `${says}: make room soon`) : ok('disk', says)]
}

async function databaseFindings(config: Config, now: number): Promise<Finding[]> {
  const path = sqlitePath(config)
  if (path !== ':memory:' && !existsSync(path)) {
    return [
      warn(
        'database',
        `${resolve(path)} is not there yet: the first start makes it, or tokenferry db migrate`,
      ),
    ]
  }
  let database: Database
  try {
    database = await openSqlite(path)
  } catch (error) {
    const damage = damageIn(error)
    if (damage !== undefined)
      return [fail('integrity', `The database ${resolve(path)} ${damagedWords(damage)}`)]
    return [
      fail(
        'database',
        `${resolve(path)} cannot be opened (${messageOf(error)}): is it a database, and may you write it?`,
      ),
    ]
  }
  try {
    const damage = await damageOf(database, 'quick')
    const permission = permissionFinding(path)
    if (damage !== undefined) {
      return [permission, fail('integrity', `The database ${resolve(path)} ${damagedWords(damage)}`)]
    }
    const findings = [permission, ok('integrity', 'the file is sound')]
    const pending = await pendingMigrations(database)
    if (pending > 0) {
      return [
        ...findings,
        warn('schema', `${pending} migrations wait: the next start makes them, or tokenferry db migrate`),
      ]
    }
    return [
      ...findings,
      ok('schema', 'is up to date'),
      ...(await contentFindings(sqlStore(database), config, now)),
    ]
  } catch (error) {
    return [fail('database', messageOf(error))]
  } finally {
    await database.close()
  }
}

function permissionFinding(path: string): Finding {
  if (path === ':memory:') return ok('database', 'in memory')
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0) return ok('database', `${resolve(path)} is readable by its owner alone`)
  return warn(
    'database',
    `${path} can be read by others (mode ${mode.toString(8)}). Mend it: chmod 600 ${path}`,
  )
}

async function contentFindings(store: Store, config: Config, now: number): Promise<Finding[]> {
  const [keys, clients] = [await store.listKeys(), await store.listClients()]
  return [
    ...(await keyFindings(store, keys, config, now)),
    clockFinding(keys, now),
    ...clientFindings(clients, config, now),
    ...codeFindings(clients, config),
    ...(await peopleFindings(store, config)),
    ...(await outboxFindings(store, now)),
  ]
}

const day = 86_400_000

async function keyFindings(
  store: Store,
  keys: readonly StoredKey[],
  config: Config,
  now: number,
): Promise<Finding[]> {
  if (keys.length === 0) return [warn('keys', 'there are none yet: the first start makes them')]
  let sealed: boolean
  try {
    sealed = await unsealable(store, readRootSecret(config.root_secret))
  } catch {
    return [fail('keys', 'cannot be opened without the root secret')]
  }
  if (!sealed)
    return [
      fail('keys', "the root secret does not open them: it is another deployment's, or from before a rewrap"),
    ]
  const version = currentOf(keys, now)
  const current = keys.find((key) => key.kind === 'ring' && key.version === version)
  const days = Math.floor((now - (current?.currentFrom ?? now)) / day)
  const says = `version ${version} is current since ${days} days`
  if (version >= 240) return [warn('keys', `${says}; there can be 255 versions`)]
  return [
    days > 365 ? warn('keys', `${says}. Rotate them once a year: tokenferry key rotate`) : ok('keys', says),
  ]
}

/** Nothing in the database may come from the future, but for a version that is published ahead. */
function clockFinding(keys: readonly StoredKey[], now: number): Finding {
  const newest = Math.max(0, ...keys.map(({ created }) => created))
  if (newest > now + 60_000) {
    return fail(
      'clock',
      `is behind: a key was made at ${new Date(newest).toISOString()}. Set the clock (NTP)`,
    )
  }
  return ok('clock', new Date(now).toISOString())
}

function clientFindings(clients: readonly Client[], { mounts }: Config, now: number): Finding[] {
  const findings: Finding[] = []
  for (const { dialect, prefix } of mounts) {
    if (!clients.some((client) => client.dialect === dialect)) {
      findings.push(
        warn(
          'mount',
          `${prefix} (${dialect}) has no clients. Add one: tokenferry client add --dialect ${dialect}`,
        ),
      )
    }
  }
  for (const client of clients) {
    const { id, dialect, scopes, type, secrets, mayIntrospect } = client
    const secret = secrets.some(({ expires }) => expires === undefined || expires > now)
    if (!mounts.some((mount) => mount.dialect === dialect)) {
      findings.push(warn('client', `${id} speaks ${dialect}, which is mounted nowhere`))
    }
    const useless = uselessGrants(client)
    if (useless !== undefined) findings.push(warn('client', useless))
    // An API that only asks what tokens are worth needs none.
    if (scopes.length === 0 && !mayIntrospect) {
      findings.push(
        warn('client', `${id} has no scopes. Give it some: tokenferry client set ${id} --scope …`),
      )
    }
    if (type === 'confidential' && !secret) {
      findings.push(
        warn('client', `${id} has no secret that is good. Make one: tokenferry client rotate-secret ${id}`),
      )
    }
    if (client.callback !== undefined && client.callbackStatus === 'off') {
      findings.push(
        warn('callback', `${id} is off since it answered 410: mend it, then tokenferry webhook enable ${id}`),
      )
    }
  }
  return findings.length === 0 ? [ok('clients', `${clients.length}, each with scopes and a mount`)] : findings
}

const hour = 3_600_000

/** What waits for long is stuck: nobody serves, or nobody answers. */
async function outboxFindings(store: Store, now: number): Promise<Finding[]> {
  const counts = await store.countDeliveries()
  const found = counts.flatMap(({ channel, status, count, oldest }): Finding[] => {
    if (status === 'given_up') {
      const says = `${count} (${channel}) could not be told`
      return [
        warn(
          'outbox',
          `${says}: tokenferry outbox list --status given_up, then: tokenferry outbox retry --all`,
        ),
      ]
    }
    if (status !== 'waiting' || now - oldest < hour) return []
    const since = new Date(oldest).toISOString()
    return [
      warn('outbox', `${count} (${channel}) wait, the oldest since ${since}. Why: tokenferry outbox list`),
    ]
  })
  return found.length === 0 ? [ok('outbox', 'nothing is stuck')] : found
}
