/** `tokenferry request-token …`: what an app trades for a pair of an organization, or of one of its users. */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { endRequestToken } from '../kernel/operations/end-request-token.ts'
import type { RequestTokenMade } from '../kernel/operations/make-request-token.ts'
import { makeRequestTokenForOperator } from '../kernel/operations/make-request-token-for-operator.ts'
import type { RequestToken } from '../kernel/request-token.ts'
import { requestTokenUsesMax } from '../kernel/request-token.ts'
import type { Deployment } from '../main.ts'
import { requestPolicies } from '../request-mounts.ts'
import { parseCount } from './arguments.ts'
import type { Shared } from './command.ts'
import { granted, group, operator, subcommand, withDeployment } from './command.ts'
import { say, sayJson, sayRecord, sayRecords, timeOf } from './output.ts'

export function addRequestTokenCommands(program: Command): void {
  const token = group(program, 'request-token', 'tokens by which an app begins to act for a company')
  addAdd(token)
  addList(token)
  addRevoke(token)
}

type Of = { readonly client: string; readonly organization: string; readonly user?: string }

const ofOptions = (command: Command): Command =>
  command
    .requiredOption('--client <id>', 'the app that it is for')
    .requiredOption('--organization <id>', 'whose data it is to get')
    .option('--user <id>', 'as this user of the organization; else as the whole organization')

function addAdd(token: Command): void {
  ofOptions(
    subcommand(
      token,
      'add',
      'make a request token, good for 24 hours; one made before for the same app and subject ends',
      'tokenferry request-token add --client q3Xk… --organization acme',
      'tokenferry request-token add --client q3Xk… --organization acme --user u42',
    ),
  ).action((options: Shared & Of) => withDeployment(options, (deployment) => add(deployment, options)))
}

async function add(deployment: Deployment, options: Shared & Of): Promise<void> {
  const { client, organization, user = '' } = options
  const input = {
    clientId: client,
    organizationId: organization,
    userId: user,
    policies: requestPolicies(deployment.mounts),
    actor: operator(),
  }
  const made = granted(await perform(makeRequestTokenForOperator, input, deployment.world), {
    record_unknown:
      'There is no such client or organization, or no such user in it. ' +
      'See: tokenferry client list, tokenferry organization list, tokenferry organization member list',
    client_disabled: `The client is disabled. Enable it first: tokenferry client enable ${client}`,
    grant_type_not_allowed:
      'The client may not use request tokens: its dialect must have them (concur) and be mounted, ' +
      'and it must have a secret and be allowed them. ' +
      `Allow them: tokenferry client set ${client} --policy direct_grants=authtoken`,
    user_disabled: `The user is disabled. Enable them first: tokenferry user enable ${user}`,
    organization_disabled: `The organization is disabled. Enable it first: tokenferry organization enable ${organization}`,
    client_barred: `The organization is rid of this app. Let it back in: tokenferry organization unbar ${organization} ${client}`,
    client_barred_for_user: `The user may not use this app. Let them: tokenferry user unbar ${user} ${client}`,
    client_not_enabled:
      'The organization has not enabled this app. ' +
      `Enable it first: tokenferry organization enable-app ${organization} ${client}`,
  })
  const request = await requestOf(made, deployment)
  if (options.json) sayJson({ ...made, request })
  else sayMade(made, request)
}

type Request = { readonly url: string; readonly form: Readonly<Record<string, string>> }

/** What the app sends, as its dialect has it. */
async function requestOf(
  made: RequestTokenMade,
  { store, mounts }: Deployment,
): Promise<Request | undefined> {
  const client = await store.findClient(made.clientId)
  const mount = client && new Map(mounts.map((one) => [one.dialect.name, one])).get(client.dialect)
  const asked = mount?.dialect.requestToken?.(made)
  return mount && asked && { url: mount.issuer + asked.path, form: asked.form }
}

function sayMade({ subjectId, requestToken, scopes, expires }: RequestTokenMade, request?: Request): void {
  sayRecord({ subjectId, requestToken, expires: timeOf(expires), scopes }, {})
  if (request) {
    say('')
    say(`The app sends, with its client_id and client_secret: POST ${request.url}`)
    for (const [name, value] of Object.entries(request.form)) say(`  ${name}=${value}`)
  }
  process.stderr.write(
    'The token is shown once: what is kept of it is a hash. ' +
      `Until its pair has been used, the app gets the same pair with it, ${requestTokenUsesMax} times at most.\n`,
  )
}

type ListOptions = Shared & {
  readonly client?: string
  readonly organization?: string
  readonly limit: number
}
type Listed = Omit<RequestToken, 'hash'>

function addList(token: Command): void {
  subcommand(token, 'list', 'list request tokens, newest first; the tokens themselves are not kept')
    .option('--client <id>', 'of this client')
    .option('--organization <id>', 'of this organization')
    .option('--limit <count>', 'how many', parseCount, 100)
    .action((options: ListOptions) =>
      withDeployment(options, async ({ store, world }) => {
        const { now } = world.moment()
        const filter = {
          ...(options.client !== undefined && { clientId: options.client }),
          ...(options.organization !== undefined && { organizationId: options.organization }),
        }
        const columns = {
          CLIENT: ({ clientId }: Listed) => clientId,
          ORGANIZATION: ({ organizationId }: Listed) => organizationId,
          USER: ({ userId }: Listed) => userId,
          MADE: ({ created }: Listed) => timeOf(created),
          EXPIRES: ({ expires }: Listed) => (expires <= now ? 'expired' : timeOf(expires)),
          USES: ({ uses }: Listed) => `${uses} of ${requestTokenUsesMax}`,
          BY: ({ authorizedBy }: Listed) => authorizedBy || 'the operator',
        }
        const none = 'There are no request tokens.'
        sayRecords(await store.listRequestTokens(filter, options.limit), columns, { ...options, none })
      }),
    )
}

function addRevoke(token: Command): void {
  ofOptions(
    subcommand(
      token,
      'revoke',
      'end a request token; what it has brought already ends with: connection revoke',
      'tokenferry request-token revoke --client q3Xk… --organization acme',
    ),
  ).action((options: Shared & Of) =>
    withDeployment(options, async ({ world }) => {
      const of = {
        clientId: options.client,
        organizationId: options.organization,
        userId: options.user ?? '',
      }
      const ended = granted(await perform(endRequestToken, { ...of, actor: operator() }, world), {
        record_unknown: 'There is no such request token. See: tokenferry request-token list',
      })
      sayRecord(ended, options)
    }),
  )
}
