/**
 * What was seen and said again: gathered in memory, written in batches, because reading must never wait for a
 * disk.
 */
import type { SeenToken } from '../kernel/operations/introspect-token.ts'
import type { Milliseconds } from '../kernel/records.ts'
import type { Usage as Batch, Store } from '../kernel/store.ts'
import type { Counted } from './budgets.ts'

export type Usage = {
  /** Notes what an operation's result tells of use. */
  note(result: object): void
  /** Writes what was gathered; on failure it is gathered again. */
  flush(): Promise<void>
}

type Gathered = {
  readonly replays: Map<number, number>
  readonly used: Map<number, Milliseconds>
  readonly connectionsUsed: Map<number, Milliseconds>
  readonly legacySeen: Map<string, Batch['legacySeen'][number]>
}

const empty = (): Gathered => ({
  replays: new Map(),
  used: new Map(),
  connectionsUsed: new Map(),
  legacySeen: new Map(),
})

export function gatherUsage(store: Store, counted: readonly Counted[], now: () => Milliseconds): Usage {
  let gathered = empty()

  const noteSeen = ({ legacy, firstUseOf, connection }: SeenToken): void => {
    if (firstUseOf !== undefined) gathered.used.set(firstUseOf, now())
    if (connection !== undefined) gathered.connectionsUsed.set(connection, now())
    if (legacy) {
      const key = `${Buffer.from(legacy.lookup).toString('base64')} ${legacy.clientId}`
      gathered.legacySeen.set(key, { ...legacy, at: now() })
    }
  }

  return {
    note(result) {
      // Results of many operations come through here; these two members are what use looks like in any of
      // them.
      const { seen, repeated, access } = result as {
        seen?: SeenToken
        repeated?: boolean
        access?: { grantNumber: number }
      }
      if (seen) noteSeen(seen)
      if (repeated && access)
        gathered.replays.set(access.grantNumber, (gathered.replays.get(access.grantNumber) ?? 0) + 1)
    },
    async flush() {
      const taken = gathered
      const { replays, used, connectionsUsed, legacySeen } = taken
      const written = counted.map(({ take }) => take())
      const counts = written.flatMap((one) => one.counts)
      const settle = (isWritten: boolean): void => {
        for (const one of written) one.settle(isWritten)
      }
      const size = replays.size + used.size + connectionsUsed.size + legacySeen.size + counts.length
      if (size === 0) return
      gathered = empty()
      try {
        await store.noteUsage({
          replays,
          used,
          connectionsUsed,
          legacySeen: [...legacySeen.values()],
          counts,
        })
        settle(true)
      } catch (error) {
        settle(false)
        gathered = joined(taken, gathered)
        throw error
      }
    },
  }
}

/** What could not be written, and what came since. */
const joined = (before: Gathered, since: Gathered): Gathered => ({
  replays: new Map([
    ...before.replays,
    ...[...since.replays].map(([grant, count]) => [grant, count + (before.replays.get(grant) ?? 0)] as const),
  ]),
  used: new Map([...since.used, ...before.used]),
  connectionsUsed: new Map([...before.connectionsUsed, ...since.connectionsUsed]),
  legacySeen: new Map([...before.legacySeen, ...since.legacySeen]),
})
