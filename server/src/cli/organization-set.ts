/** `tokenferry organization set …`: what is known of an organization, changed. */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import type { ChangeOrganizationInput } from '../kernel/operations/change-organization.ts'
import { changeOrganization } from '../kernel/operations/change-organization.ts'
import { parseName, parseRanges, parseUrlOrNone } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, operator, subcommand, withDeployment } from './command.ts'
import { organizationUnknown } from './organization-members.ts'
import { sayRecord } from './output.ts'
import { checkRegion, regionIn } from './region-argument.ts'

type Options = Shared & {
  readonly region?: string | false
  readonly allowAddress?: readonly string[]
  readonly allowAnyAddress?: boolean
  readonly name?: string
  readonly apiDomain?: string
}

export function addOrganizationSet(organization: Command): void {
  subcommand(
    organization,
    'set <id>',
    'change what is known of an organization',
    'tokenferry organization set acme --region eu',
    'tokenferry organization set acme --allow-address 192.0.2.0/24 2001:db8::/32',
  )
    .option('--region <region>', 'where its people live who name no region themselves', parseName)
    .option('--no-region', 'they live nowhere in particular')
    .option(
      '--allow-address <ranges...>',
      'from where alone its people sign in, and apps in their name',
      parseRanges,
    )
    .option('--allow-any-address', 'from anywhere again')
    .option('--name <name>', 'its name', parseName)
    .option('--api-domain <url>', 'the base address of its API; none: the server’s own', parseUrlOrNone)
    .action((organizationId: string, options: Options) =>
      withDeployment(options, async ({ world, config }) => {
        const change = changeIn(options)
        checkRegion(change.region, config)
        const input = { organizationId, change, actor: operator() }
        const changed = granted(await perform(changeOrganization, input, world), {
          record_unknown: organizationUnknown,
          nothing_to_change: 'The organization is so already.',
        })
        sayRecord(changed, options)
      }),
    )
}

function changeIn(options: Options): ChangeOrganizationInput['change'] {
  const { allowAddress, allowAnyAddress, name, apiDomain } = options
  if (allowAddress && allowAnyAddress) {
    throw new CommandError('Either --allow-address or --allow-any-address, not both.')
  }
  return {
    ...regionIn(options),
    ...(allowAddress && { allowedAddresses: allowAddress }),
    ...(allowAnyAddress && { allowedAddresses: [] }),
    ...(name !== undefined && { name }),
    ...(apiDomain !== undefined && { apiDomain: apiDomain === 'none' ? undefined : apiDomain }),
  }
}
