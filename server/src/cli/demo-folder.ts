/**
 * The demo's data: `tokenferry.yaml`, `tokenferry.db`, `demo.json`, and the root secret beside the folder, so
 * that a copy of the folder opens nothing. It is made once, whole or not at all, and kept over restarts.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import type { Config } from '../config.ts'
import { readConfig } from '../config.ts'
import type { DemoSections } from '../demo.ts'
import { moved, seedDemo } from '../demo.ts'
import { dialects, usualPrefix } from '../dialects/index.ts'
import { event } from '../kernel/decision.ts'
import { makeRootSecret } from '../keys/root-secret.ts'
import { openDeployment } from '../main.ts'
import { devCallbacksPath } from '../pages/dev-callbacks.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { CommandError, operator } from './command.ts'
import { demoBrand, demoScopes } from './demo-words.ts'

export type DemoFolder = {
  readonly folder: string
  readonly config: string
  readonly database: string
  readonly demo: string
  readonly rootSecret: string
}

export type Demo = {
  readonly base: string
  /** The address of each region; absent in a demo from before there were regions. */
  readonly regions?: DemoRegions | undefined
  readonly sections: DemoSections
}

/** Where the demo listens: at `us`, and beside it at the other one. */
export type DemoRegions = { readonly us: string; readonly eu: string }

/** The folder, made where it is not there. */
export function demoFolder(folder: string): DemoFolder {
  const at: DemoFolder = {
    folder,
    config: join(folder, 'tokenferry.yaml'),
    database: join(folder, 'tokenferry.db'),
    demo: join(folder, 'demo.json'),
    rootSecret: `${folder}.root-secret`,
  }
  writing(at, () => {
    makeFolder(folder)
    const probe = join(folder, '.writable')
    writeFileSync(probe, '')
    rmSync(probe)
  })
  return at
}

/** Node's own `recursive` asks for ever where a parent exists and takes no folder (`/proc`). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}

/** Samples, keys and files, for the first start. */
export async function makeDemo(regions: DemoRegions, at: DemoFolder): Promise<Demo> {
  const base = regions.us
  // The database gets its name when all is in it: a start that was cut short leaves nothing that looks
  // finished.
  const unfinished = `${at.database}.unfinished`
  const finished = `${at.database}.finished`
  const removeLeftOvers = (): void => {
    for (const path of [unfinished, finished]) {
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    }
  }
  writing(at, () => {
    removeLeftOvers()
    if (!existsSync(at.rootSecret)) makeRootSecret(at.rootSecret)
    write(at.config, stringify(settings(regions, at)))
  })
  const config = { ...readConfig(at.config), database: `sqlite:${unfinished}` }
  const deployment = await openDeployment(config)
  try {
    const demo = {
      base,
      regions,
      sections: await seedDemo(deployment, { callback: base + devCallbacksPath }),
    }
    // A copy and not the file itself: part of that may still be in its write-ahead log, which a rename leaves
    // behind.
    await copyOf(unfinished, finished)
    writing(at, () => {
      writeDemo(demo, at)
      chmodSync(finished, 0o600)
      renameSync(finished, at.database)
    })
    return demo
  } finally {
    await deployment.close()
    removeLeftOvers()
  }
}

async function copyOf(path: string, copy: string): Promise<void> {
  const database = await openSqlite(path)
  try {
    await database.backup(copy)
  } finally {
    await database.close()
  }
}

const settings = (regions: DemoRegions, at: DemoFolder) => ({
  public_url: regions.us,
  region: 'us',
  regions,
  listen: listenOf(regions.us),
  database: `sqlite:${at.database}`,
  root_secret: `file:${at.rootSecret}`,
  mounts: dialects.map((dialect) => ({ dialect: dialect.name, prefix: usualPrefix(dialect) })),
  brand: demoBrand,
  scopes: demoScopes,
  // The sample apps listen at /dev/callbacks.
  callbacks: { allow_private: ['127.0.0.0/8'] },
  // Shown at /dev/mail, and sent nowhere.
  mail: { from: 'Sample Inc. <no-reply@demo.example>', folder: join(at.folder, 'mail') },
})

const listenOf = (base: string) => ({ host: new URL(base).hostname, port: Number(new URL(base).port) })

/** The configuration of the server beside it, which is the other region. */
export const besideOf = (config: Config): readonly Config[] =>
  Object.entries(config.regions ?? {})
    .filter(([region]) => region !== config.region)
    .map(([region, base]) => ({ ...config, public_url: base, region, listen: listenOf(base) }))

/** What an earlier start has written. */
export function readDemo({ demo, folder }: DemoFolder): Demo {
  try {
    // Written by `writeDemo` alone.
    const { base, regions, ...sections } = JSON.parse(readFileSync(demo, 'utf8')) as Omit<Demo, 'sections'> &
      DemoSections
    return { base, regions, sections }
  } catch (error) {
    throw new CommandError(
      `${demo} is missing or broken, and its secrets cannot be read back from the database. ` +
        `Move ${folder} away to begin anew, or run: tokenferry serve --config ${folder}/tokenferry.yaml`,
      { cause: error },
    )
  }
}

/**
 * The same demo at another address, or in another place: files and clients follow. What else was changed
 * stays.
 */
export async function rebase(demo: Demo, wanted: DemoRegions, at: DemoFolder): Promise<Demo> {
  const base = wanted.us
  if (!existsSync(at.config)) writing(at, () => write(at.config, stringify(settings(wanted, at))))
  const document = parseDocument(writing(at, () => readFileSync(at.config, 'utf8')))
  const { public_url, listen, database, root_secret, mail } = settings(wanted, at)
  const before = String(document)
  for (const [name, value] of Object.entries({ public_url, database, root_secret })) document.set(name, value)
  document.setIn(['listen', 'port'], listen.port)
  // A demo from before there were regions, or mails, goes on without.
  const regions = document.has('regions') ? wanted : undefined
  if (regions) document.set('regions', regions)
  if (document.hasIn(['mail', 'folder'])) document.setIn(['mail', 'folder'], mail.folder)
  if (String(document) !== before) writing(at, () => write(at.config, String(document)))
  if (demo.base === base && demo.regions?.eu === regions?.eu) return demo
  await moveClients(demo.base, base, at)
  const followed = { base, regions, sections: moved(demo.sections, base, demo.base) }
  // Last: while it names the old base, a start that was cut short moves the rest.
  writing(at, () => writeDemo(followed, at))
  return followed
}

async function moveClients(from: string, to: string, at: DemoFolder): Promise<void> {
  const deployment = await openDeployment(readConfig(at.config))
  const { store, world } = deployment
  try {
    for (const client of await store.listClients()) {
      const redirectUris = moved(client.redirectUris, to, from)
      const callback = client.callback && moved(client.callback, to, from)
      const isThere = redirectUris.every((uri, place) => uri === client.redirectUris[place])
      if (isThere && callback === client.callback) continue
      await store.commit([
        { write: 'change_client', client: { ...client, redirectUris, callback }, seen: client },
        event('client_changed', world.moment().now, operator(), { clientId: client.id }),
      ])
    }
  } finally {
    await deployment.close()
  }
}

const writeDemo = ({ base, regions, sections }: Demo, at: DemoFolder): void =>
  write(at.demo, `${JSON.stringify({ base, regions, ...sections }, undefined, 2)}\n`)

/** For its owner alone, and never half written. */
function write(path: string, text: string): void {
  const unfinished = `${path}.unfinished`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, path)
}

/** What the system says of a folder that cannot be written, in one line. */
function writing<Result>({ folder }: DemoFolder, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new CommandError(
      `The data folder ${folder} cannot be used (${error.message}). Choose another: TOKENFERRY_DATA=/path`,
      { cause: error },
    )
  }
}
