/**
 * Look, decide, commit: the one loop that runs every operation.
 * A race has one home: `commit` says `overtaken`, and the loop looks again and decides on the new facts.
 */
import type { Answer, Decision } from './decision.ts'
import type { Client, Milliseconds } from './records.ts'
import type { Reason, Refusal } from './refusals.ts'
import type { Ring } from './ring.ts'
import type { Store } from './store.ts'

/** Time and chance, handed in. `number()` is a grant number that no other process has. */
export type Moment = {
  readonly now: Milliseconds
  readonly ring: Ring
  random(bytes: number): Uint8Array
  number(): number
}

export type Operation<Input, Facts, Result> = {
  /** Reads all that the decision needs. */
  look(store: Store, input: Input, ring: Ring): Promise<Facts>
  /** Decides. Pure: no clock, no chance, no storage, no await. */
  decide(input: Input, facts: Facts, moment: Moment): Decision<Result>
}

/** What the loop needs of the world. */
export type World = {
  readonly store: Store
  /** The ring as this process knows it, time and chance. */
  moment(): Moment
  /** Reads the ring again, once a second at most; says whether it changed. */
  reload(): Promise<boolean>
}

const attemptsMax = 3

/**
 * Refusals that a ring read a moment ago may cause: another node has added a key, or an import a kind of
 * digest.
 */
const staleReasons: ReadonlySet<Reason> = new Set<Reason>([
  'key_version_unknown',
  'legacy_token_unknown',
  'client_unproven',
])

/**
 * `isGone`: whether the caller has hung up. Then a refusal costs nobody anything: what was asked may have
 * lain here for long, and its sender has asked again since, and gone on with the answer.
 */
export async function perform<Input, Facts, Result>(
  operation: Operation<Input, Facts, Result>,
  input: Input,
  world: World,
  isGone?: () => Promise<boolean>,
): Promise<Answer<Result>> {
  let reloaded = false
  let recalled = false
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const moment = world.moment()
    const facts = await operation.look(world.store, input, moment.ring)
    const caller = clientIn(input)
    if (caller && !(await isCurrent(caller, world))) return clientChanged
    const { answer, writes } = operation.decide(input, facts, moment)
    const looked = 'refused' in answer && !recalled ? clientIn(facts) : undefined
    if (looked && !(await isCurrent(looked, world))) {
      recalled = true
      attempt -= 1
      continue
    }
    if (!reloaded && 'refused' in answer && staleReasons.has(answer.refused.reason)) {
      reloaded = true
      if (await world.reload()) {
        attempt -= 1
        continue
      }
    }
    if (writes.length === 0) return answer
    if ('refused' in answer && (await isGone?.())) return answer
    if ((await world.store.commit(writes)) === 'committed') return answer
  }
  return { refused: { reason: 'contended' } }
}

/** The client that calls, or that was looked up: it may have been recalled. */
function clientIn(from: unknown): Client | undefined {
  if (typeof from !== 'object' || from === null) return undefined
  const { caller, client } = from as {
    readonly caller?: { readonly client?: Client }
    readonly client?: Client
  }
  return caller?.client ?? client
}

async function isCurrent(client: Client, { store }: World): Promise<boolean> {
  const current = store.isCurrent(client)
  return current === true || (await current)
}

/** What was proved was proved by a client that has been changed since: it has to be asked once more. */
export const clientChanged: { readonly refused: Refusal } = {
  refused: { reason: 'contended', problem: 'client_changed' },
}
