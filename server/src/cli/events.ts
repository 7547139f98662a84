/** `tokenferry events …`: what has happened, for a person, for another place, and back after a restore. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Shipping } from '../events/event-line.ts'
import { recordOf } from '../events/event-line.ts'
import { exportEvents, openEventFile } from '../events/export-events.ts'
import type { Event } from '../kernel/records.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Deployment } from '../main.ts'
import { eventIdBefore } from '../storage/event-ids.ts'
import { parseCount, parseTime } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, group, subcommand, withDeployment } from './command.ts'
import { addApply, shippingOf } from './events-apply.ts'
import { holdLock } from './lock-file.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'
import { pageOf } from './page.ts'

export function addEventCommands(program: Command): void {
  const events = group(program, 'events', 'what has happened: listed, shipped elsewhere, applied again')
  addList(events)
  addShow(events)
  addExport(events)
  addApply(events)
}

type ListOptions = Shared & { readonly after: number; readonly limit: number; readonly last?: number }

function addList(events: Command): void {
  subcommand(
    events,
    'list',
    'list events, the oldest first',
    'tokenferry events list --after 1200',
    'tokenferry events list --last 20',
  )
    .option('--after <id>', 'go on behind this one', parseCount, 0)
    .option('--limit <count>', 'how many', parseCount, 100)
    .addOption(
      new Option('--last <count>', 'so many of the newest')
        .argParser(parseCount)
        .conflicts(['after', 'limit']),
    )
    .action((options: ListOptions) =>
      withDeployment(options, async ({ store, database }) => {
        const columns = {
          ID: ({ id }: Event) => id,
          AT: ({ at }: Event) => timeOf(at),
          KIND: ({ kind }: Event) => kind,
          ACTOR: ({ actor }: Event) => actor,
          CLIENT: ({ clientId }: Event) => clientId,
          USER: ({ userId }: Event) => userId,
          DETAIL: ({ detail }: Event) => detail,
        }
        const { last } = options
        const after = last === undefined ? options.after : await eventIdBefore(database, last)
        const page = { limit: last ?? options.limit }
        const { found, moreAfter } = await pageOf(
          page,
          ({ limit }) => store.listEvents(after, limit),
          ({ id }) => id,
        )
        sayRecords(found, columns, { ...options, none: 'There are no more events.', moreAfter })
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

function opened(path: string, shipping: Shipping): ReturnType<typeof openEventFile> {
  const lock = `${path}.lock`
  try {
    // Each would write over what the other has written.
    holdLock(lock, (holder) => new Error(`process ${holder} writes it; if that is no export, remove ${lock}`))
    return openEventFile(path, shipping)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be gone on with (${why}).`, { cause: error })
  }
}
