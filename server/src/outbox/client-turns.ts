/** Whose turn it is: whoever was served the longest ago, and has not failed just now. */
import type { Milliseconds } from '../kernel/records.ts'

export type ClientTurns = {
  /** These have something that is due. */
  line(clientIds: readonly string[]): void
  /** Takes the next one that may go. */
  next(mayGo: (clientId: string) => boolean): string | undefined
  /** What came of one of theirs. */
  note(clientId: string, failed: boolean): void
}

const firstPauseMilliseconds = 2_000
const pauseMillisecondsMax = 300_000

export function clientTurns(now: () => Milliseconds): ClientTurns {
  let waiting: string[] = []
  let served = 0
  const lastServed = new Map<string, number>()
  /** How often in a row, and until when they are left alone. */
  const failed = new Map<string, { readonly times: number; readonly until: Milliseconds }>()

  const isPaused = (clientId: string): boolean => (failed.get(clientId)?.until ?? 0) > now()

  return {
    line(clientIds) {
      const turnOf = (clientId: string): number => lastServed.get(clientId) ?? 0
      waiting = clientIds
        .filter((clientId) => !isPaused(clientId))
        .sort((one, other) => turnOf(one) - turnOf(other))
      // Whoever has nothing left is as good as never served.
      if (lastServed.size > 2 * clientIds.length + 1000) lastServed.clear()
    },
    next(mayGo) {
      const at = waiting.findIndex((clientId) => mayGo(clientId) && !isPaused(clientId))
      if (at < 0) return undefined
      const [clientId = ''] = waiting.splice(at, 1)
      lastServed.set(clientId, ++served)
      return clientId
    },
    note(clientId, hasFailed) {
      if (!hasFailed) {
        failed.delete(clientId)
        return
      }
      const times = (failed.get(clientId)?.times ?? 0) + 1
      const pause = Math.min(firstPauseMilliseconds * 2 ** (times - 1), pauseMillisecondsMax)
      failed.set(clientId, { times, until: now() + pause })
    },
  }
}
