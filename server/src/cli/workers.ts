/** `serve --workers`: several processes behind one port. One that dies is started again. */
import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'
import type { Running } from '../main.ts'

/** Whether this process is one of several that the command has started. */
export const isWorker = (): boolean => cluster.isWorker

const pauseMillisecondsFirst = 500
const pauseMillisecondsMax = 30_000
/** Whoever lived this long did not die of how it was started. */
const steadyMilliseconds = 60_000
const closeMillisecondsMax = 30_000

/** How long to wait before whoever lived so long is started again. */
export const pauseAfter = (livedMilliseconds: number, pauseBefore: number): number =>
  livedMilliseconds >= steadyMilliseconds || pauseBefore === 0
    ? pauseMillisecondsFirst
    : Math.min(2 * pauseBefore, pauseMillisecondsMax)

const pidOf = (worker: Worker): number => worker.process.pid ?? 0

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/**
 * Keeps so many processes running until this one is told to stop. The first signal lets all of them finish; a
 * second one, or half a minute, ends them at once. If this one is killed, they end: nobody would start them
 * again.
 */
export function keepWorkers(count: number): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    let listening = 0
    let announced = false
    const pausing = new Set<NodeJS.Timeout>()

    const workers = new Set<Worker>()
    const end = (signal: NodeJS.Signals): void => {
      for (const worker of workers) worker.process.kill(signal)
    }

    const begin = (pauseBefore: number): void => {
      const since = performance.now()
      const worker = cluster.fork()
      workers.add(worker)
      worker.once('message', (address: unknown) => begun(String(address)))
      worker.once('exit', (code: number | null, signal: string | null) => {
        workers.delete(worker)
        if (stopping) {
          if (workers.size === 0) resolve()
        } else if (listening === 0) {
          // What keeps the first one from listening keeps all of them; it has said what.
          process.exitCode = code || 1
          resolve()
        } else {
          const pause = pauseAfter(performance.now() - since, pauseBefore)
          say(`Process ${pidOf(worker)} ended (${signal ?? code}). Another one starts in ${pause / 1000} s.`)
          const again = setTimeout(() => {
            pausing.delete(again)
            begin(pause)
          }, pause)
          pausing.add(again)
        }
      })
    }

    const begun = (address: string): void => {
      listening += 1
      // The others start when it is known that one can.
      if (listening === 1) for (let more = 1; more < count; more += 1) begin(0)
      if (listening < count || announced) return
      announced = true
      say(`Tokenferry listens on ${address}, as processes ${[...workers].map(pidOf).join(', ')}`)
    }

    const stop = (): void => {
      if (stopping) {
        end('SIGKILL')
        process.exit(1)
      }
      stopping = true
      for (const again of pausing) clearTimeout(again)
      setTimeout(stop, closeMillisecondsMax).unref()
      if (workers.size === 0) resolve()
      else end('SIGTERM')
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    begin(0)
  })
}

/** One of them: says that it listens, and finishes when it is told to, by whomever and however often. */
export async function workUntilStopped(start: () => Promise<Running>): Promise<void> {
  try {
    const running = await start()
    process.send?.(running.address)
    await toldToStop()
    setTimeout(() => process.exit(1), closeMillisecondsMax).unref()
    await running.close()
  } finally {
    // What connects it to the first process would keep it alive.
    cluster.worker?.disconnect()
  }
}

/** A terminal tells every process, and then the first one tells the others: once is enough. */
const toldToStop = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
  })
