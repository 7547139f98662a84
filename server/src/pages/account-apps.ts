/** A user's connected apps: seeing them, confirming them, uninstalling them. */
import type { Parameters } from '../http/parameters.ts'
import type { ConnectedApp } from '../kernel/account-finders.ts'
import { perform } from '../kernel/kernel.ts'
import { governs } from '../kernel/operations/account.ts'
import { confirmConnection } from '../kernel/operations/confirm-connection.ts'
import { uninstallApp } from '../kernel/operations/uninstall-app.ts'
import type { Connection } from '../kernel/records.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { appPage } from './account-app-page.ts'
import { appsPage } from './account-apps-page.ts'
import type { Frame } from './account-frame.ts'
import { listingOf } from './account-listing.ts'
import { noteOf } from './account-notes.ts'
import type { AccountPath } from './account-paths.ts'
import { uninstallPage } from './account-question-page.ts'
import type { AccountVisit } from './account-visit.ts'
import { askedBy, frameOf, nothingHere, reachOf, seeOther } from './account-visit.ts'
import type { PageAnswer } from './page.ts'
import { refusedPage } from './page.ts'

type Numbered = { readonly number: number }

/** All that the user has allowed, some at a time; those that wait for the user first. */
export async function showApps(visit: AccountVisit, query: Parameters): Promise<PageAnswer> {
  const { desk, account, now } = visit
  const apps = await desk.services.world.store.listAppsOf(account.user.id)
  const page = appsPage({
    frame: frameOf(visit, { page: 'apps' }),
    note: await noteOf(visit, query),
    listing: listingOf(apps, query, ({ client, organization }) => [
      client.name,
      client.maker,
      organization?.name,
    ]),
    now,
    reachOf: (app) => reachOf(visit, app),
  })
  return { status: 200, page, noted: {} }
}

/** One connection: the user's own, or one that they see as an admin. */
export async function showApp(
  visit: AccountVisit,
  { number }: Numbered,
  query: Parameters,
): Promise<PageAnswer> {
  const app = await findGoverned(visit, number)
  if (!app) return gone(visit, number)
  const page = appPage({
    frame: frameOf(visit, listFor(visit, app.connection)),
    note: await noteOf(visit, query),
    app,
    isOwn: isOwn(visit, app.connection),
    reach: reachOf(visit, app.client),
    now: visit.now,
  })
  return { status: 200, page, noted: { client: app.client.id } }
}

/** Asks once more before it is uninstalled. */
export async function showUninstall(visit: AccountVisit, { number }: Numbered): Promise<PageAnswer> {
  const app = await findGoverned(visit, number)
  if (!app) return gone(visit, number)
  const { connection } = app
  const page = uninstallPage({
    frame: frameOf(visit, listFor(visit, connection)),
    app,
    isOwn: isOwn(visit, connection),
    back: backTo(visit, connection),
  })
  return { status: 200, page, noted: { client: app.client.id } }
}

/** Hears that the user confirms what the page has shown, and no more than that. */
export async function confirmApp(
  visit: AccountVisit,
  { number }: Numbered,
  form: Parameters,
): Promise<PageAnswer> {
  const operation = 'confirm_connection'
  const scopesShown = form.get('scopes')?.[0]?.split(' ') ?? []
  const answer = await perform(
    confirmConnection,
    { ...askedBy(visit), connection: number, scopesShown },
    visit.desk.services.world,
  )
  if ('refused' in answer && answer.refused.reason === 'parameter_malformed') {
    return seeOther(visit.desk, { page: 'app', number }, { done: 'changed', app: number }, { operation })
  }
  return 'refused' in answer
    ? notDone(visit, number, answer.refused, { operation, done: 'confirmed' })
    : led(visit, answer.granted, { operation, done: 'confirmed' })
}

/** Hears that the user wants it gone. */
export async function uninstall(visit: AccountVisit, { number }: Numbered): Promise<PageAnswer> {
  const operation = 'uninstall_app'
  const answer = await perform(
    uninstallApp,
    { ...askedBy(visit), connection: number },
    visit.desk.services.world,
  )
  return 'refused' in answer
    ? notDone(visit, number, answer.refused, { operation, done: 'uninstalled' })
    : led(visit, answer.granted, { operation, done: 'uninstalled' })
}

type Doing = { readonly operation: string; readonly done: 'confirmed' | 'uninstalled' }

const led = (visit: AccountVisit, connection: Connection, { operation, done }: Doing): PageAnswer =>
  seeOther(
    visit.desk,
    backTo(visit, connection),
    { done, app: connection.number },
    { operation, client: connection.clientId },
  )

/** A form that is sent twice asks for what is so already; that is no mistake of the user's. */
async function notDone(
  visit: AccountVisit,
  number: number,
  refused: Refusal,
  doing: Doing,
): Promise<PageAnswer> {
  const { reason } = refused
  const noted = { operation: doing.operation, reason }
  if (reason === 'record_unknown') return { ...nothingHere(visit.desk), noted }
  if (reason !== 'nothing_to_change' && reason !== 'connection_revoked') {
    return refusedPage(visit.desk, refused, doing.operation)
  }
  const connection = await visit.desk.services.world.store.findConnectionByNumber(number)
  if (!connection) return { ...nothingHere(visit.desk), noted }
  const isSo = connection.status === 'revoked' ? 'uninstalled' : 'confirmed'
  const done = isSo === doing.done ? isSo : 'gone'
  return seeOther(visit.desk, backTo(visit, connection), { done, app: number }, noted)
}

async function findGoverned(visit: AccountVisit, number: number): Promise<ConnectedApp | undefined> {
  const app = await visit.desk.services.world.store.findConnectedApp(number)
  return app && governs(visit.account, app.connection) ? app : undefined
}

/** A connection of theirs that has ended is told so: the link of a mail may be older. */
async function gone(visit: AccountVisit, number: number): Promise<PageAnswer> {
  const connection = await visit.desk.services.world.store.findConnectionByNumber(number)
  if (!connection || !governs(visit.account, connection)) return nothingHere(visit.desk)
  return seeOther(visit.desk, backTo(visit, connection), { done: 'gone' })
}

const isOwn = ({ account }: AccountVisit, { userId }: Connection): boolean => userId === account.user.id

/** Where a connection is listed: among the user's own, or among those of an organization. */
const backTo = (visit: AccountVisit, connection: Connection): AccountPath =>
  isOwn(visit, connection) ? { page: 'apps' } : { ...connection, page: 'organization app' }

const listFor = (visit: AccountVisit, connection: Connection): Frame['current'] =>
  isOwn(visit, connection)
    ? { page: 'apps' }
    : { page: 'organization', organizationId: connection.organizationId }
