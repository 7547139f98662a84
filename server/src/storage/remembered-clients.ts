/**
 * Clients that were read before, so that a request need not wait for its own before it asks for more. Each is
 * read again all the same, with whatever the request asks next and in the same round trip: `isCurrent` tells,
 * before anything is decided for good, whether it is still as it was remembered.
 */
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

/** Where a question is no round trip, there is nothing to remember. */
export function clientsOf(database: Database, sql: string): Clients {
  if (database.backend !== 'sqlite') return rememberedClients((id) => database.query(sql, [id]))
  const find = oncePerTurn(async (id) => toClient(await database.read(sql, [id])))
  return { find, recall: find, isCurrent: () => true, forget: find.forget }
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
      askedAs.set(client, id)
      if (remembered.size >= rememberedMax) remembered.clear()
      remembered.set(id, { client, rows: text, reading: Promise.resolve(client) })
    } else remembered.delete(id)
    return client
  })

  return {
    find: ask,
    async recall(id) {
      const reading = ask(id)
      const before = remembered.get(id)
      if (!before) return reading
      // It fails for whoever waits for it, below; here nobody does.
      reading.catch(() => undefined)
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
