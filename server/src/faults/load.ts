/**
 * Many clients at once that retry as real ones do: an answer that is lost, a request cut off in flight, the
 * same one sent twice at once to two nodes, a wait after 503. What they hear that was not their fault is a
 * complaint.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { App, Ask } from '../promises/asks.ts'
import { exchange, refresh } from '../promises/asks.ts'
import type { TestAnswer } from '../testing/deployment.ts'
import type { Chance } from './chance.ts'

/** What a client was told for one legacy token: every refresh token, in order, of which it heard. */
export type Told = { readonly legacyToken: string; readonly chain: string[] }

export type Load = {
  readonly told: readonly Told[]
  /** Answers that no client should ever hear. */
  readonly complaints: readonly string[]
  /** How often a client heard what. */
  readonly heard: ReadonlyMap<string, number>
  /** Waits until so many more answers were acknowledged; throws where the signal ends the wait. */
  acknowledged(more: number, signal: AbortSignal): Promise<void>
  /** Lets each client finish the request that it has begun; what has failed is not asked again. */
  stop(): Promise<void>
}

export type LoadOptions = {
  readonly bases: readonly string[]
  readonly app: App
  /** One list for each client, which carries them over one after the other. */
  readonly legacyTokens: readonly (readonly string[])[]
  readonly refreshesPerToken: number
  readonly chance: Chance
}

/** Asks a real server, over a real connection. */
export const over =
  (base: string, signal?: AbortSignal): Ask =>
  async (path, form) => {
    const body = new URLSearchParams(form)
    const answer = await fetch(base + path, { method: 'POST', body, ...(signal && { signal }) })
    const text = await answer.text()
    const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
  }

/** What is wrong with an answer; `undefined`: it is one that a client may hear at any time. */
export function complaintAbout({ status, headers, text, json }: TestAnswer): string | undefined {
  if (status === 200 && typeof json.refresh_token === 'string') return undefined
  const isTrouble = status === 503 && json.error === 'temporarily_unavailable'
  return isTrouble && Number(headers['retry-after']) >= 1
    ? undefined
    : `${status} ${text} retry-after: ${headers['retry-after']}`
}

export function startLoad({ bases, app, legacyTokens, refreshesPerToken, chance }: LoadOptions): Load {
  const told: Told[] = []
  const complaints: string[] = []
  const heard = new Map<string, number>()
  let acknowledged = 0
  let stopped = false
  let progress: (() => void) | undefined

  const count = (what: string): void => void heard.set(what, (heard.get(what) ?? 0) + 1)

  /** One request; `undefined` where no answer came, or it was lost on the way. */
  async function attempt(what: string, ask: (by: Ask) => Promise<TestAnswer>, own: Chance) {
    const base = bases[own.between(0, bases.length)] ?? ''
    const fate = own.between(0, 100)
    const signal = fate < 8 ? AbortSignal.timeout(own.between(1, 40)) : undefined
    const answer = await ask(over(base, signal)).catch(() => undefined)
    count(answer ? `${what} ${answer.status}` : 'no answer')
    if (!answer) return undefined
    const complaint = complaintAbout(answer)
    if (complaint !== undefined) throw new Error(complaint)
    return { said: answer.json.refresh_token, isLost: fate >= 90 }
  }

  /** Repeats a request until its answer is there. */
  async function insist(what: string, ask: (by: Ask) => Promise<TestAnswer>, own: Chance) {
    for (;;) {
      const copies = own.between(0, 5) === 0 ? own.between(2, 4) : 1
      const attempts = Array.from({ length: copies }, () => attempt(what, ask, own))
      const answers = (await Promise.all(attempts)).filter((one) => one?.said !== undefined)
      const [first, ...others] = new Set(answers.map((one) => one?.said))
      if (others.length > 0) throw new Error('Two answers to one request said different tokens.')
      if (first !== undefined && answers.some((one) => one?.isLost === false)) return String(first)
      if (stopped) return undefined
      await pause(own.between(50, 300))
    }
  }

  async function carry(legacyToken: string, isLast: boolean, own: Chance): Promise<void> {
    const one: Told = { legacyToken, chain: [] }
    told.push(one)
    for (let at = 0; !stopped && (isLast || at <= refreshesPerToken); at += 1) {
      const current = one.chain.at(-1)
      const said =
        current === undefined
          ? await insist('exchange', (by) => exchange(by, app, legacyToken), own)
          : await insist('refresh', (by) => refresh(by, app, current), own)
      if (said === undefined) return
      one.chain.push(said)
      acknowledged += 1
      progress?.()
    }
  }

  const client = async (own: readonly string[], chance: Chance): Promise<void> => {
    for (const [at, legacyToken] of own.entries()) {
      if (stopped) return
      try {
        await carry(legacyToken, at === own.length - 1, chance)
      } catch (error) {
        complaints.push(error instanceof Error ? error.message : String(error))
      }
    }
  }

  const clients = legacyTokens.map((own, at) => client(own, chance.fork(at)))
  return {
    told,
    complaints,
    heard,
    acknowledged(more, signal) {
      const wanted = acknowledged + more
      return new Promise((resolve, reject) => {
        const giveUp = (): void => reject(new Error('The clients got no further.'))
        signal.addEventListener('abort', giveUp)
        progress = () => {
          if (acknowledged < wanted) return
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        progress()
      })
    },
    async stop() {
      stopped = true
      await Promise.all(clients)
    },
  }
}
