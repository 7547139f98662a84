/** An organization's apps, as its admins see and govern them. */

import type { Parameters } from '../http/parameters.ts'
import type { OrganizationApp } from '../kernel/account-finders.ts'
import { perform } from '../kernel/kernel.ts'
import { barClient, unbarClient } from '../kernel/operations/bar-client.ts'
import type { Organization } from '../kernel/records.ts'
import { connectableIn } from './account-connect.ts'
import { listingOf } from './account-listing.ts'
import { noteOfBar, noteOfList } from './account-notes.ts'
import { organizationAppPage } from './account-organization-app-page.ts'
import { organizationPage } from './account-organization-page.ts'
import { barPage } from './account-question-page.ts'
import type { AccountVisit } from './account-visit.ts'
import { askedBy, frameOf, governedBy, nothingHere, reachOf, seeOther } from './account-visit.ts'
import type { PageAnswer } from './page.ts'
import { refusedPage } from './page.ts'

type There = { readonly organizationId: string }
type AppThere = There & { readonly clientId: string }

const peoplePerPage = 50

/** All apps of an organization. */
export async function showOrganization(
  visit: AccountVisit,
  there: There,
  query: Parameters,
): Promise<PageAnswer> {
  const organization = governedBy(visit, there)
  if (!organization) return nothingHere(visit.desk)
  const apps = await visit.desk.services.world.store.listOrganizationApps(there.organizationId)
  const page = organizationPage({
    note: await noteOfList(visit, query, there),
    frame: frameOf(visit, { ...there, page: 'organization' }),
    organization,
    listing: listingOf(apps, query, ({ client }) => [client.name, client.maker]),
    isConnectable: (await connectableIn(visit, there)).length > 0,
    now: visit.now,
    reachOf: (app) => reachOf(visit, app),
  })
  return { status: 200, page, noted: {} }
}

/** One of them, with the people who are connected. */
export async function showOrganizationApp(
  visit: AccountVisit,
  there: AppThere,
  query: Parameters,
): Promise<PageAnswer> {
  const found = await findApp(visit, there)
  if (!found) return goneFrom(visit, there, query)
  const { store } = visit.desk.services.world
  const { organizationId, clientId } = there
  const after = query.get('after')?.[0]
  const connected = await store.listOrganizationConnections(organizationId, clientId, {
    after: after !== undefined && /^\d{1,15}$/.test(after) ? after : undefined,
    limit: peoplePerPage + 1,
  })
  const { name } = found.app.client
  const page = organizationAppPage({
    ...found,
    frame: frameOf(visit, { ...there, page: 'organization' }),
    note: await noteOfBar(visit, query, { organizationId, name, isBarred: found.app.barred }),
    connected: connected.slice(0, peoplePerPage),
    next: connected.length > peoplePerPage ? connected[peoplePerPage - 1]?.connection.number : undefined,
    reach: reachOf(visit, found.app.client),
    now: visit.now,
  })
  return { status: 200, page, noted: { client: clientId } }
}

/** Asks once more before an app is taken out of the whole organization. */
export async function showBar(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const found = await findApp(visit, there)
  if (!found) return nothingHere(visit.desk)
  if (found.app.barred) return seeOther(visit.desk, { ...there, page: 'organization app' })
  const { organization, app } = found
  const page = barPage({
    frame: frameOf(visit, { ...there, page: 'organization' }),
    client: app.client,
    organization,
  })
  return { status: 200, page, noted: { client: there.clientId } }
}

/** Hears that nobody of the organization shall have the app any more. */
export async function uninstallForAll(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const operation = 'bar_client'
  const answer = await perform(barClient, { ...askedBy(visit), ...there }, visit.desk.services.world)
  return led(visit, there, answer, { operation, done: 'barred' })
}

/** Hears that the app may come in again. */
export async function allowAgain(visit: AccountVisit, there: AppThere): Promise<PageAnswer> {
  const operation = 'unbar_client'
  const answer = await perform(unbarClient, { ...askedBy(visit), ...there }, visit.desk.services.world)
  return led(visit, there, answer, { operation, done: 'allowed' })
}

/** What is so already, by a second press or another admin, is as good as done. */
async function led(
  visit: AccountVisit,
  there: AppThere,
  answer: Awaited<ReturnType<typeof perform<never, never, unknown>>>,
  { operation, done }: { readonly operation: string; readonly done: 'barred' | 'allowed' },
): Promise<PageAnswer> {
  const reason = 'refused' in answer ? answer.refused.reason : undefined
  const noted = { operation, client: there.clientId, ...(reason !== undefined && { reason }) }
  if ('refused' in answer && reason !== 'nothing_to_change') {
    if (reason === 'record_unknown') return { ...nothingHere(visit.desk), noted }
    return refusedPage(visit.desk, answer.refused, operation)
  }
  // An app that nobody was connected with is listed no more once it may come in again.
  if (!(await findApp(visit, there)))
    return seeOther(visit.desk, { ...there, page: 'organization' }, { done, client: there.clientId }, noted)
  return seeOther(visit.desk, { ...there, page: 'organization app' }, { done }, noted)
}

/** An app that nobody has any more: the list says what its page would have said. */
async function goneFrom(visit: AccountVisit, there: AppThere, query: Parameters): Promise<PageAnswer> {
  const { desk } = visit
  const { organizationId, clientId } = there
  const isKnown = governedBy(visit, there) && (await desk.services.world.store.findClient(clientId))
  if (!isKnown) return nothingHere(desk)
  const [done, app] = [query.get('done')?.[0], query.get('app')?.[0]]
  const note = done === 'uninstalled' && app !== undefined ? { done, app } : { done: 'gone' }
  return seeOther(desk, { page: 'organization', organizationId }, note)
}

async function findApp(
  visit: AccountVisit,
  there: AppThere,
): Promise<{ readonly organization: Organization; readonly app: OrganizationApp } | undefined> {
  const organization = governedBy(visit, there)
  if (!organization) return undefined
  const apps = await visit.desk.services.world.store.listOrganizationApps(there.organizationId)
  const app = apps.find(({ client }) => client.id === there.clientId)
  return app && { organization, app }
}
