/** `tokenferry user bar …`: apps that one user may not use, and those that they may again. */
import type { Command } from 'commander'
import type { ClientBarredForUser } from '../kernel/admissions.ts'
import { perform } from '../kernel/kernel.ts'
import { barUserForOperator, unbarUserForOperator } from '../kernel/operations/bar-user-for-operator.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, operator, subcommand, withDeployment } from './command.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'
import { findUser, userUnknown } from './user-shown.ts'

export function addUserBarCommands(user: Command): void {
  addBar(user)
  addUnbar(user)
  addBarred(user)
}

const unknown = 'There is no such user or client. See: tokenferry user list, tokenferry client list'

function addBar(user: Command): void {
  subcommand(
    user,
    'bar <user> <client>',
    'take an app from a user: its grants of them end, and it gets no new ones',
    'tokenferry user bar alice q3Xk…',
  ).action((userId: string, clientId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const input = { userId, clientId, actor: operator() }
      const barred = granted(await perform(barUserForOperator, input, world), {
        record_unknown: unknown,
        nothing_to_change: 'The user is barred from the app already.',
      })
      sayRecord(barred, options)
    }),
  )
}

function addUnbar(user: Command): void {
  subcommand(
    user,
    'unbar <user> <client>',
    'let a user have an app again; they connect it anew',
    'tokenferry user unbar alice q3Xk…',
  ).action((userId: string, clientId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const input = { userId, clientId, actor: operator() }
      const back = granted(await perform(unbarUserForOperator, input, world), {
        record_unknown: unknown,
        nothing_to_change: 'The user is not barred from the app.',
      })
      sayRecord(back, options)
    }),
  )
}

function addBarred(user: Command): void {
  subcommand(user, 'barred <user>', 'list the apps that a user may not use').action(
    (id: string, options: Shared) =>
      withDeployment(options, async ({ store }) => {
        const found = await findUser(store, id)
        if (!found) throw new CommandError(userUnknown)
        const columns = {
          CLIENT: ({ clientId }: ClientBarredForUser) => clientId,
          SINCE: ({ at }: ClientBarredForUser) => timeOf(at),
        }
        const none = 'The user may use every app.'
        sayRecords(await store.listBarredFor(found.id), columns, { ...options, none })
      }),
  )
}
