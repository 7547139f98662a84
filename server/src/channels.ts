/** The ways by which users and apps are told, as the configuration opens them, and the outbox over both. */
import { brandOf } from './brand.ts'
import { callbackSender } from './callbacks/callback-sender.ts'
import { guardedRequest } from './callbacks/guarded-request.ts'
import { reachable } from './callbacks/reachable.ts'
import { wantedCallback } from './callbacks/wanted.ts'
import type { Config } from './config.ts'
import { findDialect } from './dialects/index.ts'
import type { World } from './kernel/kernel.ts'
import type { Policy } from './kernel/policy.ts'
import { policyOf } from './kernel/policy.ts'
import type { Client } from './kernel/records.ts'
import { readReference } from './keys/root-secret.ts'
import { parseMailbox } from './mail/mailbox.ts'
import { openTransport } from './mail/open-transport.ts'
import { mailSender } from './mail/sender.ts'
import type { Channel, Outbox, OutboxOptions } from './outbox/outbox.ts'
import { startOutbox } from './outbox/outbox.ts'
import { callbackPacing, mailPacing } from './outbox/pauses.ts'
import { random } from './random.ts'

type Telling = {
  readonly config: Config
  readonly world: World
  /** The policies of all mounts, by the name of their dialect. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
  readonly logger: OutboxOptions['logger']
  readonly isOurs: () => boolean
}

/** Starts telling: mail where it is configured, callbacks always. */
export function startTelling(telling: Telling): Outbox {
  const { world, policies, logger, isOurs } = telling
  const policyFor = (client: Pick<Client, 'dialect' | 'policy'>): Policy =>
    policyOf(policies[client.dialect] ?? {}, client)
  const mail = mailChannel(telling, policyFor)
  const outbox = startOutbox({
    store: world.store,
    now: () => world.moment().now,
    random,
    rules: {
      mails: mail !== undefined,
      policyOf: policyFor,
      wanted: (event, client) => wantedCallback(event, client, findDialect(client.dialect)),
    },
    channels: { mail: mail?.channel, callback: callbackChannel(telling) },
    logger,
    isOurs,
  })
  return {
    run: outbox.run,
    async close() {
      await outbox.close()
      mail?.close()
    },
  }
}

function mailChannel(
  { config, world, logger }: Telling,
  policyFor: (client: Pick<Client, 'dialect' | 'policy'>) => Policy,
): { readonly channel: Channel; close(): void } | undefined {
  const from = config.mail && parseMailbox(config.mail.from)
  if (!config.mail || !from) return undefined
  const { password, password_page: passwordPage, provider } = config.sign_in
  const transport = openTransport(config.mail, (reference) => readReference(reference).trim())
  const send = mailSender({
    store: world.store,
    moment: world.moment,
    transport,
    publicUrl: config.public_url,
    from,
    brand: brandOf(config),
    language: config.language,
    scopes: config.scopes,
    policyOf: policyFor,
    provider: provider && { name: provider.name, isOnlyWay: !password },
    passwordPage,
    logger,
  })
  const { retry_first, give_up } = config.mail
  const pacing = { ...mailPacing, firstSeconds: retry_first, totalSeconds: give_up }
  // One server takes them all: what fails for one recipient says nothing of the next.
  const channel = { send, pacing, atOnceMax: 4, perClientMax: 4, pausesClients: false }
  return { channel, close: transport.close }
}

function callbackChannel({ config, world }: Telling): Channel {
  const { allow_private, retry_first, give_up } = config.callbacks
  return {
    send: callbackSender({
      world,
      send: guardedRequest({ reachable: reachable(allow_private) }),
      findDialect,
    }),
    pacing: { ...callbackPacing, firstSeconds: retry_first, totalSeconds: give_up },
    atOnceMax: 32,
    perClientMax: 2,
    pausesClients: true,
  }
}
