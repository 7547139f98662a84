/**
 * What stands in the databases before anything is measured: legacy tokens, half of them exchanged, and the
 * grants of those. Built once by bulk statements, with the values that real exchanges would have computed;
 * each run of the bench works on a copy.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../server/src/config.ts'
import { parseConfig } from '../server/src/config.ts'
import { legacyLocator, sayRefreshToken } from '../server/src/kernel/chain.ts'
import { secretHmac } from '../server/src/kernel/operations/authenticate-client.ts'
import type { Client } from '../server/src/kernel/records.ts'
import type { RingVersion } from '../server/src/kernel/ring.ts'
import { currentVersion } from '../server/src/kernel/ring.ts'
import type { Deployment } from '../server/src/main.ts'
import { openDeployment } from '../server/src/main.ts'
import { openSqlite } from '../server/src/storage/sqlite.ts'
import {
  byLookup,
  clientId,
  clientSecret,
  connectionRow,
  exchangedRow,
  grantNumberOf,
  grantRow,
  insert,
  legacyTokenOf,
  sha256,
  userOf,
} from './rows.ts'

export type Dataset = {
  readonly folder: string
  readonly rows: number
  /** A fresh copy of both databases, to be worked on. */
  copy(): { readonly configPath: string; readonly floorPath: string }
}

/** Finds the data set of this many legacy tokens for this schema, or makes it. */
export async function dataset(rows: number, tell: (line: string) => void): Promise<Dataset> {
  const folder = join(tmpdir(), 'tokenferry-bench', `${rows}-${fingerprint()}`)
  if (!existsSync(join(folder, 'complete'))) {
    tell(`Building a data set of ${rows} legacy tokens in ${folder} …`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'root-secret'), randomBytes(32).toString('hex'), { mode: 0o600 })
    await buildOurs(folder, rows)
    await buildFloor(folder, rows)
    writeFileSync(join(folder, 'complete'), '')
  }
  return { folder, rows, copy: () => copy(folder) }
}

/** A schema or a data set that changed is another data set. */
function fingerprint(): string {
  const migrations = new URL('../server/src/storage/migrations/sqlite/', import.meta.url)
  const hash = createHash('sha256')
  for (const name of ['dataset.ts', 'rows.ts']) hash.update(readFileSync(new URL(name, import.meta.url)))
  for (const name of readdirSync(migrations).sort()) hash.update(readFileSync(new URL(name, migrations)))
  return hash.digest('hex').slice(0, 8)
}

function copy(folder: string): { configPath: string; floorPath: string } {
  const work = join(folder, 'work')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  copyFileSync(join(folder, 'ours.db'), join(work, 'ours.db'))
  copyFileSync(join(folder, 'floor.db'), join(work, 'floor.db'))
  const configPath = join(work, 'tokenferry.yaml')
  writeFileSync(configPath, configText(folder, join(work, 'ours.db')))
  return { configPath, floorPath: join(work, 'floor.db') }
}

// As the peers log nothing, only warnings are logged here.
const configText = (folder: string, database: string): string => `
public_url: http://127.0.0.1:4000
listen: { port: 0 }
database: ${JSON.stringify(`sqlite:${database}`)}
root_secret: ${JSON.stringify(`file:${join(folder, 'root-secret')}`)}
mounts: [{ dialect: standard, prefix: /, policy: { rotate: always } }]
log: warn
`

/**
 * The first refresh tokens of grants spread evenly over the data set; `share` of `shares` takes others
 * each time.
 */
export async function chainsOf(
  config: Config,
  rows: number,
  { count, share, shares }: { count: number; share: number; shares: number },
): Promise<string[]> {
  const deployment = await openDeployment(config)
  try {
    const version = versionOf(deployment)
    const step = rows / 2 / (count * shares)
    return Array.from({ length: count }, (_, index) => {
      const at = Math.floor((index * shares + share) * step)
      const locator = legacyLocator(version, legacyTokenOf(at), clientId, 0)
      return sayRefreshToken(version, { number: grantNumberOf(at), locator, generation: 0 })
    })
  } finally {
    await deployment.close()
  }
}

const versionOf = (deployment: Deployment): RingVersion =>
  currentVersion(deployment.keyRing.ring(), Date.now())

async function buildOurs(folder: string, rows: number): Promise<void> {
  const path = join(folder, 'ours.db')
  const deployment = await openDeployment(parseConfig(configText(folder, path), 'bench'))
  const { store, database } = deployment
  const version = versionOf(deployment)
  const created = Date.now() - 86_400_000
  await addClient(deployment, created)
  await store.noteLookupKind({ version: version.version, kind: 'raw' })
  await store.commit([{ write: 'raise_numbers', to: rows + 2 }])

  const exchanged = byLookup(version, 0, rows / 2)
  await insert(database, 'legacy_tokens', exchanged, (token) => exchangedRow(token, version, created))
  const waiting = byLookup(version, rows / 2, rows)
  for (let from = 0; from < waiting.length; from += 10_000) {
    await store.importLegacyTokens(
      waiting.slice(from, from + 10_000).map(({ lookup, at }) => ({
        lookup,
        clientId: '',
        dialect: 'standard',
        lookupVersion: version.version,
        authorization: undefined,
        userId: userOf(at),
        organizationId: '',
        kind: 'user',
        scopes: ['read', 'write'],
        created,
        expires: undefined,
        lastUsed: undefined,
        alsoAs: [],
      })),
    )
  }
  const grants = Array.from({ length: rows / 2 }, (_, at) => at)
  await insert(database, 'connections', grants, (at) => connectionRow(at, created))
  await insert(database, 'grants', grants, (at) => grantRow(at, version, created))
  await database.query(emptyLog, [])
  await deployment.close()
}

async function addClient(deployment: Deployment, created: number): Promise<void> {
  const version = versionOf(deployment)
  const client: Client = {
    id: clientId,
    dialect: 'standard',
    name: 'Bench',
    type: 'confidential',
    status: 'enabled',
    scopes: ['read', 'write', 'offline_access'],
    redirectUris: [],
    identifiers: [],
    exchangeFrom: undefined,
    exchangeUntil: undefined,
    exchangeStatus: 'on',
    exchangesPerDayMax: undefined,
    mayIntrospect: false,
    origins: [],
    tokensValidAfter: 0,
    maker: undefined,
    logo: undefined,
    callback: undefined,
    callbackStatus: 'on',
    callbackEvents: [],
    policy: {},
    secrets: [],
  }
  const secret = {
    hmac: secretHmac(version, clientSecret),
    keyVersion: version.version,
    expires: undefined,
  }
  await deployment.store.commit([
    { write: 'add_client', client, at: created },
    { write: 'add_client_secret', clientId, secret, sealed: undefined, created, othersExpire: undefined },
  ])
}

// A copy takes the database's own file alone, so nothing may wait in its log.
const emptyLog = 'pragma wal_checkpoint(truncate)'

/** The floor's two tables have as many rows, of about the same width. */
async function buildFloor(folder: string, rows: number): Promise<void> {
  const path = join(folder, 'floor.db')
  const database = await openSqlite(path)
  await database.script(`
    create table tokens (digest blob primary key, client text, user_id text, scopes text, created integer,
      status text not null, at integer, grant_number integer) without rowid;
    create table grants (number integer primary key, locator_hash blob, client text, user_id text, scopes text,
      created integer, generation integer not null, rotated_at integer)`)
  const created = Date.now()
  const tokens = Array.from({ length: rows }, (_, at) => ({ at, digest: sha256(legacyTokenOf(at)) }))
  tokens.sort((one, other) => Buffer.compare(one.digest, other.digest))
  const common = { client: clientId, scopes: 'read write', created }
  await insert(database, 'tokens', tokens, ({ at, digest }) => ({
    digest,
    user_id: userOf(at),
    status: at < rows / 2 ? 'exchanged' : 'active',
    ...common,
  }))
  const grants = Array.from({ length: rows / 2 }, (_, at) => at)
  await insert(database, 'grants', grants, (at) => ({
    number: at + 1,
    locator_hash: sha256(`locator ${at}`),
    user_id: userOf(at),
    generation: 0,
    rotated_at: created,
    ...common,
  }))
  await database.query(emptyLog, [])
  await database.close()
}
