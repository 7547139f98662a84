/** How an organization's admin lets an app in, and hands it what it connects the whole organization with. */
import type { Parameters } from '../http/parameters.ts'
import type { AdmittableApp } from '../kernel/admissions.ts'
import type { Answer } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { enableClient, endEnabling } from '../kernel/operations/enable-client.ts'
import { makeRequestToken, mayBeRequested, wantsEnabling } from '../kernel/operations/make-request-token.ts'
import type { Organization } from '../kernel/records.ts'
import type { ConnectableApp } from './account-connect-page.ts'
import { connectAppPage, connectPage, requestTokenPage } from './account-connect-page.ts'
import type { Note } from './account-frame.ts'
import { listingOf } from './account-listing.ts'
import type { AccountVisit } from './account-visit.ts'
import { askedBy, frameOf, governedBy, nothingHere, seeOther } from './account-visit.ts'
import type { PageAnswer } from './page.ts'
import { refusedPage } from './page.ts'

type There = { readonly organizationId: string }
type AppThere = There & { readonly clientId: string }

/** Apps that an admin can do something for here; an app that only its users connect is not among them. */
export async function connectableIn(
  { desk }: AccountVisit,
  { organizationId }: There,
): Promise<readonly ConnectableApp[]> {
  const { services, requestPolicies } = desk
  const apps = await services.world.store.listAdmittable(organizationId)
  const shown = ({ client, enabled }: AdmittableApp): ConnectableApp => ({
    client,
    enabled,
    takesToken: mayBeRequested({ ...client, status: 'enabled' }, requestPolicies),
    wantsEnabling: wantsEnabling(client, services.policies),
  })
  return apps.map(shown).filter((app) => app.takesToken || app.wantsEnabling)
}

/** All of them, to choose one. */
export async function showConnect(visit: AccountVisit, there: There, query: Parameters): Promise<PageAnswer> {
  const organization = governedBy(visit, there)
  if (!organization) return nothingHere(visit.desk)
  const apps = await connectableIn(visit, there)
  const page = connectPage({
    frame: frameOf(visit, { ...there, page: 'organization' }),
    organization,
    listing: listingOf(apps, query, ({ client }) => [client.name, client.maker]),
  })
  return { status: 200, page, noted: {} }
}

/** One of them: what it may do, and what an admin can do. */
export async function showConnectApp(
  visit: AccountVisit,
  there: AppThere,
  query: Parameters,
): Promise<PageAnswer> {
  const found = await findConnectable(visit, there)
  if (!found) return nothingHere(visit.desk)
  const { store } = visit.desk.services.world
  const tokens = await store.listRequestTokens(there, tokensMax)
  const open = tokens.find(({ userId, expires }) => userId === '' && expires > visit.now)
  const page = connectAppPage({
    ...found,
    frame: frameOf(visit, { organizationId: there.organizationId, page: 'organization' }),
    note: noteOfEnabling(visit, query, found.app),
    openUntil: open?.expires,
  })
  return { status: 200, page, noted: { client: there.clientId } }
}

/** Those of an app's users in the organization are among them, and each lasts for a day. */
const tokensMax = 1000

/**
 * Makes the token, and shows it in the answer itself. A redirect to a page that shows it would need the token
 * in its address, in a cookie or in a row, and there it would lie in the clear. No cache keeps this answer
 * (`no-store`); to reload it is to send the form again, which makes another token and ends this one.
 */
export async function makeToken(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const { desk } = visit
  const found = await findConnectable(visit, there)
  const noted = { operation: 'make_request_token', client: there.clientId }
  if (!found) return { ...nothingHere(desk), noted: { ...noted, reason: 'record_unknown' } }
  const policies = desk.requestPolicies
  const answer = await perform(
    makeRequestToken,
    { ...askedBy(visit), ...there, policies },
    desk.services.world,
  )
  if ('refused' in answer) {
    const { reason } = answer.refused
    // Another admin has ended that since: the page says what to do.
    if (reason === 'client_not_enabled')
      return seeOther(desk, { ...there, page: 'connect app' }, {}, { ...noted, reason })
    return refusedPage(desk, answer.refused, noted.operation)
  }
  const page = requestTokenPage({
    frame: frameOf(visit, { organizationId: there.organizationId, page: 'organization' }),
    client: found.app.client,
    made: answer.granted,
    back: { page: 'organization', organizationId: there.organizationId },
  })
  return { status: 200, page, noted }
}

/** Hears that the app may be connected from now on. */
export async function enable(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const answer = await perform(enableClient, { ...askedBy(visit), ...there }, visit.desk.services.world)
  return led(visit, there, answer, 'enable_client')
}

/** Hears that nobody shall connect it any more. */
export async function disable(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const answer = await perform(endEnabling, { ...askedBy(visit), ...there }, visit.desk.services.world)
  return led(visit, there, answer, 'end_enabling')
}

/** What is so already, by a second press or another admin, is as good as done. */
function led(
  visit: AccountVisit,
  there: AppThere,
  answer: Answer<unknown>,
  operation: 'enable_client' | 'end_enabling',
): PageAnswer {
  const reason = 'refused' in answer ? answer.refused.reason : undefined
  const noted = { operation, client: there.clientId, ...(reason !== undefined && { reason }) }
  if ('refused' in answer && reason !== 'nothing_to_change') {
    if (reason === 'record_unknown') return { ...nothingHere(visit.desk), noted }
    return refusedPage(visit.desk, answer.refused, operation)
  }
  const done = operation === 'enable_client' ? 'enabled' : 'disabled'
  return seeOther(visit.desk, { ...there, page: 'connect app' }, { done }, noted)
}

/** Told only where it is true, in our words. */
function noteOfEnabling(
  { desk }: AccountVisit,
  query: Parameters,
  { client, enabled, wantsEnabling: isWanted }: ConnectableApp,
): Note | undefined {
  const words = desk.place.words.account.connect.done
  const done = query.get('done')?.[0]
  if (!isWanted || (done !== 'enabled' && done !== 'disabled') || (done === 'enabled') !== enabled)
    return undefined
  return { text: words[done](client.name), isDone: true }
}

async function findConnectable(
  visit: AccountVisit,
  there: AppThere,
): Promise<{ readonly organization: Organization; readonly app: ConnectableApp } | undefined> {
  const organization = governedBy(visit, there)
  const app =
    organization && (await connectableIn(visit, there)).find(({ client }) => client.id === there.clientId)
  return organization && app && { organization, app }
}
