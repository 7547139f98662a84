/** `tokenferry events …`: what has happened, for a person, for another place, and back after a restore. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Applied } from '../events/apply-revocations.ts'
import { applyRevocations } from '../events/apply-revocations.ts'
import { eventIn, lineOf } from '../events/event-line.ts'
import { exportEvents, openEventFile } from '../events/export-events.ts'
import type { Outcome } from '../events/revocations.ts'
import { event as eventOf } from '../kernel/decision.ts'
import type { Event } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { compromiseKeys } from '../keys/rotate.ts'
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
        const shown = JSON.parse(lineOf(found)) as Record<string, unknown> // An object, as it was written.
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

async function ship({ store }: Deployment, { after, since, to, follow }: ExportOptions): Promise<void> {
  const file = to === undefined ? undefined : opened(to)
  let stopped = false
  let wake = (): void => undefined
  const stop = (): void => {
    stopped = true
    wake()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    let last = file?.last ?? after ?? 0
    const write = file?.write ?? ((lines: string) => void process.stdout.write(lines))
    for (;;) {
      last = await exportEvents({ store, after: last, since, write })
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

function opened(path: string) {
  try {
    return openEventFile(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be gone on with (${why}).`, { cause: error })
  }
}

type ApplyOptions = Shared & { readonly only?: string; readonly none?: boolean; readonly keysLost?: boolean }

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
    if (file !== undefined) {
      const applied = await applyFile(file, deployment)
      tell(applied, options)
      await refuseLostKeys(applied, store, options)
    }
    const { now } = world.moment()
    const done = { write: 'set_meta', key: 'awaits_events', value: 'no' } as const
    const detail = file === undefined ? 'none' : 'servers may answer'
    await store.commit([done, eventOf('revocations_applied', now, operator(), { detail })])
  })
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

async function applyFile(file: string, deployment: Deployment): Promise<Applied> {
  const { store, world, config } = deployment
  const compromise = async (before: number): Promise<Outcome> => {
    const keys = await store.listKeys()
    // Without a newer one, nothing could be issued any more.
    if (!keys.some(({ version, status }) => version >= before && status === 'live')) return 'unknown'
    const { now } = world.moment()
    const work = { store, rootSecret: readRootSecret(config.root_secret), now, actor: operator() }
    return (await compromiseKeys(work, before)) > 0 ? 'applied' : 'already'
  }
  return applyRevocations(eventsIn(file), world, operator(), compromise)
}

async function* eventsIn(file: string): AsyncGenerator<Event> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
  let at = 0
  let broken: number | undefined
  try {
    for await (const line of lines) {
      at += 1
      // Half of the last line is what a crash left of it; anything else must not be passed over.
      if (broken !== undefined) throw new CommandError(`Line ${broken} of ${file} is no event.`)
      const event = eventIn(line)
      if (event) yield event
      else if (line.trim() !== '') broken = at
    }
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error && 'code' in error)) throw error
    throw new CommandError(`${file} cannot be read (${error.message}).`, { cause: error })
  }
}

function tell({ newestKey: _, ...applied }: Applied, options: Shared): void {
  if (options.json) sayJson(applied)
  else sayRecord({ ...applied, notices: applied.notices.length }, options)
  for (const notice of applied.notices) process.stderr.write(`${notice}\n`)
  if (applied.unknown > 0) {
    process.stderr.write(
      `${applied.unknown} events are about what is not here. Import what you imported since the copy, and apply again.\n`,
    )
  }
}
