/** Work that is dear on purpose, a few at a time: the rest waits in a line that has an end. */

export type Turns = {
  isFull(): boolean
  /** Waits for its turn, and works. */
  take<Result>(work: () => Promise<Result>): Promise<Result>
}

export function turns(workingMax: number, waitingMax: number): Turns {
  let working = 0
  const waiting: (() => void)[] = []

  return {
    isFull: () => working >= workingMax && waiting.length >= waitingMax,
    async take(work) {
      // Whoever waits is handed the turn of one that has ended, so nobody comes in between.
      if (working >= workingMax) await new Promise<void>((resolve) => waiting.push(resolve))
      else working += 1
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else working -= 1
      }
    },
  }
}
