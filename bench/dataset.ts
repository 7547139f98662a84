/**
 * What stands in the databases before anything is measured: legacy tokens, half of them exchanged, the
 * grants of those, and codes. Made by bulk statements, with the values that real exchanges would have
 * computed. The files of SQLite are made once, and each run works on a copy; PostgreSQL's are made each time.
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
import { basename, join } from 'node:path'
import type { Config } from '../server/src/config.ts'
import { parseConfig } from '../server/src/config.ts'
import { legacyLocator, sayRefreshToken } from '../server/src/kernel/chain.ts'
import type { ImportedLegacyToken } from '../server/src/kernel/store.ts'
import { openDeployment } from '../server/src/main.ts'
import { addClient, versionOf } from './client.ts'
import { buildFloor } from './floor-data.ts'
import type { Token } from './rows.ts'
import {
  byLookup,
  clientId,
  codeRow,
  connectionRow,
  exchangedRow,
  grantNumberOf,
  grantRow,
  insert,
  legacyTokenOf,
  scattered,
  userOf,
} from './rows.ts'

export type Dataset = {
  readonly folder: string
  readonly rows: number
  /** A fresh copy of both files, to be worked on. */
  copy(): { readonly ours: string; readonly floor: string }
  /** The configuration of a server on this database, and with this policy at its mount. */
  configText(database: string, policy: Readonly<Record<string, string>>, more?: string): string
}

/** As many codes as there are users; of more, no run ever comes to the end. */
export const codesIn = (rows: number): number => Math.min(rows / 2, 200_000)

export type DatasetOptions = {
  /** Which databases are made of it; PostgreSQL's is not kept. */
  readonly files?: readonly ('ours' | 'floor')[]
}

/** Finds the data set of this many legacy tokens for this schema, or makes it. */
export async function dataset(
  rows: number,
  tell: (line: string) => void,
  { files = ['ours', 'floor'] }: DatasetOptions = {},
): Promise<Dataset> {
  const folder = join(tmpdir(), 'tokenferry-bench', [rows, ...files, fingerprint()].join('-'))
  const configText = (database: string, policy: Readonly<Record<string, string>> = {}, more = ''): string =>
    textOf(folder, database, policy, more)
  if (!existsSync(join(folder, 'complete'))) {
    tell(`Building a data set of ${rows} legacy tokens in ${folder} …`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'root-secret'), randomBytes(32).toString('hex'), { mode: 0o600 })
    if (files.includes('ours'))
      await fill(parseConfig(configText(`sqlite:${join(folder, 'ours.db')}`), 'bench'), rows)
    if (files.includes('floor')) await buildFloor(join(folder, 'floor.db'), rows)
    writeFileSync(join(folder, 'complete'), '')
  }
  return { folder, rows, configText, copy: () => copy(folder) }
}

/** A schema or a data set that changed is another data set. */
function fingerprint(): string {
  const migrations = new URL('../server/src/storage/migrations/sqlite/', import.meta.url)
  const hash = createHash('sha256')
  for (const name of ['dataset.ts', 'rows.ts', 'client.ts', 'floor-data.ts'])
    hash.update(readFileSync(new URL(name, import.meta.url)))
  for (const name of readdirSync(migrations).sort()) hash.update(readFileSync(new URL(name, migrations)))
  return hash.digest('hex').slice(0, 8)
}

function copy(folder: string): { ours: string; floor: string } {
  const work = join(folder, 'work')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  const paths = { ours: join(work, 'ours.db'), floor: join(work, 'floor.db') }
  for (const path of Object.values(paths)) {
    const from = join(folder, basename(path))
    if (existsSync(from)) copyFileSync(from, path)
  }
  return paths
}

// As the peers log nothing, only warnings are logged here.
const textOf = (
  folder: string,
  database: string,
  policy: Readonly<Record<string, string>>,
  more: string,
): string => `
public_url: http://127.0.0.1:4000
listen: { port: 0 }
database: ${JSON.stringify(database)}
root_secret: ${JSON.stringify(`file:${join(folder, 'root-secret')}`)}
mounts: [{ dialect: standard, prefix: /, policy: ${JSON.stringify({ rotate: 'always', ...policy })} }]
log: warn
${more}`

/** The first refresh tokens of so many grants, spread over the data set; `from` so many were given out. */
export async function chainsOf(config: Config, rows: number, from: number, count: number): Promise<string[]> {
  const deployment = await openDeployment(config, { migrate: false })
  try {
    const version = versionOf(deployment)
    return Array.from({ length: count }, (_, index) => {
      const at = scattered(from + index, rows / 2)
      const locator = legacyLocator(version, legacyTokenOf(at), clientId, 0)
      return sayRefreshToken(version, { number: grantNumberOf(at), locator, generation: 0 })
    })
  } finally {
    await deployment.close()
  }
}

/** Fills a new database, of either kind, and leaves nothing waiting in its log. */
export async function fill(config: Config, rows: number): Promise<void> {
  const deployment = await openDeployment(config)
  const { store, database } = deployment
  const version = versionOf(deployment)
  const created = Date.now() - 86_400_000
  if (database.backend === 'sqlite') {
    // Whoever is interrupted begins anew, so nothing need be durable before the end.
    for (const setting of ['synchronous = off', 'cache_size = -2000000']) {
      await database.query(`pragma ${setting}`, [])
    }
  }
  await addClient(deployment, created)
  await store.noteLookupKind({ version: version.version, kind: 'raw' })
  await store.commit([{ write: 'raise_numbers', to: rows + 2 }])

  for (const [from, to] of spans(0, rows / 2)) {
    await insert(database, 'legacy_tokens', byLookup(version, from, to), (token) =>
      exchangedRow(token, version, created),
    )
    const grants = Array.from({ length: to - from }, (_, at) => from + at)
    await insert(database, 'connections', grants, (at) => connectionRow(at, created))
    await insert(database, 'grants', grants, (at) => grantRow(at, version, created))
  }
  for (const [from, to] of spans(rows / 2, rows)) {
    const waiting = byLookup(version, from, to)
    for (let at = 0; at < waiting.length; at += 10_000) {
      const imported = waiting.slice(at, at + 10_000)
      await store.importLegacyTokens(imported.map((token) => importedOf(token, version.version, created)))
    }
  }
  const codes = Array.from({ length: codesIn(rows) }, (_, at) => at)
  await insert(database, 'codes', codes, (at) => codeRow(at, Date.now()))
  if (database.backend === 'postgres') {
    await database.script('analyze')
  } else {
    // A copy takes the database's own file alone, so nothing may wait in its log.
    await database.query('pragma wal_checkpoint(truncate)', [])
  }
  await deployment.close()
}

/** In longer sorted runs, more rows share a page; ten million at once would not fit into memory. */
const spanRows = 1_000_000

function* spans(from: number, to: number): Generator<readonly [number, number]> {
  for (let at = from; at < to; at += spanRows) yield [at, Math.min(at + spanRows, to)]
}

export const importedOf = (
  { lookup, at }: Token,
  lookupVersion: number,
  created: number,
): ImportedLegacyToken => ({
  lookup,
  clientId: '',
  dialect: 'standard',
  lookupVersion,
  authorization: undefined,
  userId: userOf(at),
  organizationId: '',
  kind: 'user',
  scopes: ['read', 'write'],
  created,
  expires: undefined,
  lastUsed: undefined,
  alsoAs: [],
})
