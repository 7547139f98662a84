/**
 * Holders of legacy tokens, as apps are that repeat what was not answered: each exchanges its token, then
 * refreshes for as long as it goes on. What they were told is what must not get lost.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { TestAnswer } from '../testing/deployment.ts'
import type { App, Ask } from './asks.ts'
import { exchange, refresh, refreshTokenOf } from './asks.ts'

/** Asks a real server, over a real connection. */
export const over =
  (base: string): Ask =>
  async (path, form) => {
    const answer = await fetch(base + path, { method: 'POST', body: new URLSearchParams(form) })
    const text = await answer.text()
    const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
  }

export type Seen = {
  readonly answered: number
  /** Answers of 503. */
  readonly troubled: number
  /** How long the longest of these took. */
  readonly troubleMillisecondsMax: number
  /** The longest time in which nobody was answered. */
  readonly withoutMilliseconds: number
}

export type Holders = {
  /** Some more of them begin. */
  add(tokens: readonly string[]): void
  /** Until each of them was answered once more. */
  untilAnswered(): Promise<void>
  /** What was seen since this was last asked. */
  seen(): Seen
  /** All finish what they are at, repeating it until it is answered. */
  end(): Promise<void>
  /** By legacy token, all refresh tokens that its holder was told, in their order. */
  told(): ReadonlyMap<string, readonly string[]>
}

/** An app would wait for as long as it is told; these are told apart by how soon they find out. */
const repeatMilliseconds = 100

export function startHolders(app: App, bases: readonly string[]): Holders {
  const told = new Map<string, string[]>()
  const working: Promise<void>[] = []
  let ending = false
  let failed: unknown
  let requests = 0
  let seen = nothingSeen()

  function note({ status }: TestAnswer, milliseconds: number): void {
    const now = performance.now()
    const without = Math.max(seen.withoutMilliseconds, now - seen.last)
    if (status === 200)
      seen = { ...seen, answered: seen.answered + 1, withoutMilliseconds: without, last: now }
    else {
      const longest = Math.max(seen.troubleMillisecondsMax, milliseconds)
      seen = { ...seen, troubled: seen.troubled + 1, troubleMillisecondsMax: longest }
    }
  }

  /** The same request, by one server after the other, until it is answered. */
  async function repeated(request: (ask: Ask) => Promise<TestAnswer>): Promise<string> {
    for (;;) {
      requests += 1
      const from = performance.now()
      const answer = await request(over(bases[requests % bases.length] ?? ''))
      note(answer, performance.now() - from)
      if (answer.status === 200) return refreshTokenOf(answer)
      refuseBlame(answer)
      await pause(repeatMilliseconds)
    }
  }

  async function hold(token: string): Promise<void> {
    const mine: string[] = []
    told.set(token, mine)
    let current = await repeated((ask) => exchange(ask, app, token))
    mine.push(current)
    while (!ending && failed === undefined) {
      const presented = current
      current = await repeated((ask) => refresh(ask, app, presented))
      mine.push(current)
    }
  }

  function fail(error: unknown): void {
    failed ??= error
  }

  return {
    add(tokens) {
      for (const token of tokens) working.push(hold(token).catch(fail))
    },
    async untilAnswered() {
      const before = [...told].map(([token, said]) => [token, said.length] as const)
      const lacks = (): boolean => before.some(([token, length]) => (told.get(token)?.length ?? 0) === length)
      while (failed === undefined && lacks()) await pause(10)
      if (failed !== undefined) throw failed
    },
    seen() {
      const { last, ...before } = seen
      seen = nothingSeen()
      return before
    },
    async end() {
      ending = true
      await Promise.all(working)
      if (failed !== undefined) throw failed
    },
    told: () => told,
  }
}

const nothingSeen = (): Seen & { readonly last: number } => ({
  answered: 0,
  troubled: 0,
  troubleMillisecondsMax: 0,
  withoutMilliseconds: 0,
  last: performance.now(),
})

/** Nothing that went wrong here is blamed on the caller. */
function refuseBlame({ status, headers, json, text }: TestAnswer): void {
  assert.equal(status, 503, text)
  assert.ok(Number(headers['retry-after']) >= 1)
  assert.equal(json.error, 'temporarily_unavailable')
}

/** What each was told last is what it is told again, by whichever server. */
export async function keptWhatWasTold(holders: Holders, app: App, bases: readonly string[]): Promise<void> {
  for (const [token, said] of holders.told()) {
    const [last = '', before] = [...said].reverse()
    for (const ask of bases.map(over)) {
      const again = before === undefined ? exchange(ask, app, token) : refresh(ask, app, before)
      assert.equal(refreshTokenOf(await again), last, 'what was acknowledged is said again')
    }
    assert.equal(new Set(said).size, said.length, 'no refresh token was said twice for two requests')
  }
}
