/** `tokenferry organization …`: companies, merchants, accounts. */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { addOrganization } from '../kernel/operations/put-organization.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import type { Organization } from '../kernel/records.ts'
import { parseId, parseName, parseRanges, parseUrl } from './arguments.ts'
import type { Shared } from './command.ts'
import { granted, group, operator, subcommand, withDeployment } from './command.ts'
import { addBarCommands } from './organization-apps.ts'
import { addEnableCommands } from './organization-enabled.ts'
import { addMemberCommands } from './organization-members.ts'
import { addOrganizationSet } from './organization-set.ts'
import { sayRecord, sayRecords } from './output.ts'
import type { Paged } from './page.ts'
import { pageOf, withPage } from './page.ts'
import { checkRegion } from './region-argument.ts'

export function addOrganizationCommands(program: Command): void {
  const organization = group(program, 'organization', 'companies, merchants, accounts')
  addAdd(organization)
  addList(organization)
  addOrganizationSet(organization)
  addStatus(organization, 'disable')
  addStatus(organization, 'enable')
  addMemberCommands(organization)
  addBarCommands(organization)
  addEnableCommands(organization)
}

type AddOptions = Shared & {
  readonly id?: string
  readonly name: string
  readonly region?: string
  readonly allowAddress?: readonly string[]
  readonly apiDomain?: string
}

function addAdd(organization: Command): void {
  subcommand(
    organization,
    'add',
    'add an organization',
    'tokenferry organization add --id acme --name "Acme Ltd" --api-domain https://acme.example',
  )
    .requiredOption('--name <name>', 'its name', parseName)
    .option('--id <id>', 'its id in the old system; else one is made', parseId)
    .option('--region <region>', 'where its people live who name no region themselves', parseName)
    .option(
      '--allow-address <ranges...>',
      'from where alone its people sign in, and apps in their name',
      parseRanges,
    )
    .option('--api-domain <url>', 'the base address of its API', parseUrl)
    .action((options: AddOptions) =>
      withDeployment(options, async ({ world, config }) => {
        const { id, name, region, apiDomain, allowAddress = [] } = options
        checkRegion(region, config)
        const input = {
          organization: { id, name, region, apiDomain, allowedAddresses: allowAddress },
          actor: operator(),
        }
        const added = granted(await perform(addOrganization, input, world), {
          record_exists: 'There already is an organization of this id. See: tokenferry organization list',
        })
        sayRecord(added, options)
      }),
    )
}

function addList(organization: Command): void {
  withPage(subcommand(organization, 'list', 'list organizations, in the order of their ids')).action(
    (options: Shared & Paged) =>
      withDeployment(options, async ({ store }) => {
        const { found, moreAfter } = await pageOf(options, store.listOrganizations, ({ id }) => id)
        const columns = {
          ID: ({ id }: Organization) => id,
          STATUS: ({ status }: Organization) => status,
          NAME: ({ name }: Organization) => name,
          REGION: ({ region }: Organization) => region,
          ADDRESSES: ({ allowedAddresses }: Organization) => allowedAddresses,
          'API DOMAIN': ({ apiDomain }: Organization) => apiDomain,
        }
        sayRecords(found, columns, { ...options, none: 'There are no organizations here.', moreAfter })
      }),
  )
}

function addStatus(organization: Command, verb: 'enable' | 'disable'): void {
  subcommand(
    organization,
    `${verb} <id>`,
    verb === 'disable'
      ? 'refuse every token of an organization, until it is enabled again'
      : 'let a disabled organization go on',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const status = verb === 'disable' ? 'disabled' : 'enabled'
      const input = { record: 'organizations', id, status, actor: operator() } as const
      const changed = granted(await perform(setStatus, input, world), {
        record_unknown: 'There is no such organization. See: tokenferry organization list',
        nothing_to_change: `The organization is ${status} already.`,
      })
      sayRecord({ ...changed, status }, options)
    }),
  )
}
