/**
 * Real deployments for the model to be compared with: one or two over one database, on either backend, that
 * crash, are opened again, and go back to an earlier copy.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Deployment } from '../main.ts'
import { composeServer, openDeployment } from '../main.ts'
import type { Backend } from '../storage/database.ts'
import { testConfig } from '../testing/deployment.ts'
import { administer, nameIn, testDatabase } from '../testing/postgres.ts'

export type Node = {
  readonly deployment: Deployment
  readonly app: FastifyInstance
  /** What was logged as the reason of a refusal, by the address that asked. */
  readonly reasons: Map<string, string>
}

export type World = {
  readonly backend: Backend
  /** The clock of all nodes. Whoever moves it, moves it for all. */
  readonly clock: { now: number }
  /** Opened where it is not open. */
  node(at: 0 | 1): Promise<Node>
  opened(): readonly Node[]
  /** Nothing more reaches the database: not what is in flight, nor what closing would say. */
  cut(): Promise<void>
  close(how: 'crash' | 'in_order'): Promise<void>
  /** The nodes are closed for it. */
  copy(): Promise<void>
  /** To the copy; false where there is none. */
  restore(): Promise<boolean>
  /** No copy is of use any more. */
  forgetCopy(): void
  remove(): Promise<void>
}

type Place = {
  readonly database: string
  /** By which it can be copied. */
  readonly name: string
  copy(): Promise<void>
  restore(): Promise<void>
  cut(): Promise<void>
  remove(): Promise<void>
}

export type Worlds = { open(): Promise<World>; remove(): Promise<void> }

/** Each world begins as a copy of one that was started once, at this moment: keys take time to make. */
export async function worldsOn(backend: Backend, start: number): Promise<Worlds> {
  const first = backend === 'sqlite' ? onSqlite() : await onPostgres()
  const deployment = await openDeployment(configOf(first), { now: () => start })
  await deployment.close()
  return {
    open: async () =>
      worldAt(backend === 'sqlite' ? onSqlite(first.name) : await onPostgres(first.name), backend, start),
    remove: first.remove,
  }
}

const configOf = ({ database }: Place) =>
  testConfig({ mounts: ['standard', 'pipedrive'], config: { database } }, ':memory:')

function worldAt(place: Place, backend: Backend, start: number): World {
  const clock = { now: start }
  const config = configOf(place)
  const nodes: [Node | undefined, Node | undefined] = [undefined, undefined]
  const opened = (): Node[] => nodes.filter((node) => node !== undefined)
  let hasCopy = false

  const open = async (): Promise<Node> => {
    const deployment = await openDeployment(config, { now: () => clock.now, numbers: true })
    const reasons = new Map<string, string>()
    const app = composeServer(deployment, {
      write(line) {
        const { address, reason } = JSON.parse(line)
        if (typeof address === 'string' && typeof reason === 'string') reasons.set(address, reason)
      },
    })
    await app.ready()
    return { deployment, app, reasons }
  }

  const cut = async (): Promise<void> => {
    await place.cut()
    for (const { deployment } of opened()) await deployment.database.close()
  }

  const close = async (how: 'crash' | 'in_order'): Promise<void> => {
    if (how === 'crash') await cut()
    for (const { app, deployment } of opened()) {
      await app.close()
      if (how === 'in_order') await deployment.close()
      else deployment.keyRing.close()
    }
    nodes.fill(undefined)
  }

  return {
    backend,
    clock,
    opened,
    cut,
    close,
    async node(at) {
      const node = nodes[at] ?? (await open())
      nodes[at] = node
      return node
    },
    async copy() {
      await place.copy()
      hasCopy = true
    },
    async restore() {
      if (hasCopy) await place.restore()
      return hasCopy
    },
    forgetCopy() {
      hasCopy = false
    },
    async remove() {
      await close('crash')
      await place.remove()
    },
  }
}

function onSqlite(template?: string): Place {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-model-'))
  const [path, copy] = [join(folder, 'tokenferry.db'), join(folder, 'copy.db')]
  const journals = [`${path}-wal`, `${path}-shm`]
  if (template !== undefined) copyFileSync(template, path)
  return {
    database: `sqlite:${path}`,
    name: path,
    // The last connection has emptied the log into the file.
    copy: async () => copyFileSync(path, copy),
    async restore() {
      for (const journal of journals) rmSync(journal, { force: true })
      copyFileSync(copy, path)
    },
    cut: async () => undefined,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function onPostgres(template?: string): Promise<Place> {
  const made = await testDatabase(template)
  const name = nameIn(made.url)
  const server = made.url.replace(`/${name}?`, '/postgres?')
  // Waits until each is gone: a database that somebody still uses cannot be copied.
  const endConnections = async (of: string): Promise<void> => {
    const connections = `from pg_stat_activity where datname = '${of}'`
    await administer(server, `select pg_terminate_backend(pid, 10000) ${connections}`)
  }
  const replace = async (from: string, to: string): Promise<void> => {
    await endConnections(from)
    await administer(server, `drop database if exists ${to} with (force)`)
    await administer(server, `create database ${to} template ${from}`)
  }
  return {
    database: made.url,
    name,
    copy: () => replace(name, `${name}_copy`),
    restore: () => replace(`${name}_copy`, name),
    // The server ends the connections itself: what they were at is undone, or was done and cannot be told.
    cut: () => endConnections(name),
    async remove() {
      await administer(server, `drop database if exists ${name}_copy with (force)`)
      await made.remove()
    },
  }
}
