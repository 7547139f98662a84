/** The checks of `tokenferry doctor`, in the order in which one stands on another. */
import { dirname, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { readConfig } from '../config.ts'
import type { Client, StoredKey } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { unsealable } from '../keys/key-ring.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { currentOf } from '../keys/rotate.ts'
import { isSqlite, sqlitePath } from '../open-database.ts'
import type { Database } from '../storage/database.ts'
import { pendingMigrations } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { uselessGrants } from './direct-grants.ts'
import type { Finding } from './doctor-finding.ts'
import { fail, messageOf, ok, warn } from './doctor-finding.ts'
import { codeFindings, mailFindings } from './doctor-mail.ts'
import { peopleFindings } from './doctor-people.ts'
import { postgresFindings } from './doctor-postgres.ts'
import { setAsideFindings } from './doctor-set-aside.ts'
import { signInFindings } from './doctor-sign-in.ts'
import { diskFindings, sqliteFindings } from './doctor-sqlite.ts'

export async function examine(configPath: string, now: number): Promise<readonly Finding[]> {
  const began = performance.now()
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
    ...(await databaseFindings(config, () => now + performance.now() - began)),
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

async function databaseFindings(config: Config, clock: () => number): Promise<readonly Finding[]> {
  const contents = (database: Database): Promise<Finding[]> => schemaFindings(database, config, clock())
  return isSqlite(config) ? sqliteFindings(config, contents) : postgresFindings(config, clock, contents)
}

async function schemaFindings(database: Database, config: Config, now: number): Promise<Finding[]> {
  const pending = await pendingMigrations(database)
  const { findings, isWhole } = await setAsideFindings(database)
  if (pending > 0) {
    const says = `${pending} migrations wait: the next start makes them, or tokenferry db migrate`
    return [warn('schema', says), ...findings]
  }
  const upToDate = [ok('schema', 'is up to date'), ...findings]
  return isWhole ? [...upToDate, ...(await contentFindings(sqlStore(database), config, now))] : upToDate
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
    await nodeFinding(store),
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

/** Which node mails, calls apps and sweeps. */
async function nodeFinding(store: Store): Promise<Finding> {
  const lease = await store.findLease('background')
  if (lease === undefined || lease.until === 0) return ok('background', 'no server does it: none runs')
  const [host, pid] = lease.holder.split(' ')
  return ok('background', `is done by process ${pid} on ${host}, or by another when that falls silent`)
}
