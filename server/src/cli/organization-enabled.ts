/** `tokenferry organization enable-app …`: apps that an organization lets in, where their policy asks it. */
import type { Command } from 'commander'
import type { EnabledClient } from '../kernel/admissions.ts'
import { perform } from '../kernel/kernel.ts'
import {
  enableClientForOperator,
  endEnablingForOperator,
} from '../kernel/operations/enable-client-for-operator.ts'
import { wantsEnabling } from '../kernel/operations/make-request-token.ts'
import type { Deployment } from '../main.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, operator, subcommand, withDeployment } from './command.ts'
import { organizationUnknown } from './organization-members.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'

export function addEnableCommands(organization: Command): void {
  addEnable(organization)
  addDisable(organization)
  addEnabled(organization)
}

const unknown =
  'There is no such organization or client. See: tokenferry organization list, tokenferry client list'

function addEnable(organization: Command): void {
  subcommand(
    organization,
    'enable-app <organization> <client>',
    'let an app in whose policy is organizations=enabled: now it can be connected there',
    'tokenferry organization enable-app acme q3Xk…',
  ).action((organizationId: string, clientId: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      const input = { organizationId, clientId, actor: operator() }
      const enabled = granted(await perform(enableClientForOperator, input, deployment.world), {
        record_unknown: unknown,
        nothing_to_change: 'The organization has enabled the app already.',
      })
      if (!(await needsIt(enabled.clientId, deployment))) {
        process.stderr.write(
          'Every organization may connect this app as it is. To ask for this first: ' +
            `tokenferry client set ${enabled.clientId} --policy organizations=enabled\n`,
        )
      }
      sayRecord(enabled, options)
    }),
  )
}

async function needsIt(clientId: string, { store, mounts }: Deployment): Promise<boolean> {
  const client = await store.findClient(clientId)
  const policies = Object.fromEntries(mounts.map(({ dialect, policy }) => [dialect.name, policy]))
  return client !== undefined && wantsEnabling(client, policies)
}

function addDisable(organization: Command): void {
  subcommand(
    organization,
    'disable-app <organization> <client>',
    'end that: nobody there connects the app any more; to end what is connected: organization bar',
    'tokenferry organization disable-app acme q3Xk…',
  ).action((organizationId: string, clientId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const input = { organizationId, clientId, actor: operator() }
      const ended = granted(await perform(endEnablingForOperator, input, world), {
        record_unknown: unknown,
        nothing_to_change: 'The organization has not enabled the app.',
      })
      sayRecord(ended, options)
    }),
  )
}

function addEnabled(organization: Command): void {
  subcommand(organization, 'enabled <organization>', 'list the apps that an organization has enabled').action(
    (id: string, options: Shared) =>
      withDeployment(options, async ({ store }) => {
        if (!(await store.findOrganization(id))) throw new CommandError(organizationUnknown)
        const columns = {
          CLIENT: ({ clientId }: EnabledClient) => clientId,
          SINCE: ({ at }: EnabledClient) => timeOf(at),
          BY: ({ by }: EnabledClient) => by ?? 'the operator',
        }
        const none = 'The organization has enabled no app.'
        sayRecords(await store.listEnabled(id), columns, { ...options, none })
      }),
  )
}
