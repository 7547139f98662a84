/** A few connections that are lent to one user at a time. Who waits too long for one hears of trouble. */
import type pg from 'pg'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Connections } from './postgres-connection.ts'
import { isLost, refuseUnsure } from './postgres-connection.ts'

export type ConnectionPool = {
  /**
   * Lends a connection for as long as the work takes, or may take: one that is late, or on which the server
   * went away, is not lent again.
   */
  use<Result>(work: (client: pg.Client) => Promise<Result>, millisecondsMax?: number): Promise<Result>
  close(): Promise<void>
}

export function connectionPool(
  connections: Connections,
  connectionsMax: number,
  waitMilliseconds: number,
): ConnectionPool {
  const idle: pg.Client[] = []
  const ended = new WeakSet<pg.Client>()
  const queue: (() => void)[] = []
  let lent = 0

  const turn = (): Promise<void> => {
    if (lent < connectionsMax) {
      lent += 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(late)
        resolve()
      }
      const late = setTimeout(() => {
        queue.splice(queue.indexOf(go), 1)
        reject(new StoreUnavailable('No connection to the database became free in time.'))
      }, waitMilliseconds)
      queue.push(go)
    })
  }

  /** The turn goes to whoever waits the longest. */
  const done = (): void => {
    const next = queue.shift()
    if (next) next()
    else lent -= 1
  }

  const take = async (): Promise<pg.Client> => {
    const rested = idle.pop()
    if (rested) return rested
    const made = await connections.connect()
    made.once('end', () => {
      ended.add(made)
      const at = idle.indexOf(made)
      if (at >= 0) idle.splice(at, 1)
    })
    return made
  }

  const giveBack = (client: pg.Client): void => {
    if (!ended.has(client)) idle.push(client)
  }

  return {
    async use(work, millisecondsMax) {
      await turn()
      try {
        const client = await take()
        const late =
          millisecondsMax === undefined
            ? undefined
            : setTimeout(() => connections.cut(client), millisecondsMax)
        try {
          const result = await work(client)
          refuseUnsure(client)
          giveBack(client)
          return result
        } catch (error) {
          if (isLost(error)) connections.cut(client)
          else giveBack(client)
          throw error
        } finally {
          clearTimeout(late)
        }
      } finally {
        done()
      }
    },
    async close() {
      await Promise.all(idle.splice(0).map((client) => client.end()))
    },
  }
}
