/** For each kind of event by which something was taken back: how it is taken back again. */
import type { Actor, Answer } from '../kernel/decision.ts'
import { bytesIn, heardIn } from '../kernel/event-detail.ts'
import type { EventKind } from '../kernel/event-kinds.ts'
import type { Operation, World } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { barClientForOperator, unbarClientForOperator } from '../kernel/operations/bar-client-for-operator.ts'
import { barUserForOperator, unbarUserForOperator } from '../kernel/operations/bar-user-for-operator.ts'
import type { ClientChange } from '../kernel/operations/change-client.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import { endEnablingForOperator } from '../kernel/operations/enable-client-for-operator.ts'
import { endGrant } from '../kernel/operations/end-grant.ts'
import { endRequestToken } from '../kernel/operations/end-request-token.ts'
import { ownerOf, rowsOf } from '../kernel/operations/legacy-rows.ts'
import { putMembership, removeMembership } from '../kernel/operations/put-membership.ts'
import { markConnectionRevoked, spendLegacyToken } from '../kernel/operations/reapply-lost.ts'
import { replaceSecret, revokeAccessToken } from '../kernel/operations/reapply-revocation.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import type { Policy } from '../kernel/policy.ts'
import type { Client, Event } from '../kernel/records.ts'
import { StoreUnavailable } from '../kernel/store.ts'

/** `already`: it is so; `unknown`: what it is about is not here; `other`: nothing was taken back. */
export type Outcome = 'applied' | 'already' | 'unknown' | 'other'

/** What this stream has taken back, and a later event of it may give again. */
export type Held = Set<string>

/** The grants that began in this stream, by their numbers: a copy may not know them. */
export type Begun = Map<number, Pick<Event, 'kind' | 'detail'>>

export type Reapplying = {
  readonly world: World
  readonly actor: Actor
  readonly held: Held
  readonly begun: Begun
  /** Of all mounts, by the name of their dialect. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
  readonly notice: (text: string) => void
  /** Marks the versions before this one; `unknown`, where it is not there. */
  readonly compromiseKeys: (before: number) => Promise<Outcome>
}

type Apply = (event: Event, how: Reapplying) => Promise<Outcome>

/** Further apart, `doctor` calls clocks wrong. */
export const clockDifferenceMilliseconds = 60_000

export const revocations: Readonly<Partial<Record<EventKind, Apply>>> = {
  grant_revoked: (event, how) => endOf(event, event.detail ?? 'revoked', how),
  refresh_token_reused: (event, how) => endOf(event, 'refresh_token_reused', how),
  async connection_revoked({ clientId = '', userId = '', organizationId = '', at }, how) {
    const connection = await how.world.store.findConnection(clientId, userId, organizationId)
    if (!connection) {
      return outcomeOf(markConnectionRevoked, { of: { clientId, userId, organizationId }, at }, how)
    }
    // Allowed anew since: that is another consent. Clocks differ, and in doubt what was revoked stays so.
    if (connection.since > at + clockDifferenceMilliseconds) return 'already'
    return outcomeOf(revokeConnection, { connection: connection.number }, how)
  },
  legacy_token_revoked(event, how) {
    // An app that gives up a legacy token keeps the grant that came of it.
    const alone = event.actor === `client:${event.clientId}`
    return onLegacyToken(event, how, async (of) => {
      if (!(await isShared(of, how))) return outcomeOf(revokeLegacyToken, { ...of, alone }, how)
      return spend(event, of.lookups, 'revoked', how)
    })
  },
  legacy_token_reset: (event, how) =>
    onLegacyToken(event, how, async (of) => {
      // Exchanged and reset: here it never was.
      if (await isShared(of, how)) return 'already'
      return outcomeOf(resetLegacyToken, { ...of, keepsRevoked: true }, how)
    }),
  async access_token_revoked({ clientId, detail }, how) {
    const said = heardIn(detail)
    const jti = said.get('jti')
    if (jti === undefined) return 'unknown'
    return outcomeOf(revokeAccessToken, { jti, expires: Number(said.get('expires')), clientId }, how)
  },
  client_changed: clientChanged,
  user_changed: userChanged,
  organization_changed: ({ organizationId = '', detail }, how) =>
    statusOf('organizations', organizationId, detail, how),
  client_barred: ({ clientId = '', organizationId = '' }, how) =>
    holding(`bar ${clientId} ${organizationId}`, how, () =>
      outcomeOf(barClientForOperator, { clientId, organizationId }, how),
    ),
  client_unbarred: ({ clientId = '', organizationId = '' }, how) =>
    undoing(`bar ${clientId} ${organizationId}`, how, () =>
      outcomeOf(unbarClientForOperator, { clientId, organizationId }, how),
    ),
  user_barred: ({ clientId = '', userId = '' }, how) =>
    holding(`user bar ${clientId} ${userId}`, how, () =>
      outcomeOf(barUserForOperator, { clientId, userId }, how),
    ),
  user_unbarred: ({ clientId = '', userId = '' }, how) =>
    undoing(`user bar ${clientId} ${userId}`, how, () =>
      outcomeOf(unbarUserForOperator, { clientId, userId }, how),
    ),
  client_enabling_ended: ({ clientId = '', organizationId = '' }, how) =>
    outcomeOf(endEnablingForOperator, { clientId, organizationId }, how),
  async request_token_ended({ clientId = '', userId = '', organizationId = '' }, how) {
    const of = { clientId, userId, organizationId }
    return (await how.world.store.hasRequestToken(of)) ? outcomeOf(endRequestToken, of, how) : 'already'
  },
  async key_compromised({ detail }, how) {
    return how.compromiseKeys(Number(/^versions before (\d+)$/.exec(detail ?? '')?.[1] ?? 0))
  },
  async key_destroyed({ detail }, { world, notice }) {
    const version = Number(/^version (\d+)$/.exec(detail ?? '')?.[1] ?? 0)
    const isThere = world.moment().ring.versions.some((one) => one.version === version)
    // What it needs is the file of keys, which the key is wiped in.
    if (isThere) notice(`Key ${version} was destroyed, and is here again: tokenferry key import FILE`)
    return isThere ? 'other' : 'already'
  },
}

/** What an event holds until another one gives it again; for those that were applied by an earlier run. */
export function heldBy({ kind, clientId, userId, organizationId, detail }: Event): string | undefined {
  if (kind === 'client_barred') return `bar ${clientId} ${organizationId}`
  if (kind === 'user_barred') return `user bar ${clientId} ${userId}`
  if (kind === 'user_changed' && detail === 'disabled') return `users ${userId}`
  if (kind === 'organization_changed' && detail === 'disabled') return `organizations ${organizationId}`
  return undefined
}

async function endOf(event: Event, reason: string, how: Reapplying): Promise<Outcome> {
  const { grantNumber, clientId } = event
  if (grantNumber === undefined) return 'unknown'
  const facts = await how.world.store.findGrant(grantNumber)
  if (facts) {
    return facts.grant.clientId === clientId
      ? outcomeOf(endGrant, { grant: grantNumber, reason }, how)
      : 'unknown'
  }
  const begun = how.begun.get(grantNumber)
  if (!begun) return 'unknown'
  // No token of it is good here. But a legacy token that it came of would be exchanged anew.
  if (begun.kind === 'grant_created') return 'already'
  return onLegacyToken({ ...event, detail: begun.detail }, how, ({ lookups }) =>
    spend({ ...event, detail: reason }, lookups, 'exchanged', how),
  )
}

type Named = { readonly lookups: readonly Uint8Array[]; readonly clientId: string | undefined }

async function onLegacyToken(
  { clientId, detail, userId }: Event,
  { notice }: Reapplying,
  apply: (of: Named) => Promise<Outcome>,
): Promise<Outcome> {
  const lookup = heardIn(detail).get('lookup')
  if (lookup !== undefined) return apply({ lookups: [bytesIn(lookup)], clientId })
  notice(`A legacy token of user ${userId ?? '-'} was ended; its event is too old to say which one.`)
  return 'unknown'
}

/** Whether a token that the client had made its own is still everybody's here. */
async function isShared({ lookups, clientId }: Named, { world: { store } }: Reapplying): Promise<boolean> {
  if (clientId === undefined) return false
  const rows = rowsOf(await store.findLegacyRows(lookups), lookups, undefined).map(ownerOf)
  return rows.includes('') && !rows.includes(clientId)
}

async function spend(
  about: Event,
  lookups: readonly Uint8Array[],
  as: 'exchanged' | 'revoked',
  how: Reapplying,
): Promise<Outcome> {
  const [lookup] = lookups
  if (!lookup) return 'unknown'
  return outcomeOf(spendLegacyToken, { lookup, as, about, policies: how.policies }, how)
}

async function clientChanged({ clientId = '', detail }: Event, how: Reapplying): Promise<Outcome> {
  const said = heardIn(detail)
  const client = await how.world.store.findClient(clientId)
  const hmac = said.get('hmac')
  if (hmac !== undefined) {
    const until = said.get('othersUntil')
    const othersUntil = until === undefined ? undefined : Number(until)
    const secret = { hmac: bytesIn(hmac), keyVersion: Number(said.get('version')), othersUntil }
    return outcomeOf(replaceSecret, { clientId, ...secret }, how)
  }
  const change = client ? changeOf(client, said, how.held) : {}
  if (Object.keys(change).length === 0) return client ? 'other' : 'unknown'
  return outcomeOf(changeClient, { clientId, change }, how)
}

/** What the change took back; or gave again, where this stream had taken it. */
function changeOf(client: Client, said: ReadonlyMap<string, string>, held: Held): ClientChange {
  const toggled = <Field extends keyof ClientChange>(field: Field, off: string): Partial<ClientChange> => {
    const value = said.get(field)
    const name = `${field} ${client.id}`
    if (value === undefined || (value !== off && !held.delete(name))) return {}
    if (value === off) held.add(name)
    return { [field]: field === 'mayIntrospect' ? value === 'true' : value }
  }
  const after = Number(said.get('tokensValidAfter') ?? 0)
  return {
    ...toggled('status', 'disabled'),
    ...toggled('exchangeStatus', 'off'),
    ...toggled('mayIntrospect', 'false'),
    ...(after > client.tokensValidAfter && { tokensValidAfter: after }),
  }
}

function userChanged({ userId = '', organizationId, detail }: Event, how: Reapplying) {
  if (detail === 'password') {
    how.notice(`The password of user ${userId} was changed; the one before it is good again.`)
    return Promise.resolve<Outcome>('other')
  }
  if (organizationId === undefined) return statusOf('users', userId, detail, how)
  if (detail === 'no member') return outcomeOf(removeMembership, { userId, organizationId }, how)
  return detail === 'member' ? noAdmin(userId, organizationId, how) : Promise.resolve<Outcome>('other')
}

async function noAdmin(userId: string, organizationId: string, how: Reapplying): Promise<Outcome> {
  const memberships = await how.world.store.findMemberships(userId)
  const isAdmin = memberships.some((one) => one.organization.id === organizationId && one.role === 'admin')
  return isAdmin ? outcomeOf(putMembership, { userId, organizationId, role: 'member' }, how) : 'already'
}

async function statusOf(
  record: 'users' | 'organizations',
  id: string,
  status: string | undefined,
  how: Reapplying,
): Promise<Outcome> {
  if (status !== 'disabled' && status !== 'enabled') return 'other'
  const set = () => outcomeOf(setStatus, { record, id, status }, how)
  return status === 'disabled' ? holding(`${record} ${id}`, how, set) : undoing(`${record} ${id}`, how, set)
}

async function holding(what: string, { held }: Reapplying, apply: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await apply()
  if (outcome === 'applied') held.add(what)
  return outcome
}

/** Only what this stream has taken is given again: what the copy itself knows as taken stays so. */
const undoing = async (
  what: string,
  { held }: Reapplying,
  apply: () => Promise<Outcome>,
): Promise<Outcome> => (held.delete(what) ? apply() : 'already')

async function outcomeOf<Input extends { readonly actor: Actor }, Facts, Result>(
  operation: Operation<Input, Facts, Result>,
  input: Omit<Input, 'actor'>,
  { world, actor }: Reapplying,
): Promise<Outcome> {
  // An operation's input is what was given and who asks.
  const answer: Answer<Result> = await perform(operation, { ...input, actor } as Input, world)
  if ('granted' in answer) return 'applied'
  const { reason } = answer.refused
  if (reason === 'nothing_to_change') return 'already'
  if (reason === 'record_unknown') return 'unknown'
  throw new StoreUnavailable(`An event could not be applied (${reason}). Run the command again.`)
}
