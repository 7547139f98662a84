/**
 * The load, of two kinds. At full speed, each connection asks again as soon as it is answered. At a fixed
 * rate, requests fall due by the clock, whether or not the ones before are answered, and wait where no
 * connection is free: their time counts from when they were due, so that what queues is seen.
 */
import type { Turn, Wire } from './wire.ts'
import { openWire } from './wire.ts'

/** Seconds of the processor: of the subject with its children, and of its database's processes. */
export type Used = { readonly subject: number; readonly database: number }

export type LoadOptions = {
  /** One for each process that listens; connections are shared out among them. */
  readonly ports: readonly number[]
  readonly path: string
  readonly connections: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** At a fixed rate; absent: as fast as it goes. */
  readonly ratePerSecond?: number
  /** The connection's next request; `undefined`: nothing is left to ask. */
  next(connection: number): Turn | undefined
  used(): Used
}

export type Measured = {
  readonly requestsPerSecond: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  readonly requests: number
  /** What one answer cost the server: steadier than its rate, where others use the machine too. */
  readonly processorMicroseconds: number
  readonly databaseMicroseconds: number
}

type Note = (from: number, heard: number) => void

/**
 * Asks for some seconds, and says how it went. An answer other than 200 ends the run: its numbers would
 * mean nothing.
 */
export async function load(options: LoadOptions): Promise<Measured> {
  const latencies: number[] = []
  let fail: (error: Error) => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const wires = await Promise.race([
    failed,
    Promise.all(
      Array.from({ length: options.connections }, (_, at) =>
        openWire(options.ports[at % options.ports.length] ?? 0, options.path, fail),
      ),
    ),
  ])
  const begun = performance.now()
  const measureFrom = begun + options.warmUpSeconds * 1000
  const until = measureFrom + options.seconds * 1000
  let last = measureFrom
  let usedBefore: Used | undefined
  const note: Note = (from, heard) => {
    if (from < measureFrom) return
    usedBefore ??= options.used()
    latencies.push(heard - from)
    last = heard
  }
  const { ratePerSecond } = options
  const done =
    ratePerSecond === undefined
      ? Promise.all(wires.map((wire, at) => askOn(wire, () => options.next(at), until, note)))
      : askAtRate(wires, { ...options, ratePerSecond, begun, until }, note)
  await Promise.race([failed, done])
  const used = options.used()
  for (const wire of wires) wire.end()
  latencies.sort((one, other) => one - other)
  const rank = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0
  const each = (kind: keyof Used): number =>
    usedBefore === undefined ? 0 : ((used[kind] - usedBefore[kind]) / latencies.length) * 1_000_000
  return {
    requestsPerSecond: latencies.length === 0 ? 0 : latencies.length / ((last - measureFrom) / 1000),
    p50Milliseconds: rank(0.5),
    p99Milliseconds: rank(0.99),
    requests: latencies.length,
    processorMicroseconds: each('subject'),
    databaseMicroseconds: each('database'),
  }
}

/** Ask, hear, ask again. */
function askOn(wire: Wire, next: () => Turn | undefined, until: number, note: Note): Promise<void> {
  return new Promise((resolve) => {
    const ask = (): void => {
      const sent = performance.now()
      const turn = sent < until ? next() : undefined
      if (!turn) {
        resolve()
        return
      }
      wire.ask(turn, () => {
        note(sent, performance.now())
        ask()
      })
    }
    ask()
  })
}

type AtRate = LoadOptions & {
  readonly ratePerSecond: number
  readonly begun: number
  readonly until: number
}

/** Below this, timers are too coarse, and the loop turns instead: the load has a core of its own. */
const timerMillisecondsMin = 2

/** Requests come by chance, as strangers' do: the gaps between them are exponential (a Poisson process). */
function askAtRate(
  wires: readonly Wire[],
  { ratePerSecond, begun, until, next }: AtRate,
  note: Note,
): Promise<void> {
  const gap = gaps(1000 / ratePerSecond)
  const free = wires.map((_, at) => at)
  const dues: number[] = []
  let taken = 0
  let due = begun + gap()
  return new Promise((resolve) => {
    const pump = (): void => {
      while (taken < dues.length && free.length > 0) {
        const at = free.shift() ?? 0
        const from = dues[taken] ?? 0
        taken += 1
        const turn = next(at)
        if (!turn) {
          resolve()
          return
        }
        wires[at]?.ask(turn, () => {
          note(from, performance.now())
          free.push(at)
          pump()
        })
      }
    }
    const tick = (): void => {
      const now = performance.now()
      for (; due <= now && due < until; due += gap()) dues.push(due)
      pump()
      if (due < until) {
        const left = due - now
        if (left > timerMillisecondsMin) setTimeout(tick, left - 1)
        else setImmediate(tick)
      } else if (taken < dues.length || free.length < wires.length) setTimeout(tick, 1)
      else resolve()
    }
    tick()
  })
}

/** The same chance in every run: a small generator with a fixed start (mulberry32). */
function gaps(mean: number): () => number {
  let state = 20_260_824
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const chance = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return -Math.log(1 - chance) * mean
  }
}
