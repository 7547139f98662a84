/**
 * Asks once for what many requests want in the same turn of the event loop, or in the next one where the
 * first of them came late in its turn: so what is read is older than a request by a turn at the most.
 */
export type OncePerTurn<Result> = {
  (key: string): Promise<Result>
  /** Something was written: whoever asks from now on must see it. */
  forget(): void
}

export function oncePerTurn<Result>(ask: (key: string) => Promise<Result>): OncePerTurn<Result> {
  const asked = new Map<string, Promise<Result>>()
  const forget = (): void => asked.clear()
  const once = (key: string): Promise<Result> => {
    const found = asked.get(key)
    if (found) return found
    if (asked.size === 0) setImmediate(forget)
    const asking = ask(key)
    asked.set(key, asking)
    return asking
  }
  return Object.assign(once, { forget })
}
