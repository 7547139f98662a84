/** `tokenferry organization bar …`: apps that a whole organization is rid of, and those that come back. */
import type { Command } from 'commander'
import type { BarredClient } from '../kernel/account-finders.ts'
import { perform } from '../kernel/kernel.ts'
import { barClientForOperator, unbarClientForOperator } from '../kernel/operations/bar-client-for-operator.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, operator, subcommand, withDeployment } from './command.ts'
import { organizationUnknown } from './organization-members.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'

export function addBarCommands(organization: Command): void {
  addBar(organization)
  addUnbar(organization)
  addBarred(organization)
}

const unknown =
  'There is no such organization or client. See: tokenferry organization list, tokenferry client list'

function addBar(organization: Command): void {
  subcommand(
    organization,
    'bar <organization> <client>',
    'take an app out of an organization: its grants there end, and it gets no new ones',
    'tokenferry organization bar acme q3Xk…',
  ).action((organizationId: string, clientId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const input = { organizationId, clientId, actor: operator() }
      const barred = granted(await perform(barClientForOperator, input, world), {
        record_unknown: unknown,
        nothing_to_change: 'The app is barred from the organization already.',
      })
      sayRecord(barred, options)
    }),
  )
}

function addUnbar(organization: Command): void {
  subcommand(
    organization,
    'unbar <organization> <client>',
    'let a barred app back in; its users connect it anew',
    'tokenferry organization unbar acme q3Xk…',
  ).action((organizationId: string, clientId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const input = { organizationId, clientId, actor: operator() }
      const back = granted(await perform(unbarClientForOperator, input, world), {
        record_unknown: unknown,
        nothing_to_change: 'The app is not barred from the organization.',
      })
      sayRecord(back, options)
    }),
  )
}

function addBarred(organization: Command): void {
  subcommand(
    organization,
    'barred <organization>',
    'list the apps that are barred from an organization',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async ({ store }) => {
      if (!(await store.findOrganization(id))) throw new CommandError(organizationUnknown)
      const columns = {
        CLIENT: ({ clientId }: BarredClient) => clientId,
        SINCE: ({ at }: BarredClient) => timeOf(at),
        BY: ({ by }: BarredClient) => by ?? 'the operator',
      }
      const none = 'No app is barred from the organization.'
      sayRecords(await store.listBarred(id), columns, { ...options, none })
    }),
  )
}
