/**
 * Takes back again what was taken back in a part of history that a copy of the database does not know. Each
 * event that says so is one operation, whose own event has `event <id>` for its request id: so the same event
 * is applied once, however often its file is.
 */
import { event as eventOf } from '../kernel/decision.ts'
import type { EventKind } from '../kernel/event-kinds.ts'
import type { World } from '../kernel/kernel.ts'
import type { Event, Milliseconds } from '../kernel/records.ts'
import type { Begun, Held, Outcome, Reapplying } from './revocations.ts'
import { clockDifferenceMilliseconds, heldBy, revocations } from './revocations.ts'

export type Applied = Readonly<Record<Outcome, number>> & {
  readonly read: number
  /** What a person must do, or look at. */
  readonly notices: readonly string[]
  /** The newest version of the ring that an event speaks of. */
  readonly newestKey: number
  /** When the newest of them happened; absent where there was none. */
  readonly newestAt: Milliseconds | undefined
}

const eventsPerPage = 10_000

const births: ReadonlySet<EventKind> = new Set<EventKind>(['legacy_token_exchanged', 'grant_created'])

export async function applyRevocations(
  events: AsyncIterable<Event>,
  how: Pick<Reapplying, 'world' | 'actor' | 'policies' | 'compromiseKeys'>,
): Promise<Applied> {
  const { world, actor } = how
  const done = await appliedBefore(world)
  const held: Held = new Set()
  const begun: Begun = new Map()
  const copiedAt = Number((await world.store.findMeta('restored_to')) ?? 0) - clockDifferenceMilliseconds
  const counts: Record<Outcome, number> = { applied: 0, already: 0, unknown: 0, other: 0 }
  const notices = new Set<string>()
  let read = 0
  let newestKey = 0
  let newestAt: Milliseconds | undefined
  for await (const event of events) {
    read += 1
    newestAt = Math.max(newestAt ?? 0, event.at)
    if (event.kind === 'key_added') newestKey = Math.max(newestKey, versionIn(event))
    const { kind, grantNumber, detail } = event
    if (births.has(kind) && grantNumber !== undefined && event.at >= copiedAt) {
      begun.set(grantNumber, { kind, detail })
    }
    const apply = revocations[kind]
    if (!apply) {
      counts.other += 1
      continue
    }
    if (done.has(event.id) || (await isKnown(event, world))) {
      // Whatever undoes it later in the stream undoes this one.
      const subject = heldBy(event)
      if (subject !== undefined && done.has(event.id)) held.add(subject)
      counts.already += 1
      continue
    }
    const outcome = await apply(event, {
      ...how,
      held,
      begun,
      actor: { ...actor, requestId: `event ${event.id}` },
      notice: (text) => void notices.add(text),
    })
    counts[outcome] += 1
  }
  const { now } = world.moment()
  const detail = `${read} events read, ${counts.applied} applied`
  await world.store.commit([eventOf('revocations_applied', now, actor, { detail })])
  return { ...counts, read, notices: [...notices], newestKey, newestAt }
}

const versionIn = ({ detail }: Event): number => Number(/^version (\d+)$/.exec(detail ?? '')?.[1] ?? 0)

/** It is from before the copy, which has it itself. */
async function isKnown({ id, at, kind }: Event, { store }: World): Promise<boolean> {
  const here = await store.findEvent(id)
  if (here) return here.at === at && here.kind === kind
  const [oldest] = await store.listEvents(0, 1)
  return oldest !== undefined && id < oldest.id
}

async function appliedBefore({ store }: World): Promise<ReadonlySet<number>> {
  const done = new Set<number>()
  let after = 0
  for (;;) {
    const events = await store.listEvents(after, eventsPerPage)
    for (const { requestId } of events) {
      const id = /^event (\d+)$/.exec(requestId ?? '')?.[1]
      if (id !== undefined) done.add(Number(id))
    }
    after = events.at(-1)?.id ?? after
    if (events.length < eventsPerPage) return done
  }
}
