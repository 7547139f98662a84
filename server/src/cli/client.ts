/** `tokenferry client …`: the apps. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { callbackShowsSecret, dialects } from '../dialects/index.ts'
import { perform } from '../kernel/kernel.ts'
import type { ClientChange } from '../kernel/operations/change-client.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import type { RegisterClientInput } from '../kernel/operations/register-client.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { rotateClientSecret } from '../kernel/operations/rotate-client-secret.ts'
import type { Client } from '../kernel/records.ts'
import type { Deployment } from '../main.ts'
import { parseDuration, parseId, parseName, parseTime } from './arguments.ts'
import { recoverClient } from './client-recover.ts'
import type { Settings, ShownClient } from './client-settings.ts'
import { changeOf, given, shown, withSettings } from './client-settings.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, group, operator, subcommand, withDeployment } from './command.ts'
import { warnOfUselessGrants } from './direct-grants.ts'
import { say, sayJson, sayRecord, sayRecords, timeOf } from './output.ts'
import { readPolicyArguments } from './policy-arguments.ts'
import { withSecretsInWords } from './secret-words.ts'
import { readCallback } from './webhook-client.ts'

export function addClientCommands(program: Command): void {
  const client = group(program, 'client', 'the apps that hold legacy tokens')
  addAdd(client)
  addList(client)
  addShow(client)
  addSet(client)
  addRotateSecret(client)
  addStatus(client, 'disable')
  addStatus(client, 'enable')
  addRecover(client)
}

type AddOptions = Settings & {
  readonly dialect: string
  readonly id?: string
  readonly name: string
  readonly type: Client['type']
  readonly callback?: string
}

function addAdd(client: Command): void {
  const command = subcommand(
    client,
    'add',
    'add a client; its secret is printed once',
    'tokenferry client add --dialect standard --name "Invoice app" --scope invoices.read invoices.write',
    'tokenferry client add --dialect concur --name Expenses --identifier OLDKEY --policy rotate=always',
  )
    .addOption(
      new Option('--dialect <name>', 'the dialect that it speaks')
        .choices(dialects.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'what people call it', parseName)
    .option('--id <id>', 'its client id, where it has one already; else one is made', parseId)
    .addOption(
      new Option('--type <type>', 'whether it can keep a secret')
        .choices(['confidential', 'public'])
        .default('confidential'),
    )
    .option('--may-introspect', 'a resource server: may introspect every token')
    .option('--callback <url>', 'where it is told what happens to its grants; later: webhook set')
  withSettings(command).action((options: AddOptions) =>
    withDeployment(options, (deployment) => add(deployment, options)),
  )
}

async function add({ world, config }: Deployment, options: AddOptions): Promise<void> {
  const client: RegisterClientInput['client'] = {
    ...(options.id !== undefined && { id: options.id }),
    dialect: options.dialect,
    name: options.name,
    type: options.type,
    scopes: options.scope ?? [],
    redirectUris: options.redirectUri ?? [],
    identifiers: options.identifier ?? [],
    exchangeStatus: 'on',
    exchangeFrom: given(options.exchangeFrom),
    exchangeUntil: given(options.exchangeUntil),
    exchangesPerDayMax: given(options.exchangesPerDay),
    mayIntrospect: options.mayIntrospect ?? false,
    origins: options.origin ?? [],
    maker: given(options.maker),
    callback: options.callback === undefined ? undefined : readCallback(options.callback, config),
    callbackStatus: 'on',
    callbackEvents: [],
    policy: readPolicyArguments(options.policy ?? []).set,
  }
  const logo = given(options.logo)
  const input = { client, logo, callbackShowsSecret: callbackShowsSecret(client.dialect), actor: operator() }
  const made = granted(await perform(registerClient, input, world), {
    record_exists: 'There already is a client of this id or identifier. See: tokenferry client list',
    nothing_to_change: 'A public client has no secret, which is what its dialect would show its callback.',
  })
  if (!config.mounts.some(({ dialect }) => dialect === options.dialect)) {
    process.stderr.write(
      `Warning: ${options.dialect} is mounted nowhere, so nobody serves this client. Add a mount to ${options.config}.\n`,
    )
  }
  warnOfUselessGrants(made.client)
  if (options.json) {
    sayJson({ client_id: made.client.id, client_secret: made.secret })
    return
  }
  say(`client_id      ${made.client.id}`)
  if (made.secret === undefined) return
  say(`client_secret  ${made.secret}`)
  process.stderr.write('The secret is shown once: what is kept of it is a hash.\n')
}

const unknownClient = 'There is no such client. See: tokenferry client list'

function addList(client: Command): void {
  subcommand(
    client,
    'list',
    'list all clients',
    'tokenferry client list',
    'tokenferry client list --json',
  ).action((options: Shared) =>
    withDeployment(options, async ({ store }) => {
      const clients = (await store.listClients()).map((one) => shown(one, Date.now()))
      const columns = {
        ID: (one: ShownClient) => one.id,
        DIALECT: (one: ShownClient) => one.dialect,
        TYPE: (one: ShownClient) => one.type,
        STATUS: (one: ShownClient) => one.status,
        EXCHANGE: (one: ShownClient) => one.exchange,
        CALLBACK: (one: ShownClient) => one.callbackStatus,
        NAME: (one: ShownClient) => one.name,
      }
      sayRecords(clients, columns, {
        ...options,
        none: 'There are no clients yet. Add one: tokenferry client add --help',
      })
    }),
  )
}

function addShow(client: Command): void {
  subcommand(
    client,
    'show <id>',
    'show a client, by its id or an old identifier',
    'tokenferry client show q3Xk…',
    'tokenferry client show OLDKEY',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async ({ store }) => {
      const found = await store.findClient(id)
      if (!found) throw new CommandError(unknownClient)
      sayClient(shown(found, Date.now()), options)
    }),
  )
}

const sayClient = (client: ShownClient, options: Shared): void =>
  sayRecord(options.json ? client : withSecretsInWords(client), options)

function addSet(client: Command): void {
  const command = subcommand(
    client,
    'set <id>',
    'change a client; each list that is given replaces the one before',
    'tokenferry client set q3Xk… --scope invoices.read --exchange-until 2026-12-31',
    'tokenferry client set q3Xk… --policy access=10m --policy rotate=',
    'tokenferry client set q3Xk… --maker "Acme Ltd" --logo invoices.png',
  )
    .option('--name <name>', 'what people call it', parseName)
    .option('--may-introspect', 'a resource server: may introspect every token')
    .option('--no-may-introspect', 'introspects its own tokens only')
  withSettings(command).action((id: string, options: Settings) => {
    const { set, removed } = readPolicyArguments(options.policy ?? [])
    const policy = { ...Object.fromEntries(removed.map((field) => [field, undefined])), ...set }
    return change(id, options, { change: changeOf(options), logo: options.logo, policy })
  })
}

type Changing = {
  readonly change: ClientChange
  readonly logo?: Settings['logo'] | undefined
  readonly policy?: NonNullable<Parameters<typeof changeClient.decide>[0]['policy']>
  /** What is printed for people, where the whole client would be more than was asked. */
  readonly line?: (changed: Client) => string
}

const change = (clientId: string, options: Shared, { line, ...changing }: Changing): Promise<void> =>
  withDeployment(options, async ({ world }) => {
    const answer = await perform(changeClient, { clientId, ...changing, actor: operator() }, world)
    const changed = granted(answer, {
      record_unknown: unknownClient,
      record_exists: 'Another client has that identifier. See: tokenferry client list',
      nothing_to_change: 'The client is so already; nothing was changed.',
    })
    warnOfUselessGrants(changed)
    if (line && !options.json) say(line(changed))
    else sayClient(shown(changed, world.moment().now), options)
  })

function addRotateSecret(client: Command): void {
  subcommand(
    client,
    'rotate-secret <id>',
    'give a client another secret; those before it stay good for a while',
    'tokenferry client rotate-secret q3Xk… --overlap 7d',
    'tokenferry client rotate-secret q3Xk… --overlap 0s    # the old ones leaked',
  )
    .addOption(
      new Option('--overlap <duration>', 'how long the secrets before it stay good')
        .argParser(parseDuration)
        .default(parseDuration('7d'), '7d'),
    )
    .action((clientId: string, options: Shared & { readonly overlap: number }) =>
      withDeployment(options, async ({ world, store }) => {
        const found = await store.findClient(clientId)
        const shows = found !== undefined && callbackShowsSecret(found.dialect)
        const { overlap } = options
        const input = { clientId, overlap, callbackShowsSecret: shows, actor: operator() }
        const made = granted(await perform(rotateClientSecret, input, world), {
          record_unknown: unknownClient,
          nothing_to_change: 'A public client has no secret.',
        })
        if (options.json) {
          sayJson({
            client_id: made.clientId,
            client_secret: made.secret,
            others_until: timeOf(made.othersExpire),
          })
          return
        }
        say(`client_secret  ${made.secret}`)
        process.stderr.write(
          `The secret is shown once. The ones before it are good until ${timeOf(made.othersExpire)}.\n`,
        )
      }),
    )
}

function addStatus(client: Command, verb: 'enable' | 'disable'): void {
  const enabled = verb === 'enable'
  subcommand(
    client,
    `${verb} <id>`,
    enabled
      ? 'let a disabled client go on'
      : 'refuse everything that a client asks, until it is enabled again',
    `tokenferry client ${verb} q3Xk…`,
    `tokenferry client ${verb} q3Xk… --exchange    # ${enabled ? 'exchanges' : 'refreshes go on'}`,
  )
    .option('--exchange', enabled ? 'let it exchange legacy tokens again' : 'refuse only its exchanges')
    .action((id: string, options: Shared & { readonly exchange?: boolean }) => {
      const exchangeStatus = enabled ? 'on' : 'off'
      const status = enabled ? 'enabled' : 'disabled'
      return change(id, options, {
        change: options.exchange ? { exchangeStatus } : { status },
        line: (changed) => `${changed.id} ${options.exchange ? `exchange ${exchangeStatus}` : status}`,
      })
    })
}

function addRecover(client: Command): void {
  subcommand(
    client,
    'recover <id>',
    'after a leak of its secret and its legacy tokens: end its grants, let the tokens be exchanged anew',
    'tokenferry client disable q3Xk… --exchange         # first, so that nothing is exchanged meanwhile',
    'tokenferry client rotate-secret q3Xk… --overlap 0s',
    'tokenferry client recover q3Xk… --since 2026-05-01T12:00:00Z',
    'tokenferry client enable q3Xk… --exchange',
  )
    .addOption(
      new Option(
        '--since <time>',
        'grants made since then; an exchange can be repeated for 7 days, so reckon those in',
      )
        .argParser(parseTime)
        .conflicts('all'),
    )
    .option('--all', 'all of its grants, at once')
    .action((id: string, options: Shared & { readonly since?: number; readonly all?: boolean }) =>
      withDeployment(options, async (deployment) => {
        if (options.since === undefined && !options.all) {
          throw new CommandError('Say since when: --since 2026-05-01T12:00:00Z, or --all.')
        }
        const recovered = await recoverClient(deployment, id, options.since)
        if (!recovered) throw new CommandError(unknownClient)
        sayRecord(recovered, options)
      }),
    )
}
