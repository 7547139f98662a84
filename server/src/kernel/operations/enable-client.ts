import type { Actor, Decision } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client, Milliseconds, Organization } from '../records.ts'
import type { Store } from '../store.ts'
import type { Account, AccountInput } from './account.ts'
import { actorOf, isAdminOf, isSignedIn, lookAtAccount } from './account.ts'

/** Which app, in which organization. */
export type Enabling = { readonly organizationId: string; readonly clientId: string }

export type EnablingFacts = {
  readonly organization: Organization | undefined
  readonly client: Client | undefined
  readonly enabled: boolean
}

type ByAdminFacts = EnablingFacts & { readonly account: Account | undefined }

/** Whether an organization has let an app in. */
export type Enabled = {
  readonly organizationId: string
  readonly clientId: string
  readonly enabled: boolean
}

/** An admin lets an app in, where its policy wants that before anybody of the organization connects it. */
export const enableClient: Operation<AccountInput & Enabling, ByAdminFacts, Enabled> = {
  look: lookByAdmin,

  decide(input, facts, { now }) {
    const { account } = facts
    if (!isSignedIn(account, now)) return refuse('signed_out')
    if (!isAdminOf(account, input.organizationId)) return refuse('record_unknown')
    return enabledIn(facts, { actor: actorOf(account, input), by: account.user.id }, now)
  },
}

/** An admin lets nobody connect it any more. Whoever has connected it keeps it: a bar would end that. */
export const endEnabling: Operation<AccountInput & Enabling, ByAdminFacts, Enabled> = {
  look: lookByAdmin,

  decide(input, facts, { now }) {
    const { account } = facts
    if (!isSignedIn(account, now)) return refuse('signed_out')
    if (!isAdminOf(account, input.organizationId)) return refuse('record_unknown')
    return enablingEndedIn(facts, actorOf(account, input), now)
  },
}

async function lookByAdmin(store: Store, input: AccountInput & Enabling): Promise<ByAdminFacts> {
  const account = await lookAtAccount(store, input)
  if (!account) return { account, organization: undefined, client: undefined, enabled: false }
  return { account, ...(await lookAtEnabling(store, input)) }
}

/** Shared with what the operator does by command. */
export async function lookAtEnabling(
  store: Store,
  { organizationId, clientId }: Enabling,
): Promise<EnablingFacts> {
  const [organization, client] = await Promise.all([
    store.findOrganization(organizationId),
    store.findClient(clientId),
  ])
  // By its own id: the name in the request may be one of the old world.
  return { organization, client, enabled: client ? await store.isEnabled(organizationId, client.id) : false }
}

type Who = { readonly actor: Actor; readonly by: string | undefined }

/** The app is let in. */
export function enabledIn(
  { organization, client, enabled }: EnablingFacts,
  { actor, by }: Who,
  now: Milliseconds,
): Decision<Enabled> {
  if (!organization || !client) return refuse('record_unknown')
  if (enabled) return refuse('nothing_to_change')
  const about = { organizationId: organization.id, clientId: client.id }
  return granted(
    { ...about, enabled: true },
    { write: 'enable_client', ...about, by, at: now },
    event('client_enabled', now, actor, about),
  )
}

/** Nobody connects the app any more. */
export function enablingEndedIn(
  { organization, client, enabled }: EnablingFacts,
  actor: Actor,
  now: Milliseconds,
): Decision<Enabled> {
  if (!organization || !client) return refuse('record_unknown')
  if (!enabled) return refuse('nothing_to_change')
  const about = { organizationId: organization.id, clientId: client.id }
  return granted(
    { ...about, enabled: false },
    { write: 'end_enabling', ...about },
    event('client_enabling_ended', now, actor, about),
  )
}
