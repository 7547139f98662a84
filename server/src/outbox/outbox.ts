/**
 * The outbox: reads events, plans what must be told, and sees to it that it is. Nothing here stands on a
 * request's path. Whatever dies at any line is taken up again: a plan is computed, a claim runs out.
 */
import type { Write } from '../kernel/decision.ts'
import type { Delivery, Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { troubleLine } from '../trouble-line.ts'
import type { ClientTurns } from './client-turns.ts'
import { clientTurns } from './client-turns.ts'
import type { Pacing } from './pauses.ts'
import { jittered, pausesOf } from './pauses.ts'
import type { Rules } from './plan.ts'
import { eventReader } from './reader.ts'
import type { Outcome, Sender } from './sender.ts'

export type Channel = {
  readonly send: Sender
  readonly pacing: Pacing
  /** On their way at once, in all and of one client. */
  readonly atOnceMax: number
  readonly perClientMax: number
  /** Whoever has just failed is left alone for a moment, with all that is for them: an app's address. */
  readonly pausesClients: boolean
}

export type OutboxOptions = {
  readonly store: Store
  readonly now: () => Milliseconds
  random(bytes: number): Uint8Array
  readonly rules: Rules
  /** Whether it is this node that tells, now. Where two do, each delivery still goes to one of them. */
  readonly isOurs?: () => boolean
  readonly channels: { readonly [Name in Delivery['channel']]?: Channel | undefined }
  readonly logger: { info(fields: object): void; warn(fields: object): void; error(fields: object): void }
}

export type Outbox = {
  /** Plans all that there is to plan, and sends all that is due. Resolves when both are done. */
  run(): Promise<void>
  /** Begins nothing more, and waits a little for what is on its way. */
  close(): Promise<void>
}

const everyMilliseconds = 500
/** Whoever is sending says again that they are alive three times within this time. */
const leaseMilliseconds = 15_000
const closeMillisecondsMax = 5_000

type OnItsWay = {
  readonly channel: Delivery['channel']
  readonly clientId: string
  readonly done: Promise<void>
}

export function startOutbox(options: OutboxOptions): Outbox {
  const { store, now, logger, isOurs = () => true } = options
  const name = Buffer.from(options.random(9)).toString('base64url')
  const reader = eventReader(options)
  const onTheirWay = new Map<string, OnItsWay>()
  const turns = { mail: clientTurns(now), callback: clientTurns(now) }
  const turnsOf = (channel: Delivery['channel']): ClientTurns => turns[channel]
  let closed = false
  let woken = false
  let turning: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const turn = async (): Promise<void> => {
    if (!isOurs()) return
    try {
      await reader.planAll()
      for (const [channel, how] of Object.entries(options.channels)) {
        // Object.entries forgets that these are the names of channels.
        if (how) await fill(channel as Delivery['channel'], how)
      }
    } catch (error) {
      // The next turn tries again; requests say by themselves that the database is away.
      logger.warn({ ...troubleLine(error), what: 'outbox' })
    }
  }

  /** Takes up what is due, as far as there is room: of one client after the other, in turn. */
  async function fill(channel: Delivery['channel'], how: Channel): Promise<void> {
    const turns = turnsOf(channel)
    let listed = false
    while (!closed && isOurs() && carriedOf(channel).length < how.atOnceMax) {
      const clientId = turns.next((one) => roomOf(channel, one, how) > 0)
      if (clientId === undefined) {
        if (listed) return
        listed = true
        turns.line(await store.listDueClients(channel, now()))
        continue
      }
      const room = Math.min(roomOf(channel, clientId, how), how.atOnceMax - carriedOf(channel).length)
      for (const delivery of await store.listDue(channel, clientId, now(), room)) take(delivery, how)
    }
  }

  const carriedOf = (channel: Delivery['channel']): readonly OnItsWay[] =>
    [...onTheirWay.values()].filter((one) => one.channel === channel)

  const roomOf = (channel: Delivery['channel'], clientId: string, { perClientMax }: Channel): number =>
    perClientMax - carriedOf(channel).filter((one) => one.clientId === clientId).length

  function take(delivery: Delivery, how: Channel): void {
    const { id, channel, clientId = '' } = delivery
    if (onTheirWay.has(id)) return
    const done = carry(delivery, how).then((went) => {
      onTheirWay.delete(id)
      if (went) wake()
    })
    onTheirWay.set(id, { channel, clientId, done })
  }

  /** There is room again: whatever else is due need not wait for the next turn. */
  function wake(): void {
    if (woken || closed) return
    woken = true
    setImmediate(() => {
      woken = false
      void run()
    })
  }

  /** Claims a delivery, sends it, and writes down what came of it. False: not done, or not by us. */
  async function carry(delivery: Delivery, how: Channel): Promise<boolean> {
    const attempts = delivery.attempts + 1
    let seen: Pick<Delivery, 'id' | 'due' | 'claimedBy'> = delivery
    const claim = async (): Promise<boolean> => {
      const until = now() + leaseMilliseconds
      const held = await store.commit([{ write: 'claim_delivery', seen, by: name, until, attempts }])
      if (held === 'committed') seen = { id: delivery.id, due: until, claimedBy: name }
      return held === 'committed'
    }
    try {
      if (!(await claim())) return false
      const keeping = setInterval(() => void claim().catch(() => undefined), leaseMilliseconds / 3)
      const since = performance.now()
      try {
        const outcome = await tried(how.send, delivery, logger)
        turnsOf(delivery.channel).note(
          delivery.clientId ?? '',
          how.pausesClients && outcome.outcome === 'failed',
        )
        const settled = settle(outcome, attempts, how.pacing, now(), chance(options))
        await written([{ write: 'settle_delivery', id: delivery.id, by: name, ...settled }])
        tell(delivery, outcome, settled.status, Math.round(performance.now() - since))
      } finally {
        clearInterval(keeping)
      }
      return true
    } catch (error) {
      // Not claimed, or the process ends: it goes out again when the claim has run out.
      logger.warn({ ...troubleLine(error), what: 'delivery', delivery: delivery.id })
      return false
    }
  }

  /** However long the database is away: what was sent and not written down would be sent again. */
  async function written(writes: readonly Write[]): Promise<void> {
    for (;;) {
      try {
        await store.commit(writes)
        return
      } catch (error) {
        if (closed) throw error
        logger.warn({ ...troubleLine(error), what: 'delivery' })
        await new Promise((resolve) => setTimeout(resolve, everyMilliseconds))
      }
    }
  }

  function tell(delivery: Delivery, outcome: Outcome, status: Delivery['status'], ms: number): void {
    const { id, channel, kind, clientId } = delivery
    const line = {
      operation: 'deliver',
      delivery: id,
      channel,
      kind,
      ...(clientId !== undefined && { client: clientId }),
      status,
      ...('problem' in outcome && { problem: outcome.problem }),
      ms,
    }
    if (status === 'given_up') logger.error(line)
    else if (status === 'waiting') logger.warn(line)
    else logger.info(line)
  }

  const run = (): Promise<void> => {
    turning = turning.then(turn)
    return turning
  }
  const again = (): void => {
    timer = setTimeout(() => void run().then(() => closed || again()), everyMilliseconds).unref()
  }
  again()

  return {
    async run() {
      await run()
      while (onTheirWay.size > 0) {
        await Promise.all([...onTheirWay.values()].map(({ done }) => done))
        await run()
      }
    },
    async close() {
      closed = true
      clearTimeout(timer)
      reader.stop()
      await turning
      await reader.note().catch(() => undefined)
      const enough = new Promise((resolve) => setTimeout(resolve, closeMillisecondsMax).unref())
      await Promise.race([Promise.all([...onTheirWay.values()].map(({ done }) => done)), enough])
    },
  }
}

async function tried(send: Sender, delivery: Delivery, logger: OutboxOptions['logger']): Promise<Outcome> {
  try {
    return await send(delivery)
  } catch (error) {
    logger.error({ reason: 'internal', what: 'delivery', delivery: delivery.id, err: error })
    return { outcome: 'failed', problem: 'Trouble of our own; the log has it.' }
  }
}

/** What an outcome makes of a delivery after so many attempts. */
export function settle(
  outcome: Outcome,
  attempts: number,
  pacing: Pacing,
  now: Milliseconds,
  chance: number,
): Pick<Delivery, 'status' | 'due' | 'problem'> {
  if (outcome.outcome !== 'failed') {
    return { status: outcome.outcome, due: now, problem: 'problem' in outcome ? outcome.problem : undefined }
  }
  const { problem, isFinal, retryAfterSeconds = 0 } = outcome
  const pause = pausesOf(pacing)[attempts - 1]
  if (isFinal || pause === undefined) return { status: 'given_up', due: now, problem }
  return {
    status: 'waiting',
    due: now + Math.max(jittered(pause, chance), retryAfterSeconds * 1000),
    problem,
  }
}

const chance = ({ random }: OutboxOptions): number => Buffer.from(random(4)).readUInt32BE() / 0xffff_ffff
