import type { Actor, Decision } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client, Milliseconds, Organization } from '../records.ts'
import type { Store } from '../store.ts'
import type { Account, AccountInput } from './account.ts'
import { actorOf, isAdminOf, isSignedIn, lookAtAccount } from './account.ts'

/** Which app, in which organization. */
export type Bar = { readonly organizationId: string; readonly clientId: string }

export type BarFacts = {
  readonly organization: Organization | undefined
  readonly client: Client | undefined
  readonly barred: boolean
}

export type BarByAdminFacts = BarFacts & { readonly account: Account | undefined }

/** What became of an app in an organization. */
export type Barred = { readonly organizationId: string; readonly clientId: string; readonly barred: boolean }

/**
 * An admin takes an app out of the whole organization: all its connections there end at once, and nobody of
 * the organization connects it again, nor exchanges a legacy token for it, before it is let back in.
 */
export const barClient: Operation<AccountInput & Bar, BarByAdminFacts, Barred> = {
  look: lookByAdmin,

  decide(input, facts, { now }) {
    const { account } = facts
    if (!isSignedIn(account, now)) return refuse('signed_out')
    if (!isAdminOf(account, input.organizationId)) return refuse('record_unknown')
    return barredIn(facts, { actor: actorOf(account, input), by: account.user.id }, now)
  },
}

/** An admin lets an app back in. What it had before stays dead: its users connect it anew. */
export const unbarClient: Operation<AccountInput & Bar, BarByAdminFacts, Barred> = {
  look: lookByAdmin,

  decide(input, facts, { now }) {
    const { account } = facts
    if (!isSignedIn(account, now)) return refuse('signed_out')
    if (!isAdminOf(account, input.organizationId)) return refuse('record_unknown')
    return unbarredIn(facts, actorOf(account, input), now)
  },
}

async function lookByAdmin(store: Store, input: AccountInput & Bar): Promise<BarByAdminFacts> {
  const account = await lookAtAccount(store, input)
  if (!account) return { account, organization: undefined, client: undefined, barred: false }
  return { account, ...(await lookAtBar(store, input)) }
}

/** Shared with what the operator does by command. */
export async function lookAtBar(store: Store, { organizationId, clientId }: Bar): Promise<BarFacts> {
  const [organization, client] = await Promise.all([
    store.findOrganization(organizationId),
    store.findClient(clientId),
  ])
  // By its own id: the name in the request may be one of the old world.
  return { organization, client, barred: client ? await store.isBarred(organizationId, client.id) : false }
}

type Who = { readonly actor: Actor; readonly by: string | undefined }

/** The app is out. */
export function barredIn(
  { organization, client, barred }: BarFacts,
  { actor, by }: Who,
  now: Milliseconds,
): Decision<Barred> {
  if (!organization || !client) return refuse('record_unknown')
  if (barred) return refuse('nothing_to_change')
  const about = { organizationId: organization.id, clientId: client.id }
  return granted(
    { ...about, barred: true },
    { write: 'bar_client', ...about, by, at: now, actor },
    event('client_barred', now, actor, about),
  )
}

/** The app may come in again. */
export function unbarredIn(
  { organization, client, barred }: BarFacts,
  actor: Actor,
  now: Milliseconds,
): Decision<Barred> {
  if (!organization || !client) return refuse('record_unknown')
  if (!barred) return refuse('nothing_to_change')
  const about = { organizationId: organization.id, clientId: client.id }
  return granted(
    { ...about, barred: false },
    { write: 'unbar_client', ...about },
    event('client_unbarred', now, actor, about),
  )
}
