/** Where the subjects live: what was built, their databases, and what of these is not used up yet. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../server/src/config.ts'
import type { PostgresServer } from '../server/src/testing/postgres.ts'
import { administer, startPostgres } from '../server/src/testing/postgres.ts'
import type { Dataset } from './dataset.ts'
import { fill } from './dataset.ts'
import type { Subject } from './subjects.ts'
import { build, pinTree, start } from './subjects.ts'
import type { Signature, SubjectName } from './who.ts'
import { subjectKinds } from './who.ts'

export type Place = {
  readonly built: string
  readonly data: Dataset
  readonly left: Left
  start(name: SubjectName, how: StartHow): Promise<Subject>
  /** Bytes on disk of this server's database, all tables and indexes. */
  bytesOf(name: SubjectName): Promise<number>
  /** The configuration of this server on this database, as a text. */
  configText(name: SubjectName, signature: Signature): string
  stop(): Promise<void>
}

export type StartHow = {
  readonly signature: Signature
  readonly cores: { readonly count: number; readonly list: string }
  readonly nodeOptions?: readonly string[]
}

/** How much of the data each subject has used up: a token, a chain and a code serve once in the whole run. */
export type Left = Readonly<Record<SubjectName, { legacyTokens: number; chains: number; codes: number }>>

/** Larger than a default server's, as on any machine that serves; all else is as it comes, and durable. */
export const postgresSettings = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '10min',
} as const

export async function openPlace(
  data: Dataset,
  names: readonly SubjectName[],
  tell: (line: string) => void,
  { partitions = 1 }: { readonly partitions?: number } = {},
): Promise<Place> {
  const built = await build(data.folder)
  const files = data.copy()
  const servers = new Map<SubjectName, PostgresServer>()
  for (const name of names.filter((one) => subjectKinds[one].hasPostgres)) {
    servers.set(name, await startPostgres({ durable: true, settings: postgresSettings }))
  }
  const database = (name: SubjectName): string => servers.get(name)?.url() ?? `sqlite:${files.ours}`
  const configText = (name: SubjectName, signature: Signature): string =>
    data.configText(database(name), policyOf(signature), `postgres: { partitions: ${partitions} }`)
  if (servers.has('ours-postgres')) {
    tell(`Filling PostgreSQL with ${data.rows} legacy tokens …`)
    await fill(parseConfig(configText('ours-postgres', 'ES256'), 'bench'), data.rows)
  }
  const left = Object.fromEntries(
    Object.keys(subjectKinds).map((name) => [name, { legacyTokens: data.rows / 2, chains: 0, codes: 0 }]),
  ) as Left // From a total record's keys.

  const valuesOf = (name: SubjectName, signature: Signature): string[] => {
    const waiting = [String(left[name].legacyTokens), String(data.rows)]
    const url = servers.get(name)?.url()
    if (name === 'floor') return [files.floor, signature]
    if (name === 'better-auth') return [url ?? '', signature]
    if (name === 'jmondi') return [...waiting, signature]
    if (name !== 'ours-sqlite' && name !== 'ours-postgres') return [...waiting, signature, url ?? '']
    const folder = join(data.folder, 'work')
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${name}-${signature}.yaml`)
    writeFileSync(path, configText(name, signature))
    return [path]
  }
  return {
    built,
    data,
    left,
    configText,
    async bytesOf(name) {
      const server = servers.get(name)
      if (!server) return statSync(files.ours).size
      const { rows } = await administer(server.url(), 'select pg_database_size(current_database()) as bytes')
      return Number(rows[0]?.bytes)
    },
    start(name, { signature, cores, nodeOptions = [] }) {
      const { program, isManyProcesses } = subjectKinds[name]
      const pid = servers.get(name)?.pid
      if (pid !== undefined) pinTree(pid, cores.list)
      return start(built, program, {
        values: valuesOf(name, signature),
        nodeOptions,
        cores: cores.list,
        processes: isManyProcesses ? cores.count : 1,
        database: pid,
      })
    },
    async stop() {
      for (const server of servers.values()) await server.stop()
    },
  }
}

function policyOf(signature: Signature): Readonly<Record<string, string>> {
  return signature === 'opaque' ? { access_format: 'opaque' } : { signature }
}
