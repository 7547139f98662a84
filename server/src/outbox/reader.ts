/** Reads events in their order, and plans what is to be told of them. */
import type { Write } from '../kernel/decision.ts'
import type { Delivery, Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Rules } from './plan.ts'
import { hiddenId, plan } from './plan.ts'

export type EventReader = {
  /** Plans until there is no event left. */
  planAll(): Promise<void>
  /** Notes how far it has read. */
  note(): Promise<void>
  stop(): void
}

const eventsPerStep = 500
const writesPerCommit = 500
/** Events of which nobody is told are noted as read now and then: that is a write, and most are such. */
const unnotedMax = 1_000

export function eventReader({
  store,
  rules,
  now,
}: {
  readonly store: Store
  readonly rules: Rules
  readonly now: () => Milliseconds
}): EventReader {
  let seen = 0
  let stopped = false

  const note = async (): Promise<void> => {
    const noted = await store.findEventsRead()
    if (seen > noted) await store.commit([{ write: 'read_events', from: noted, to: seen }])
  }

  /** Plans the next events; says whether there may be more. */
  const step = async (): Promise<boolean> => {
    const noted = await store.findEventsRead()
    const events = await store.listEvents(Math.max(noted, seen), eventsPerStep)
    const last = events.at(-1)?.id
    if (last === undefined) return false
    const planning = await planningFor(store)
    let planned: Write[] = []
    for await (const { deliveries, announced } of plan(events, store, rules)) {
      planned.push(...deliveries.map(planning))
      if (announced) planned.push({ write: 'announce_client', ...announced, at: now() })
      if (planned.length < writesPerCommit) continue
      // Stays where it is until all of it is planned: a plan that was cut short is made again.
      const held = await store.commit([{ write: 'read_events', from: noted, to: noted }, ...planned])
      // Another process has read these events meanwhile.
      if (held === 'overtaken') return true
      planned = []
    }
    if (planned.length > 0) {
      const held = await store.commit([{ write: 'read_events', from: noted, to: last }, ...planned])
      if (held === 'overtaken') return true
    }
    seen = last
    if (seen - noted >= unnotedMax) await note()
    return events.length === eventsPerStep
  }

  return {
    async planAll() {
      while (!stopped && (await step()));
    },
    note,
    stop() {
      stopped = true
    },
  }
}

/** How a delivery is planned in this deployment, as it is since it was last restored. */
async function planningFor(store: Store): Promise<(delivery: Delivery) => Write> {
  const [deploymentId = '', restoredAt = ''] = await Promise.all(
    ['deployment_id', 'restored_at'].map((key) => store.findMeta(key)),
  )
  return (delivery) => {
    // What is said once for ever is not said again because of a restore; its id names no event.
    const since = delivery.kind === 'app_installed' ? '' : restoredAt
    return {
      write: 'plan_delivery',
      delivery: { ...delivery, id: hiddenId(deploymentId, since, delivery.id) },
    }
  }
}
