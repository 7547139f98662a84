/** `tokenferry events …`: what has happened, for a person, for another place, and back after a restore. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Applied } from '../events/apply-revocations.ts'
import { applyRevocations } from '../events/apply-revocations.ts'
import type { Shipping } from '../events/event-line.ts'
import { eventIn, recordOf } from '../events/event-line.ts'
import { exportEvents, openEventFile } from '../events/export-events.ts'
import type { Outcome } from '../events/revocations.ts'
import { clockDifferenceMilliseconds } from '../events/revocations.ts'
import { event as eventOf } from '../kernel/decision.ts'
import type { Event } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { compromiseKeys } from '../keys/rotate.ts'
import { markKeyOf, sealingOf } from '../keys/sealing.ts'
import type { Deployment } from '../main.ts'
import { parseCount, parseTime } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, group, operator, subcommand, withDeployment } from './command.ts'
import { sayJson, sayRecord, sayRecords, timeOf } from './output.ts'

export function addEventCommands(program: Command): void {
  const events = group(program, 'events', 'what has happened: listed, shipped elsewhere, applied again')
  addList(events)
  addShow(events)
  addExport(events)
  addApply(events)
}

type ListOptions = Shared & { readonly after: number; readonly limit: number }

function addList(events: Command): void {
  subcommand(events, 'list', 'list events, the oldest first', 'tokenferry events list --after 1200')
    .option('--after <id>', 'go on behind this one', parseCount, 0)
    .option('--limit <count>', 'how many', parseCount, 100)
    .action((options: ListOptions) =>
      withDeployment(options, async ({ store }) => {
        const columns = {
          ID: ({ id }: Event) => id,
          AT: ({ at }: Event) => timeOf(at),
          KIND: ({ kind }: Event) => kind,
          ACTOR: ({ actor }: Event) => actor,
          CLIENT: ({ clientId }: Event) => clientId,
          USER: ({ userId }: Event) => userId,
          DETAIL: ({ detail }: Event) => detail,
        }
        const found = await store.listEvents(options.after, options.limit)
        sayRecords(found, columns, { ...options, none: 'There are no more events.' })
      }),
    )
}

function addShow(events: Command): void {
  subcommand(events, 'show', 'show one event', 'tokenferry events show 1234')
    .argument('<id>', 'its id', parseCount)
    .action((id: number, options: Shared) =>
      withDeployment(options, async ({ store }) => {
        const found = await store.findEvent(id)
        if (!found) throw new CommandError(`There is no event ${id}. Events go after 90 days.`)
        const shown = JSON.parse(JSON.stringify(recordOf(found)))
        sayRecord(shown, options)
      }),
    )
}

type ExportOptions = Shared & {
  readonly after?: number
  readonly since?: number
  readonly to?: string
  readonly follow?: boolean
}

const followEveryMilliseconds = 1_000

function addExport(events: Command): void {
  subcommand(
    events,
    'export',
    'write events as lines of JSON, for a place that outlives this database',
    'tokenferry events export --to /elsewhere/events.ndjson --follow',
    'tokenferry events export --after 1234 | ship-it',
  )
    .option('--after <id>', 'go on behind this event; else from the first', parseCount)
    .option('--since <time>', 'events from this moment on', parseTime)
    .addOption(
      new Option('--to <file>', 'append to this file, from its last event on').conflicts(['after', 'since']),
    )
    .option('--follow', 'do not end: write each event within a second')
    .action((options: ExportOptions) => withDeployment(options, (deployment) => ship(deployment, options)))
}

async function ship(deployment: Deployment, { after, since, to, follow }: ExportOptions): Promise<void> {
  const { store } = deployment
  const shipping = await shippingOf(deployment)
  const file = to === undefined ? undefined : opened(to, shipping)
  let stopped = false
  let wake = (): void => undefined
  const stop = (): void => {
    stopped = true
    wake()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const write = file?.write ?? ((lines: string) => void process.stdout.write(lines))
  let last = file?.last ?? after ?? 0
  let isAway = false
  try {
    for (;;) {
      try {
        last = await exportEvents({ store, shipping, after: last, since, write })
        isAway = false
      } catch (error) {
        // Whoever ships all the time ships through a failover, too.
        if (!follow || !(error instanceof StoreUnavailable)) throw error
        if (!isAway) process.stderr.write(`The database is away (${error.message}); asking again.\n`)
        isAway = true
      }
      if (!follow || stopped) return
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, followEveryMilliseconds)
      })
    }
  } finally {
    file?.close()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

async function shippingOf({ store, config }: Deployment): Promise<Shipping> {
  const sealing = await sealingOf(store, readRootSecret(config.root_secret))
  return { deploymentId: sealing.deploymentId, markKey: markKeyOf(sealing) }
}

function opened(path: string, shipping: Shipping): ReturnType<typeof openEventFile> {
  try {
    return openEventFile(path, shipping)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be gone on with (${why}).`, { cause: error })
  }
}

type ApplyOptions = Shared & {
  readonly only?: string
  readonly none?: boolean
  readonly keysLost?: boolean
  readonly unverified?: boolean
}

function addApply(events: Command): void {
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
  await withDeployment(options, async (deployment) => {
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
    process.stderr.write(isAwaited ? 'Servers answer again.\n' : 'No server was waiting for this.\n')
  })
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
  return applyRevocations(eventsIn(file, reading), world, operator(), compromise)
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
          `Line ${at} of ${file} does not prove that this deployment wrote it: it was changed, or written before ` +
            'a key rewrap. If you trust the file all the same: --unverified',
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
      `${applied.unknown} events are about what is not here. Import what you imported since the copy, and apply again.\n`,
    )
  }
}
