/** The sender that tells apps: a signed webhook, or the call of a dialect that has one of its own. */
import type { Dialect } from '../dialects/dialect.ts'
import type { SealedSecret } from '../kernel/callback-secrets.ts'
import { liveWebhookSecrets, openSecret } from '../kernel/callback-secrets.ts'
import type { World } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { disableCallback } from '../kernel/operations/disable-callback.ts'
import type { Client, Event } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Outcome, Sender } from '../outbox/sender.ts'
import type { GuardedAnswer, GuardedRequest, Send } from './guarded-request.ts'
import { messageOf } from './message.ts'
import type { WebhookMessage } from './standard-webhook.ts'
import { webhookRequest } from './standard-webhook.ts'
import { wantedCallback } from './wanted.ts'

export type Callbacks = {
  readonly world: World
  readonly send: Send
  findDialect(name: string): Dialect | undefined
}

/** Tells an app of one event. What it says, where and by which secret is looked up as it goes. */
export const callbackSender =
  (callbacks: Callbacks): Sender =>
  async (delivery) => {
    const { store } = callbacks.world
    const [event, client] = await Promise.all([
      delivery.event === undefined ? undefined : store.findEvent(delivery.event),
      delivery.clientId === undefined ? undefined : store.findClient(delivery.clientId),
    ])
    if (!event || !client) return dropped('There is no such event or app any more.')
    const { callback } = client
    if (callback === undefined) return dropped('The app has no callback any more.')
    if (client.callbackStatus === 'off') return dropped('The callback is off.')
    const dialect = callbacks.findDialect(client.dialect)
    const kind = wantedCallback(event, client, dialect)
    if (kind === undefined) return dropped('The app does not want to hear of this any more.')
    if (dialect?.uninstalled)
      return sayUninstalled(callbacks, { client, callback, event, say: dialect.uninstalled })
    const connection =
      kind === 'legacy_token.exchanged' ? await connectionOf(event, client, store) : undefined
    const message = messageOf(event, kind, connection)
    // The same at each attempt: an app knows by it what it has heard already.
    const id = `msg_${delivery.id}`
    const answer = await sendSigned(callbacks, { client, callback, id, message })
    if (!answer) return noSecret('webhook', 'tokenferry webhook rotate-secret', client)
    return outcomeOf(callbacks, client, callback, answer)
  }

/** As it is now: whoever is told late may read that the user has confirmed meanwhile. */
const connectionOf = ({ userId = '', organizationId = '' }: Event, { id }: Client, store: Store) =>
  store.findConnection(id, userId, organizationId)

const dropped = (problem: string): Outcome => ({ outcome: 'dropped', problem })

const noSecret = (kind: string, command: string, { id }: Client): Outcome => ({
  outcome: 'failed',
  problem: `The app has no ${kind} secret to call with. Make one: ${command} ${id}`,
})

export type Signed = {
  readonly client: Client
  readonly callback: string
  readonly id: string
  readonly message: WebhookMessage
}

/** Sends a message with the signature of every secret that is good; `undefined`: there is none. */
export async function sendSigned(
  { world, send }: Pick<Callbacks, 'world' | 'send'>,
  { client, callback, id, message }: Signed,
): Promise<GuardedAnswer | undefined> {
  const kept = await world.store.findCallbackSecrets(client.id)
  const live = () => {
    const { ring, now } = world.moment()
    return { now, secrets: liveWebhookSecrets(ring, client.id, kept, now) }
  }
  // Another node may have made the version that the secret is of.
  if (live().secrets.length === 0) await world.reload()
  const { now, secrets } = live()
  return secrets.length === 0 ? undefined : send(webhookRequest(callback, message, { id, now, secrets }))
}

async function outcomeOf(
  { world }: Callbacks,
  client: Client,
  callback: string,
  answer: GuardedAnswer,
): Promise<Outcome> {
  if (answer.outcome !== 'answered') return { outcome: 'failed', problem: answer.problem }
  const { status, retryAfterSeconds } = answer
  if (status >= 200 && status < 300) return { outcome: 'sent' }
  if (status === 410) {
    const reason = 'The address answered 410: it is gone.'
    await perform(disableCallback, { clientId: client.id, callback, reason }, world)
    return dropped(reason)
  }
  // A redirect is not followed: it would lead wherever the address likes.
  const problem = `The address answered ${status}.`
  return { outcome: 'failed', problem, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
}

type Uninstalling = {
  readonly client: Client
  readonly callback: string
  readonly event: Event
  readonly say: NonNullable<Dialect['uninstalled']>
}

async function sayUninstalled({ world, send }: Callbacks, uninstalling: Uninstalling): Promise<Outcome> {
  const secret = await openedSecret(world, uninstalling.client)
  if (secret === undefined) return noSecret('sealed', 'tokenferry client rotate-secret', uninstalling.client)
  const answer = await send(uninstalledRequest(uninstalling, secret))
  // Whatever was answered is ignored; only an app that was not reached is called again.
  return answer.outcome === 'answered' ? { outcome: 'sent' } : { outcome: 'failed', problem: answer.problem }
}

function uninstalledRequest({ client, callback, event, say }: Uninstalling, secret: string): GuardedRequest {
  const { userId = '', organizationId = '', at } = event
  const { method, body } = say({ clientId: client.id, userId, organizationId, at })
  return {
    url: callback,
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`,
      'content-type': 'application/json',
      'user-agent': 'Tokenferry',
    },
    body: JSON.stringify(body),
  }
}

/** The newest of the app's secrets that is good and of which a copy was kept. */
async function openedSecret(world: World, client: Client): Promise<string | undefined> {
  const kept = await world.store.findSealedSecrets(client.id)
  const open = () => openedOf(kept, client, world)
  return open() ?? ((await world.reload()) ? open() : undefined)
}

function openedOf(kept: readonly SealedSecret[], { id }: Client, world: World): string | undefined {
  const { ring, now } = world.moment()
  const live = kept.filter(({ expires }) => expires === undefined || expires > now)
  return live.map((secret) => openSecret(ring, id, secret)).find((secret) => secret !== undefined)
}
