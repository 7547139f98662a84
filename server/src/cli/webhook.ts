/** `tokenferry webhook …`: where and how apps are told what happens to their grants. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { callbackKinds } from '../callbacks/wanted.ts'
import { callbackShowsSecret } from '../dialects/index.ts'
import type { CallbackSecret } from '../kernel/callback-secrets.ts'
import { liveWebhookSecrets } from '../kernel/callback-secrets.ts'
import { perform } from '../kernel/kernel.ts'
import type { ChangeCallbackInput } from '../kernel/operations/change-callback.ts'
import { changeCallback } from '../kernel/operations/change-callback.ts'
import { rotateCallbackSecret } from '../kernel/operations/rotate-callback-secret.ts'
import type { Client, Milliseconds } from '../kernel/records.ts'
import type { Deployment } from '../main.ts'
import { parseDuration } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, group, operator, subcommand, withDeployment } from './command.ts'
import { say, sayJson, sayRecord, timeOf } from './output.ts'
import { withSecretsInWords } from './secret-words.ts'
import { noWebhook, readCallback, signedClient, toldClient, unknownClient } from './webhook-client.ts'
import { addTest } from './webhook-test.ts'

export function addWebhookCommands(program: Command): void {
  const webhook = group(program, 'webhook', 'tell an app what happens to its grants')
  addSet(webhook)
  addShow(webhook)
  addSecret(webhook)
  addRotateSecret(webhook)
  addTest(webhook)
  addEnable(webhook)
  addRemove(webhook)
}

async function change(
  { world, store }: Deployment,
  id: string,
  asked: Pick<ChangeCallbackInput, 'callback' | 'events' | 'status'>,
  nothing: string,
): Promise<Client> {
  const client = await store.findClient(id)
  if (!client) throw new CommandError(unknownClient)
  const shows = callbackShowsSecret(client.dialect)
  const input = { clientId: client.id, callbackShowsSecret: shows, actor: operator(), ...asked }
  return granted(await perform(changeCallback, input, world), {
    record_unknown: unknownClient,
    nothing_to_change:
      shows && client.type === 'public'
        ? `${client.id} has no secret, which is what its dialect would prove itself with.`
        : nothing,
  })
}

function addSet(webhook: Command): void {
  subcommand(
    webhook,
    'set <client> <url>',
    'say where the app is told what happens to its grants',
    'tokenferry webhook set q3Xk… https://app.example/hooks/tokens',
    'tokenferry webhook set q3Xk… https://app.example/hooks/tokens --event grant.revoked',
  )
    .addOption(
      new Option('--event <kinds...>', 'of what it is told; absent: of all').choices(
        Object.keys(callbackKinds),
      ),
    )
    .action((id: string, url: string, options: Shared & { readonly event?: readonly string[] }) =>
      withDeployment(options, async (deployment) => {
        const found = await deployment.store.findClient(id)
        const shows = found !== undefined && callbackShowsSecret(found.dialect)
        if (shows && options.event) {
          throw new CommandError(
            'The dialect of this app tells it one thing: that a user has taken it out. Leave --event away.',
          )
        }
        const asked = { callback: readCallback(url, deployment.config), events: options.event ?? [] }
        const client = await change(deployment, id, asked, 'It is set so already.')
        sayWebhook(await shown(deployment, client), options)
        process.stderr.write(await nextStep(deployment, client))
      }),
    )
}

/** What is still to be done before the app hears of anything. */
async function nextStep({ store }: Deployment, { id, dialect }: Client): Promise<string> {
  if (!callbackShowsSecret(dialect)) {
    return (
      `Give the app's developer the secret that verifies what comes: tokenferry webhook secret ${id}\n` +
      `Then try it: tokenferry webhook test ${id}\n`
    )
  }
  if ((await store.findSealedSecrets(id)).length > 0) return ''
  return (
    'The call shows the app its own secret, of which there is only a hash. Give the app another one, of which a\n' +
    `sealed copy is kept: tokenferry client rotate-secret ${id}\n`
  )
}

const isGood = ({ expires }: { readonly expires: Milliseconds | undefined }, now: Milliseconds): boolean =>
  expires === undefined || expires > now

async function shown({ store, world }: Deployment, { id, dialect, callback, ...client }: Client) {
  const { now } = world.moment()
  const about = { client: id, url: callback, status: client.callbackStatus }
  if (callbackShowsSecret(dialect)) {
    const sealed = (await store.findSealedSecrets(id)).filter((secret) => isGood(secret, now))
    return { ...about, tells: 'that a user has taken the app out', sealedSecret: sealed.length > 0 }
  }
  const { callbackEvents } = client
  const secrets = (await store.findCallbackSecrets(id)).filter((secret) => isGood(secret, now))
  return {
    ...about,
    events: callbackEvents.length > 0 ? callbackEvents : 'all',
    secrets: secrets.map(({ expires }) => (expires === undefined ? 'no end' : `until ${timeOf(expires)}`)),
  }
}

const sayWebhook = (webhook: Awaited<ReturnType<typeof shown>>, options: Shared): void =>
  sayRecord(options.json ? webhook : withSecretsInWords(webhook), options)

function addShow(webhook: Command): void {
  subcommand(
    webhook,
    'show <client>',
    'show where an app is told things, and of what',
    'tokenferry webhook show q3Xk…',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      sayWebhook(await shown(deployment, await toldClient(deployment, id)), options)
    }),
  )
}

function addSecret(webhook: Command): void {
  subcommand(
    webhook,
    'secret <client>',
    'say the secrets that sign what the app is told; they are computed, so they can be said again',
    'tokenferry webhook secret q3Xk…',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      const client = await signedClient(deployment, id)
      const { ring, now } = deployment.world.moment()
      const kept = (await deployment.store.findCallbackSecrets(client.id)).filter((one) => isGood(one, now))
      const secrets = kept.flatMap((one: CallbackSecret) =>
        liveWebhookSecrets(ring, client.id, [one], now).map((secret) => ({
          secret,
          until: timeOf(one.expires),
        })),
      )
      if (secrets.length === 0) {
        throw new CommandError(`There is none. Make one: tokenferry webhook rotate-secret ${client.id}`)
      }
      if (options.json) sayJson(secrets)
      else
        for (const { secret, until } of secrets)
          say(until === undefined ? secret : `${secret}  until ${until}`)
    }),
  )
}

function addRotateSecret(webhook: Command): void {
  subcommand(
    webhook,
    'rotate-secret <client>',
    'sign with another secret; those before it sign beside it for a while',
    'tokenferry webhook rotate-secret q3Xk… --overlap 7d',
    'tokenferry webhook rotate-secret q3Xk… --overlap 0s    # the old ones leaked',
  )
    .addOption(
      new Option('--overlap <duration>', 'how long the secrets before it sign, too')
        .argParser(parseDuration)
        .default(parseDuration('1d'), '1d'),
    )
    .action((id: string, options: Shared & { readonly overlap: number }) =>
      withDeployment(options, async (deployment) => {
        const client = await signedClient(deployment, id)
        const input = { clientId: client.id, overlap: options.overlap, actor: operator() }
        const made = granted(await perform(rotateCallbackSecret, input, deployment.world), {
          record_unknown: noWebhook(client.id),
        })
        const othersUntil = timeOf(made.othersExpire)
        if (options.json) sayJson({ client: client.id, secret: made.secret, others_until: othersUntil })
        else say(made.secret)
        process.stderr.write(`The ones before it sign, too, until ${othersUntil}.\n`)
      }),
    )
}

function addEnable(webhook: Command): void {
  subcommand(
    webhook,
    'enable <client>',
    'tell an app again whose address had said that it is gone (410)',
    'tokenferry webhook enable q3Xk…',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      await toldClient(deployment, id)
      const client = await change(deployment, id, { status: 'on' }, 'It is on already.')
      sayWebhook(await shown(deployment, client), options)
    }),
  )
}

function addRemove(webhook: Command): void {
  subcommand(
    webhook,
    'remove <client>',
    'tell the app nothing any more; its webhook secrets and any sealed copy of its own end with it',
    'tokenferry webhook remove q3Xk…',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      await toldClient(deployment, id)
      const client = await change(deployment, id, { callback: { none: true } }, 'It is told nothing already.')
      sayRecord({ client: client.id, url: undefined }, options)
    }),
  )
}
