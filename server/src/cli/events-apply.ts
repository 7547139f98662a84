/** `tokenferry events apply`: what was taken back since a copy, taken back again. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Applied } from '../events/apply-revocations.ts'
import { applyRevocations } from '../events/apply-revocations.ts'
import type { Shipping } from '../events/event-line.ts'
import { eventIn } from '../events/event-line.ts'
import type { Outcome } from '../events/revocations.ts'
import { clockDifferenceMilliseconds } from '../events/revocations.ts'
import { event as eventOf } from '../kernel/decision.ts'
import type { Event } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { compromiseKeys } from '../keys/rotate.ts'
import { markKeyOf, sealingOf } from '../keys/sealing.ts'
import type { Deployment } from '../main.ts'
import { policiesOf } from '../main.ts'
import type { Shared } from './command.ts'
import { CommandError, operator, subcommand, withDeployment } from './command.ts'
import { sayJson, sayRecord, timeOf } from './output.ts'
import { serversHear } from './servers-hear.ts'

export async function shippingOf({ store, config }: Deployment): Promise<Shipping> {
  const sealing = await sealingOf(store, readRootSecret(config.root_secret))
  return { deploymentId: sealing.deploymentId, markKey: markKeyOf(sealing) }
}

type ApplyOptions = Shared & {
  readonly only?: string
  readonly none?: boolean
  readonly keysLost?: boolean
  readonly unverified?: boolean
}

export function addApply(events: Command): void {
  subcommand(
    events,
    'apply [file]',
    'after a restore: take back again what the shipped events say was taken back since the copy',
    'tokenferry events apply --only revocations events.ndjson',
    'tokenferry events apply --none    # nothing was revoked since the copy, or nobody knows of it',
  )
    .addOption(new Option('--only <what>', 'what of them').choices(['revocations']))
    .option('--none', 'there are none to apply: servers may answer')
    .option('--keys-lost', 'go on though keys that the events speak of are nowhere')
    .option('--unverified', 'believe lines that do not prove that this deployment wrote them')
    .action((file: string | undefined, options: ApplyOptions) => apply(file, options))
}

async function apply(file: string | undefined, options: ApplyOptions): Promise<void> {
  if ((file === undefined) !== (options.none === true)) {
    throw new CommandError('Name the file of events, or say that there are none: --none')
  }
  if (file !== undefined && options.only !== 'revocations') {
    throw new CommandError('Write --only revocations: nothing else of the events is applied.')
  }
  const work = async (deployment: Deployment): Promise<void> => {
    const { store, world } = deployment
    const isAwaited = (await store.findMeta('awaits_events')) === 'yes'
    if (file !== undefined) {
      const applied = await applyFile(file, deployment, options)
      tell(applied, options)
      if (isAwaited) await refuseOlder(file, applied, store)
      await refuseLostKeys(applied, store, options)
    }
    const { now } = world.moment()
    const done = { write: 'set_meta', key: 'awaits_events', value: 'no' } as const
    const detail = file === undefined ? 'none' : 'servers may answer'
    await store.commit([done, eventOf('revocations_applied', now, operator(), { detail })])
    if (isAwaited) await serversHear()
    process.stderr.write(isAwaited ? 'Servers answer again.\n' : 'No server was waiting for this.\n')
  }
  // A mark of what is not here has a number, as what it marks had.
  await withDeployment(options, work, { numbers: true })
}

/** A file that knows nothing of the time since the copy is the wrong one: all of that would be forgotten. */
async function refuseOlder(file: string, { newestAt }: Applied, store: Store): Promise<void> {
  const restoredTo = Number((await store.findMeta('restored_to')) ?? 0)
  if (newestAt !== undefined && newestAt >= restoredTo - clockDifferenceMilliseconds) return
  const newest = newestAt === undefined ? 'There are no events' : `The newest event is of ${timeOf(newestAt)}`
  throw new CommandError(
    `${newest} in ${file}, and the copy is of ${timeOf(restoredTo)}: nothing is known there of the time since. ` +
      'Name the right file; if nothing has happened since: tokenferry events apply --none',
  )
}

/** Where the operator says that they are nowhere, their numbers are at least not given away again. */
async function refuseLostKeys(
  { newestKey }: Applied,
  store: Store,
  { keysLost }: ApplyOptions,
): Promise<void> {
  const newest = Math.max(0, ...(await store.listKeys()).map(({ version }) => version))
  if (newestKey <= newest) return
  if (!keysLost) {
    throw new CommandError(
      `The events speak of keys up to version ${newestKey}, here is ${newest}. Take them in: ` +
        'tokenferry key import FILE; then apply again. If they are nowhere: --keys-lost',
    )
  }
  await store.commit([{ write: 'set_meta', key: 'keys_lost_to', value: String(newestKey) }])
}

async function applyFile(file: string, deployment: Deployment, options: ApplyOptions): Promise<Applied> {
  const { store, world, config } = deployment
  const compromise = async (before: number): Promise<Outcome> => {
    const keys = await store.listKeys()
    // Without a newer one, nothing could be issued any more.
    if (!keys.some(({ version, status }) => version >= before && status === 'live')) return 'unknown'
    const { now } = world.moment()
    const work = { store, rootSecret: readRootSecret(config.root_secret), now, actor: operator() }
    return (await compromiseKeys(work, before)) > 0 ? 'applied' : 'already'
  }
  const reading = {
    shipping: await shippingOf(deployment),
    restoredTo: Number((await store.findMeta('restored_to')) ?? 0),
    unverified: options.unverified === true,
  }
  return applyRevocations(eventsIn(file, reading), {
    world,
    actor: operator(),
    policies: policiesOf(deployment.mounts),
    compromiseKeys: compromise,
  })
}

type Reading = {
  readonly shipping: Shipping
  /** What is older is in the copy itself. */
  readonly restoredTo: number
  readonly unverified: boolean
}

async function* eventsIn(file: string, { shipping, restoredTo, unverified }: Reading): AsyncGenerator<Event> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
  let at = 0
  let broken: number | undefined
  try {
    for await (const line of lines) {
      at += 1
      // Half of the last line is what a crash left of it; anything else must not be passed over.
      if (broken !== undefined) throw new CommandError(`Line ${broken} of ${file} is no event.`)
      const shipped = eventIn(line, shipping)
      if (!shipped) {
        if (line.trim() !== '') broken = at
        continue
      }
      if (shipped.deploymentId !== shipping.deploymentId) {
        throw new CommandError(`The events of ${file} are of another deployment.`)
      }
      if (shipped.isGenuine || unverified) yield shipped.event
      else if (shipped.event.at >= restoredTo - clockDifferenceMilliseconds) {
        throw new CommandError(
          `Line ${at} of ${file} does not prove that this deployment wrote it, the first one since the copy that ` +
            'does not: it was changed, or written under another root secret, before a key rewrap. If you trust the ' +
            'file all the same: --unverified',
        )
      }
    }
    if (broken !== undefined) process.stderr.write(`The last line of ${file} is cut, and was left out.\n`)
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error && 'code' in error)) throw error
    throw new CommandError(`${file} cannot be read (${error.message}).`, { cause: error })
  }
}

function tell({ newestKey: _, newestAt: __, ...applied }: Applied, options: Shared): void {
  if (options.json) sayJson(applied)
  else {
    const { read, applied: done, already, unknown, other } = applied
    sayRecord(
      { read, 'taken back': done, 'so already': already, 'not here': unknown, 'no revocations': other },
      options,
    )
  }
  for (const notice of applied.notices) process.stderr.write(`${notice}\n`)
  if (applied.unknown > 0) {
    process.stderr.write(
      `${applied.unknown} events are about what is not here. Import or add again what came in since the copy, and apply again.\n`,
    )
  }
}
