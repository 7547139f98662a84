/** `tokenferry connection …`: what users allowed apps. */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { confirmConnectionForOperator } from '../kernel/operations/confirm-connection-for-operator.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import type { Connection } from '../kernel/records.ts'
import type { Page } from '../kernel/store.ts'
import { parseCount } from './arguments.ts'
import type { Shared } from './command.ts'
import { granted, group, operator, subcommand, withDeployment } from './command.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'
import type { Paged } from './page.ts'
import { pageOf, withPage } from './page.ts'
import { findUser } from './user-shown.ts'

export function addConnectionCommands(program: Command): void {
  const connection = group(program, 'connection', 'what users and organizations allowed apps')
  addList(connection)
  addConfirm(connection)
  addRevoke(connection)
}

type ListOptions = Shared &
  Paged & { readonly client?: string; readonly user?: string; readonly organization?: string }

function addList(connection: Command): void {
  withPage(
    subcommand(connection, 'list', 'list connections, oldest first', 'tokenferry connection list --user u42'),
  )
    .option('--client <id>', 'of this client')
    .option('--user <id>', 'of this user, by id or user name')
    .option('--organization <id>', 'of this organization')
    .action((options: ListOptions) =>
      withDeployment(options, async ({ store }) => {
        const filter = {
          ...(options.client !== undefined && { clientId: options.client }),
          ...(options.user !== undefined && {
            userId: (await findUser(store, options.user))?.id ?? options.user,
          }),
          ...(options.organization !== undefined && { organizationId: options.organization }),
        }
        const list = (page: Page) => store.listConnections(filter, page)
        const { found, moreAfter } = await pageOf(options, list, ({ number }) => number)
        const columns = {
          NUMBER: ({ number }: Connection) => number,
          CLIENT: ({ clientId }: Connection) => clientId,
          USER: ({ userId }: Connection) => userId,
          ORGANIZATION: ({ organizationId }: Connection) => organizationId,
          STATUS: ({ status }: Connection) => status,
          // What was ended waits for nobody.
          CONFIRMATION: ({ status, confirmation }: Connection) =>
            status === 'revoked' ? undefined : confirmation,
          GRANTS: ({ liveGrants }: Connection) => liveGrants.length,
          SINCE: ({ since }: Connection) => timeOf(since),
          SCOPES: ({ scopes }: Connection) => scopes,
        }
        sayRecords(found, columns, { ...options, none: 'There are no such connections.', moreAfter })
      }),
    )
}

function addConfirm(parent: Command): void {
  subcommand(
    parent,
    'confirm',
    'confirm a connection for a user, or an admin, who has said so to you',
    'tokenferry connection list --user u42 --client q3Xk…',
    'tokenferry connection confirm 17',
  )
    .argument('<number>', 'its number', parseCount)
    .action((connection: number, options: Shared) =>
      withDeployment(options, async ({ world }) => {
        const input = { connection, actor: operator() }
        const { number, confirmation } = granted(await perform(confirmConnectionForOperator, input, world), {
          record_unknown: 'There is no connection of this number. See: tokenferry connection list',
          connection_revoked: 'The connection is revoked: there is nothing left to confirm.',
          nothing_to_change: 'The connection waits for nobody.',
        })
        sayRecord({ number, confirmation }, options)
      }),
    )
}

function addRevoke(parent: Command): void {
  subcommand(
    parent,
    'revoke',
    'end a connection, all its grants, and the legacy tokens behind it',
    'tokenferry connection list --user u42 --client q3Xk…',
    'tokenferry connection revoke 17',
  )
    .argument('<number>', 'its number', parseCount)
    .action((connection: number, options: Shared) =>
      withDeployment(options, async ({ world }) => {
        const input = { connection, actor: operator() }
        const revoked = granted(await perform(revokeConnection, input, world), {
          record_unknown: 'There is no connection of this number. See: tokenferry connection list',
          nothing_to_change: 'The connection is revoked already.',
        })
        sayRecord({ number: revoked.number, status: revoked.status }, options)
      }),
    )
}
