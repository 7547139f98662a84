import type { Actor, Decision } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Policy } from '../policy.ts'
import { policyOf } from '../policy.ts'
import type { Client, Milliseconds } from '../records.ts'
import type { Reason } from '../refusals.ts'
import type { RequestToken } from '../request-token.ts'
import { requestTokenBytes, requestTokenSeconds, sayRequestToken } from '../request-token.ts'
import { sha256 } from '../ring.ts'
import { ofCompany } from '../scopes.ts'
import type { Store } from '../store.ts'
import type { NamedSubject } from '../subjects.ts'
import type { Account, AccountInput } from './account.ts'
import { actorOf, isAdminOf, isSignedIn, lookAtAccount } from './account.ts'
import { barredReason, disabledSubject } from './issue.ts'

/** The policies of all mounts at which apps ask with a request token, by the name of their dialect. */
export type Policies = Readonly<Record<string, Partial<Policy>>>

/** For which app, and whose data. */
export type WantedRequestToken = {
  readonly clientId: string
  readonly organizationId: string
  /** '' where the pair is to be the organization's. */
  readonly userId: string
  readonly policies: Policies
}

export type MakingFacts = {
  readonly client: Client | undefined
  /** Absent: no such organization, or no such member of it. */
  readonly subject: NamedSubject | undefined
}

/** What is shown once: with the two, the app gets its pair. */
export type RequestTokenMade = Pick<RequestToken, 'clientId' | 'scopes' | 'expires'> & {
  /** The id of the user or company, which the app sends beside it. */
  readonly subjectId: string
  readonly requestToken: string
}

type ByAdmin = AccountInput & Pick<WantedRequestToken, 'clientId' | 'organizationId' | 'policies'>
type ByAdminFacts = MakingFacts & { readonly account: Account | undefined }

/**
 * An admin hands an app what it gets a pair for the whole organization with. One made before for the same app
 * is worth nothing any more.
 */
export const makeRequestToken: Operation<ByAdmin, ByAdminFacts, RequestTokenMade> = {
  async look(store, input) {
    const account = await lookAtAccount(store, input)
    if (!account) return { account, client: undefined, subject: undefined }
    return { account, ...(await lookAtMaking(store, { ...input, userId: '' })) }
  },

  decide(input, facts, moment) {
    const { account } = facts
    if (!isSignedIn(account, moment.now)) return refuse('signed_out')
    if (!isAdminOf(account, input.organizationId)) return refuse('record_unknown')
    return madeOf(facts, input.policies, { actor: actorOf(account, input), by: account.user.id }, moment)
  },
}

/** Shared with what the operator does by command. */
export async function lookAtMaking(
  store: Store,
  { clientId, organizationId, userId }: Omit<WantedRequestToken, 'policies'>,
): Promise<MakingFacts> {
  const client = await store.findClient(clientId)
  if (!client) return { client, subject: undefined }
  // By its own id: the name in the request may be one of the old world.
  const of = { clientId: client.id, organizationId, userId }
  const finding =
    userId === '' ? store.findOrganizationSubject(client.id, organizationId) : store.findMemberSubject(of)
  return { client, subject: await finding }
}

/** Whether the app may have request tokens at all, whatever anybody has let in. */
export function mayBeRequested(
  client: Pick<Client, 'dialect' | 'policy' | 'type' | 'status'>,
  policies: Policies,
): boolean {
  const mounted = policies[client.dialect]
  return (
    mounted !== undefined &&
    client.type === 'confidential' &&
    client.status === 'enabled' &&
    policyOf(mounted, client).directGrants.includes('authtoken')
  )
}

/** Whether an organization must let the app in before anybody of it connects it. */
export function wantsEnabling(client: Pick<Client, 'dialect' | 'policy'>, policies: Policies): boolean {
  const mounted = policies[client.dialect]
  return mounted !== undefined && policyOf(mounted, client).organizations === 'enabled'
}

type Who = { readonly actor: Actor; readonly by: string }

/** The token, unless the app is one that would be refused when it comes with it. */
export function madeOf(
  { client, subject }: MakingFacts,
  policies: Policies,
  { actor, by }: Who,
  moment: Moment,
): Decision<RequestTokenMade> {
  if (!client || !subject?.organization) return refuse('record_unknown')
  const refused = refusalOf(client, subject, policies)
  if (refused) return refuse(refused)
  const requestToken = sayRequestToken(moment.random(requestTokenBytes))
  const expires: Milliseconds = moment.now + requestTokenSeconds * 1000
  const of = {
    clientId: client.id,
    userId: subject.user?.id ?? '',
    organizationId: subject.organization.id,
  }
  const scopes = subject.user ? client.scopes : ofCompany(client.scopes)
  const token: RequestToken = {
    ...of,
    hash: sha256(requestToken),
    authorizedBy: by,
    scopes,
    created: moment.now,
    expires,
    uses: 0,
    keyVersion: undefined,
    grantNumber: undefined,
  }
  return granted(
    {
      clientId: client.id,
      subjectId: of.userId || of.organizationId,
      requestToken,
      scopes,
      expires,
    },
    { write: 'make_request_token', token },
    event('request_token_made', moment.now, actor, of),
  )
}

function refusalOf(client: Client, subject: NamedSubject, policies: Policies): Reason | undefined {
  if (client.status === 'disabled') return 'client_disabled'
  if (!mayBeRequested(client, policies)) return 'grant_type_not_allowed'
  const refused = disabledSubject(subject) ?? barredReason(subject.barred)
  if (refused) return refused
  return wantsEnabling(client, policies) && !subject.enabled ? 'client_not_enabled' : undefined
}
