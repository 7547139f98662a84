/** `tokenferry outbox …`: what users and apps are still to be told, and what could not be told. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Delivery } from '../kernel/records.ts'
import type { Page, Store } from '../kernel/store.ts'
import type { Shared } from './command.ts'
import { CommandError, group, subcommand, withDeployment } from './command.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'
import type { Paged } from './page.ts'
import { pageOf, withPage } from './page.ts'

export function addOutboxCommands(program: Command): void {
  const outbox = group(program, 'outbox', 'mails and callbacks: what waits, and what was given up')
  addList(outbox)
  addRetry(outbox)
}

const statuses = ['waiting', 'given_up', 'dropped', 'sent'] as const
type ListOptions = Shared & Paged & { readonly status: Delivery['status'] }

function addList(outbox: Command): void {
  withPage(
    subcommand(
      outbox,
      'list',
      'list mails and callbacks of one status',
      'tokenferry outbox list',
      'tokenferry outbox list --status given_up',
    ),
  )
    .addOption(new Option('--status <status>', 'which').choices(statuses).default('waiting'))
    .action((options: ListOptions) =>
      withDeployment(options, async ({ store }) => {
        const { status } = options
        const list = (page: Page) => store.listDeliveries(status, page)
        const { found, moreAfter } = await pageOf(options, list, ({ id }) => id)
        const columns = {
          ID: ({ id }: Delivery) => id,
          CHANNEL: ({ channel }: Delivery) => channel,
          KIND: ({ kind }: Delivery) => kind,
          CLIENT: ({ clientId }: Delivery) => clientId,
          USER: ({ userId }: Delivery) => userId,
          ORGANIZATION: ({ organizationId }: Delivery) => organizationId,
          AT: ({ at }: Delivery) => timeOf(at),
          ATTEMPTS: ({ attempts }: Delivery) => attempts,
          DUE: (delivery: Delivery) => (delivery.status === 'waiting' ? timeOf(delivery.due) : undefined),
          PROBLEM: ({ problem }: Delivery) => problem,
        }
        const none = `There are none with status ${status}.`
        sayRecords(found, columns, { ...options, none, moreAfter })
      }),
    )
}

function addRetry(outbox: Command): void {
  subcommand(
    outbox,
    'retry',
    'send now what has failed: what was given up, and what waits for its next try',
    'tokenferry outbox retry Jx0dQmWc3nE7vY2bTz8kLA',
    'tokenferry outbox retry --all',
  )
    .argument('[id]', 'its id')
    .option('--all', 'everything that has failed')
    .action((id: string | undefined, options: Shared & { readonly all?: boolean }) =>
      withDeployment(options, async ({ store, world }) => {
        if ((id === undefined) === (options.all === undefined)) {
          throw new CommandError(
            'Name the id of a delivery, or --all. See: tokenferry outbox list --status given_up',
          )
        }
        const { now } = world.moment()
        const retried = id === undefined ? await retryAll(store, now) : await retry(store, [id], now)
        if (id !== undefined && retried === 0) {
          throw new CommandError(
            `Nothing of id ${id} has failed, or it is being sent just now. See: tokenferry outbox list`,
          )
        }
        sayRecord({ retried }, options)
      }),
    )
}

const pageRows = 500

async function retryAll(store: Store, now: number): Promise<number> {
  let retried = 0
  for (const status of ['given_up', 'waiting'] as const) {
    let after: string | undefined
    for (;;) {
      const page = await store.listDeliveries(status, { after, limit: pageRows })
      // What was never tried waits for its time, not for somebody to mend something.
      const failed = page.filter(({ attempts }) => attempts > 0).map(({ id }) => id)
      retried += await retry(store, failed, now)
      after = page.at(-1)?.id
      if (page.length < pageRows) break
    }
  }
  return retried
}

async function retry(store: Store, ids: readonly string[], now: number): Promise<number> {
  const held = await Promise.all(ids.map((id) => store.commit([{ write: 'retry_delivery', id, due: now }])))
  return held.filter((outcome) => outcome === 'committed').length
}
