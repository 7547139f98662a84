/** `tokenferry user …`: people who sign in, or whom legacy tokens name. */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { addUser, setPassword } from '../kernel/operations/put-user.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import { unlockSignIn } from '../kernel/operations/unlock-sign-in.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { hashPassword } from '../keys/password.ts'
import { parseId, parseIdentifiers, parseName } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, group, operator, subcommand, withDeployment } from './command.ts'
import { readSecret } from './input.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'
import type { Paged } from './page.ts'
import { pageOf, withPage } from './page.ts'
import { checkRegion } from './region-argument.ts'
import { addUserBarCommands } from './user-apps.ts'
import { addUserSet } from './user-set.ts'
import type { ShownUser } from './user-shown.ts'
import { findUser, shownUser, userUnknown } from './user-shown.ts'

export function addUserCommands(program: Command): void {
  const user = group(program, 'user', 'people who sign in, or whom legacy tokens name')
  addAdd(user)
  addList(user)
  addShow(user)
  addUserSet(user)
  addStatus(user, 'disable')
  addStatus(user, 'enable')
  addSetPassword(user)
  addUnlock(user)
  addUserBarCommands(user)
}

type AddOptions = Shared & {
  readonly id?: string
  readonly username: string
  readonly email?: string
  readonly name?: string
  readonly region?: string
  readonly organization?: readonly string[]
  readonly adminOf?: readonly string[]
  readonly password?: boolean
}

function addAdd(user: Command): void {
  subcommand(
    user,
    'add',
    'add a user',
    'tokenferry user add --username alice --name "Alice Archer" --organization acme --password',
    'tokenferry user add --username alice --admin-of acme --password < password.txt',
  )
    .requiredOption('--username <name>', 'what they sign in with', parseId)
    .option('--id <id>', 'their id in the old system; else one is made', parseId)
    .option('--email <address>', 'their e-mail address', parseId)
    .option('--name <name>', 'their name', parseName)
    .option('--region <region>', 'where they live; else where their organization does', parseName)
    .option('--organization <ids...>', 'organizations that they belong to', parseIdentifiers)
    .option('--admin-of <ids...>', 'organizations whose apps they govern', parseIdentifiers)
    .option('--password', 'ask for a password, or read it from stdin; without one they cannot sign in')
    .action(async (options: AddOptions) => {
      const passwordHash = options.password ? await readNewPassword() : undefined
      await withDeployment(options, async ({ world, config }) => {
        const { id, username, email, name, region, organization = [], adminOf = [] } = options
        checkRegion(region, config)
        const user = {
          id,
          username,
          email,
          name,
          passwordHash,
          language: undefined,
          lockedUntil: undefined,
          region,
        }
        const answer = await perform(
          addUser,
          { user, organizations: organization, adminOf, actor: operator() },
          world,
        )
        const added = granted(answer, {
          record_exists: 'There already is a user of this id or name. See: tokenferry user list',
          record_unknown: 'There is no such organization. Add it first: tokenferry organization add',
        })
        sayRecord(shownUser(added), options)
      })
    })
}

function addList(user: Command): void {
  withPage(subcommand(user, 'list', 'list users, in the order of their ids')).action(
    (options: Shared & Paged) =>
      withDeployment(options, async ({ store, world }) => {
        const { found, moreAfter } = await pageOf(options, store.listUsers, ({ id }) => id)
        const columns = {
          ID: ({ id }: ShownUser) => id,
          USERNAME: ({ username }: ShownUser) => username,
          STATUS: ({ status }: ShownUser) => status,
          LOCKED: ({ lockedUntil }: ShownUser) => lockedAt(lockedUntil, world.moment().now),
          PASSWORD: ({ password }: ShownUser) => password,
          NAME: ({ name }: ShownUser) => name,
          EMAIL: ({ email }: ShownUser) => email,
          REGION: ({ region }: ShownUser) => region,
        }
        const none = 'There are no users here.'
        sayRecords(found.map(shownUser), columns, { ...options, none, moreAfter })
      }),
  )
}

function addShow(user: Command): void {
  subcommand(user, 'show <id>', 'show one user, by id or user name', 'tokenferry user show alice').action(
    (id: string, options: Shared) =>
      withDeployment(options, async ({ store, world }) => {
        const found = await findUser(store, id)
        if (!found) throw new CommandError(userUnknown)
        const memberships = await store.findMemberships(found.id)
        const organizations = memberships.map(({ organization, role }) => `${organization.id} (${role})`)
        const locked = options.json ? {} : { lockedUntil: lockedAt(found.lockedUntil, world.moment().now) }
        sayRecord({ ...shownUser(found), ...locked, organizations }, options)
      }),
  )
}

/** Until when no password is tried; a lock that is over is none. */
const lockedAt = (until: Milliseconds | undefined, now: Milliseconds): string | undefined =>
  until !== undefined && until > now ? `until ${timeOf(until)}` : undefined

function addStatus(user: Command, verb: 'enable' | 'disable'): void {
  subcommand(
    user,
    `${verb} <id>`,
    verb === 'disable'
      ? 'refuse sign-in and every token of a user, until they are enabled again'
      : 'let a disabled user go on',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const status = verb === 'disable' ? 'disabled' : 'enabled'
      const input = { record: 'users', id, status, actor: operator() } as const
      const changed = granted(await perform(setStatus, input, world), {
        record_unknown: userUnknown,
        nothing_to_change: `The user is ${status} already.`,
      })
      sayRecord({ ...changed, status }, options)
    }),
  )
}

function addSetPassword(user: Command): void {
  subcommand(
    user,
    'set-password <id>',
    'set a password, typed or from stdin, and end the sessions of the old one',
    'tokenferry user set-password alice',
    'tokenferry user set-password alice < password.txt',
  ).action(async (userId: string, options: Shared) => {
    const passwordHash = await readNewPassword()
    await withDeployment(options, async ({ world }) => {
      const answer = await perform(setPassword, { userId, passwordHash, actor: operator() }, world)
      sayRecord(shownUser(granted(answer, { record_unknown: userUnknown })), options)
    })
  })
}

function addUnlock(user: Command): void {
  subcommand(
    user,
    'unlock <id>',
    'let somebody sign in again whom too many wrong passwords have locked',
    'tokenferry user unlock alice',
  ).action((userId: string, options: Shared) =>
    withDeployment(options, async ({ world }) => {
      const answer = await perform(unlockSignIn, { userId, actor: operator() }, world)
      const unlocked = granted(answer, {
        record_unknown: userUnknown,
        nothing_to_change: 'The user is not locked.',
      })
      sayRecord(shownUser(unlocked), options)
    }),
  )
}

/** A shorter one is guessed, whatever the hash. */
const passwordCharactersMin = 8

async function readNewPassword(): Promise<string> {
  const password = await readSecret('Password')
  if ([...password].length < passwordCharactersMin) {
    throw new CommandError(`A password has at least ${passwordCharactersMin} characters.`)
  }
  if (process.stdin.isTTY && (await readSecret('Password again')) !== password) {
    throw new CommandError('The two passwords differ. Run the command again.')
  }
  return hashPassword(password)
}
