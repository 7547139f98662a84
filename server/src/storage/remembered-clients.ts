/**
 * Clients that were read before. Where an engine tells that nobody has written since, they are as they were.
 * Where that would be a round trip, a request need not wait for its client before it asks for more: the
 * client is read again all the same, with whatever the request asks next and in the same round trip, and
 * `isCurrent` tells, before anything is decided for good, whether it is still as it was remembered.
 */
import { ownText } from '../kernel/own-text.ts'
import type { Client } from '../kernel/records.ts'
import type { Database, Row } from './database.ts'
import { oncePerTurn } from './once-per-turn.ts'
import { toClient } from './rows.ts'

type Remembered = { client: Client; rows: string; reading: Promise<Client | undefined> }

export type Clients = {
  find(id: string): Promise<Client | undefined>
  recall(id: string): Promise<Client | undefined>
  isCurrent(client: Client): boolean | Promise<boolean>
  /** Something was written: whoever asks from now on must see it. */
  forget(): void
}

const rememberedMax = 1_000

export function clientsOf(database: Database, sql: string): Clients {
  const { version } = database
  if (version) return unchangedClients(version, async (id) => toClient(await database.read(sql, [id])))
  return rememberedClients((id) => database.query(sql, [id]))
}

/** As they were read, until somebody commits. */
function unchangedClients(
  version: () => Promise<number>,
  read: (id: string) => Promise<Client | undefined>,
): Clients {
  const kept = new Map<string, Client>()
  let keptAt = Number.NaN
  const forget = (): void => {
    keptAt = Number.NaN
  }
  const find = async (id: string): Promise<Client | undefined> => {
    // Asked before it is read: what somebody commits in between is of a later number.
    const at = await version()
    if (at !== keptAt || kept.size >= rememberedMax) kept.clear()
    keptAt = at
    const found = kept.get(id)
    if (found) return found
    const client = await read(id)
    if (client && keptAt === at) kept.set(ownText(id), client)
    return client
  }
  return { find, recall: find, isCurrent: () => true, forget }
}

function rememberedClients(read: (id: string) => Promise<readonly Row[]>): Clients {
  const remembered = new Map<string, Remembered>()
  /** By which of its names it was asked for. */
  const askedAs = new WeakMap<Client, string>()

  const ask = oncePerTurn(async (id) => {
    const rows = await read(id)
    const text = JSON.stringify(rows)
    const before = remembered.get(id)
    if (before?.rows === text) return before.client
    const client = toClient(rows)
    if (client) {
      askedAs.set(client, ownText(id))
      if (remembered.size >= rememberedMax) remembered.clear()
      remembered.set(ownText(id), { client, rows: text, reading: Promise.resolve(client) })
    } else remembered.delete(id)
    return client
  })

  return {
    find: ask,
    async recall(id) {
      const reading = ask(id)
      const before = remembered.get(id)
      if (!before) return reading
      // It fails for whoever waits for it, below; here nobody does. Who comes later reads again.
      reading.catch(() => {
        if (before.reading === reading) remembered.delete(id)
      })
      before.reading = reading
      return before.client
    },
    async isCurrent(client) {
      const id = askedAs.get(client)
      if (id === undefined) return true
      return (await (remembered.get(id)?.reading ?? ask(id))) === client
    },
    forget: ask.forget,
  }
}
