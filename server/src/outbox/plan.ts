/**
 * From an event to what must be told of it, and to whom. Each delivery's id is computed from what it tells,
 * so that the same event planned twice, by two processes or after a crash, is told once.
 */
import { connected, newsIn, widened } from '../kernel/operations/confirmation.ts'
import type { Policy } from '../kernel/policy.ts'
import type {
  CallbackKind,
  Client,
  Connection,
  Delivery,
  Event,
  MailKind,
  Milliseconds,
} from '../kernel/records.ts'
import { fields, sha256 } from '../kernel/ring.ts'
import type { Store } from '../kernel/store.ts'

export type Rules = {
  /** Whether there is a way for mail. */
  readonly mails: boolean
  policyOf(client: Client): Policy
  /** What the event means to this client's app, if anything. */
  wanted(event: Event, client: Client): CallbackKind | undefined
}

/** A part of a plan, small enough for one commit. */
export type Part = {
  readonly deliveries: readonly Delivery[]
  /** All users of this organization are planned for, once this part is there. */
  readonly announced?: { readonly clientId: string; readonly organizationId: string }
}

const usersPerPart = 500
const dayMilliseconds = 86_400_000

/** What is to be told of some events, part by part. */
export async function* plan(events: readonly Event[], store: Store, rules: Rules): AsyncGenerator<Part> {
  const clients = new Map<string, Client | undefined>()
  const announced = new Set<string>()
  for (const event of events) {
    const { clientId } = event
    if (clientId !== undefined && !clients.has(clientId))
      clients.set(clientId, await store.findClient(clientId))
    const client = clientId === undefined ? undefined : clients.get(clientId)
    const kind = client && rules.wanted(event, client)
    if (client && kind) yield { deliveries: [callback(kind, event, client)] }
    if (!rules.mails) continue
    const mayWait = event.kind === 'legacy_token_exchanged' || event.kind === 'connection_pending'
    if (mayWait && client) {
      yield* tellOfExchange(event, client, { store, rules, announced })
    }
    if (event.kind === 'connection_revoked' && client) {
      const users = await concerned(event, store)
      yield { deliveries: users.map((userId) => mail('app_uninstalled', event, { userId })) }
    }
    if (event.kind === 'sign_in_locked') yield { deliveries: [locked(event)] }
  }
}

type Told = { readonly store: Store; readonly rules: Rules; readonly announced: Set<string> }

/** Everybody of the organization once; and whoever came in after that, with their own first exchange. */
async function* tellOfExchange(
  event: Event,
  client: Client,
  { store, rules, announced }: Told,
): AsyncGenerator<Part> {
  const { confirmation, confirmationReminderSeconds } = rules.policyOf(client)
  if (confirmation === 'none') return
  const { organizationId = '' } = event
  const pair = `${client.id} ${organizationId}`
  if (organizationId !== '' && !announced.has(pair)) {
    announced.add(pair)
    if (!(await store.isAnnounced(client.id, organizationId))) {
      yield* tellHolders(event, client, store)
      yield { deliveries: [], announced: { clientId: client.id, organizationId } }
    }
  }
  const news = newsIn(event.detail)
  if (!news) return
  const users = await concerned(event, store)
  if (news === connected) yield { deliveries: users.map((userId) => installed(event, userId)) }
  const connection = await store.findConnection(client.id, event.userId ?? '', organizationId)
  if (connection?.confirmation !== 'pending') return
  const remindAt = (due: Milliseconds): Part => ({
    deliveries: users.map((userId) => reminder(event, connection, userId, due)),
  })
  // They were told of the app before, which is told once. But it may do more now, and waits again.
  if (news === widened) yield remindAt(event.at)
  if (confirmationReminderSeconds !== null) yield remindAt(event.at + confirmationReminderSeconds * 1000)
}

async function* tellHolders(event: Event, client: Client, store: Store): AsyncGenerator<Part> {
  const { id: clientId, dialect } = client
  const { organizationId = '' } = event
  let after: string | undefined
  for (;;) {
    const page = { after, limit: usersPerPart }
    const users = await store.listHolders({ clientId, dialect, organizationId }, page)
    if (users.length > 0) yield { deliveries: users.map((userId) => installed(event, userId)) }
    if (users.length < usersPerPart) return
    after = users.at(-1)
  }
}

/** The event's user; where the whole organization is meant, those who may decide for it. */
const concerned = async ({ userId, organizationId }: Event, store: Store): Promise<readonly string[]> =>
  userId !== undefined ? [userId] : organizationId === undefined ? [] : store.listAdmins(organizationId)

/** One for each user, app and organization, whichever of their tokens it began with. */
const installed = (event: Event, userId: string): Delivery => ({
  ...mail('app_installed', event, { userId }),
  id: idOf('app_installed', event.clientId ?? '', event.organizationId ?? '', userId),
})

/** At most one a day: whoever guesses at an account must not fill its mailbox. */
const locked = (event: Event): Delivery => ({
  ...mail('sign_in_locked', event),
  id: idOf('sign_in_locked', Math.floor(event.at / dayMilliseconds), event.userId ?? ''),
})

/** More than one may come of the same event, at different times. */
const reminder = (
  event: Event,
  { number, epoch }: Connection,
  userId: string,
  due: Milliseconds,
): Delivery => ({
  ...mail('confirmation_reminder', event, { connection: number, epoch, at: due, due, userId }),
  id: idOf('confirmation_reminder', event.id, userId, due),
})

function mail(kind: MailKind, event: Event, about: Partial<Delivery> = {}): Delivery {
  const { userId = event.userId, connection, epoch, at = event.at, due = event.at } = about
  return {
    ...deliveryOf(event),
    id: idOf(kind, event.id, userId ?? ''),
    channel: 'mail',
    kind,
    userId,
    connection,
    epoch,
    at,
    due,
  }
}

const callback = (kind: CallbackKind, event: Event, client: Client): Delivery => ({
  ...deliveryOf(event),
  id: idOf(kind, event.id, client.id),
  channel: 'callback',
  kind,
})

const deliveryOf = ({ id, clientId, userId, organizationId, at }: Event) =>
  ({
    clientId,
    userId,
    organizationId,
    connection: undefined,
    epoch: undefined,
    event: id,
    oneTimeCode: undefined,
    at,
    due: at,
    attempts: 0,
    status: 'waiting',
    claimedBy: undefined,
    problem: undefined,
  }) as const

/** What makes it this delivery and no other. */
const idOf = (...parts: readonly (string | number)[]): string => fields(...parts).toString('base64url')

/**
 * The id that goes out, in a header of a mail or a call. With the deployment's own id in it, which nobody
 * outside knows: else whoever gets one could count events, whose numbers can be guessed. After a restore
 * those numbers come again, for other events: so when it was is in the id, too.
 */
export const hiddenId = (deploymentId: string, restoredAt: string, id: string): string =>
  sha256(fields(deploymentId, restoredAt, id))
    .subarray(0, 16)
    .toString('base64url')
