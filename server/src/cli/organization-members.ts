/** `tokenferry organization member …`: who belongs to an organization, and who governs it. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Member } from '../kernel/account-finders.ts'
import type { Answer } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { putMembership, removeMembership } from '../kernel/operations/put-membership.ts'
import type { Membership } from '../kernel/records.ts'
import type { Refusal } from '../kernel/refusals.ts'
import type { Page } from '../kernel/store.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, group, operator, subcommand, withDeployment } from './command.ts'
import { sayRecord, sayRecords } from './output.ts'
import type { Paged } from './page.ts'
import { pageOf, withPage } from './page.ts'

export function addMemberCommands(organization: Command): void {
  const member = group(organization, 'member', 'who belongs to an organization, and who governs its apps')
  addList(member)
  addSet(member)
  addRemove(member)
}

function addList(member: Command): void {
  withPage(
    subcommand(
      member,
      'list <organization>',
      'list members by user id',
      'tokenferry organization member list acme',
    ),
  ).action((id: string, options: Shared & Paged) =>
    withDeployment(options, async ({ store }) => {
      if (!(await store.findOrganization(id))) throw new CommandError(organizationUnknown)
      const list = (page: Page) => store.listMembers(id, page)
      const { found, moreAfter } = await pageOf(options, list, ({ user }) => user.id)
      const shown = found.map(({ user, role }) => ({ ...user, role }))
      const columns = {
        USER: ({ id }: ShownMember) => id,
        USERNAME: ({ username }: ShownMember) => username,
        ROLE: ({ role }: ShownMember) => role,
        STATUS: ({ status }: ShownMember) => status,
        NAME: ({ name }: ShownMember) => name,
      }
      sayRecords(shown, columns, { ...options, none: 'The organization has no members.', moreAfter })
    }),
  )
}

type ShownMember = Member['user'] & Pick<Member, 'role'>

type SetOptions = Shared & { readonly role: Membership['role'] }

function addSet(member: Command): void {
  subcommand(
    member,
    'set <organization> <user>',
    'add a member, or change what a member may do',
    'tokenferry organization member set acme alice --role admin',
  )
    .addOption(
      new Option('--role <role>', 'an admin governs the apps of everybody in the organization')
        .choices(['member', 'admin'])
        .default('member'),
    )
    .action((organizationId: string, userId: string, options: SetOptions) =>
      withDeployment(options, async ({ world }) => {
        const input = { organizationId, userId, role: options.role, actor: operator() }
        const answer = await perform(putMembership, input, world)
        const says = { nothing_to_change: `The user is ${options.role} there already.` }
        sayRecord(granted(answer, { ...unknownIn(answer), ...says }), options)
      }),
    )
}

function addRemove(member: Command): void {
  subcommand(
    member,
    'remove <organization> <user>',
    'take a user out of an organization; what they allowed apps there stays',
    'tokenferry connection list --organization acme --user u42',
    'tokenferry organization member remove acme u42',
  ).action((organizationId: string, userId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const answer = await perform(removeMembership, { organizationId, userId, actor: operator() }, world)
      const says = { nothing_to_change: 'The user is no member there.' }
      sayRecord(granted(answer, { ...unknownIn(answer), ...says }), options)
    }),
  )
}

export const organizationUnknown = 'There is no such organization. See: tokenferry organization list'

/** Which of the two is not there. */
const unknownIn = (answer: Answer<unknown>): Partial<Record<Refusal['reason'], string>> => ({
  record_unknown:
    'refused' in answer && answer.refused.parameter === 'user'
      ? 'There is no such user. See: tokenferry user list'
      : organizationUnknown,
})
