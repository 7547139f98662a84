/**
 * What just happened, for the page after a form. The address only names it; it is told where it is true, and
 * in our words, so that no link of a stranger's makes the page say anything.
 */
import type { Parameters } from '../http/parameters.ts'
import { governs, isAdminOf } from '../kernel/operations/account.ts'
import type { Note } from './account-frame.ts'
import type { AccountVisit } from './account-visit.ts'

export async function noteOf(visit: AccountVisit, query: Parameters): Promise<Note | undefined> {
  const { done: words } = visit.desk.place.words.account
  const done = query.get('done')?.[0]
  if (done === 'gone') return { text: words.gone, isDone: false }
  if (done === 'ended' || done === 'others_ended') return { text: words[done], isDone: true }
  if (done !== 'confirmed' && done !== 'uninstalled' && done !== 'changed') return undefined
  const { store } = visit.desk.services.world
  const number = Number(query.get('app')?.[0])
  const connection = Number.isSafeInteger(number) ? await store.findConnectionByNumber(number) : undefined
  if (!connection || !governs(visit.account, connection)) return undefined
  const { status, confirmation } = connection
  const isSo = {
    confirmed: status === 'live' && confirmation === 'confirmed',
    uninstalled: status === 'revoked',
    changed: status === 'live' && confirmation === 'pending',
  }[done]
  const client = isSo ? await store.findClient(connection.clientId) : undefined
  return client && { text: words[done](client.name), isDone: done !== 'changed' }
}

/** The same, of an app in a whole organization. */
export async function noteOfBar(
  visit: AccountVisit,
  query: Parameters,
  app: { readonly organizationId: string; readonly name: string; readonly isBarred: boolean },
): Promise<Note | undefined> {
  const { done: words } = visit.desk.place.words.account
  const done = query.get('done')?.[0]
  if (!isAdminOf(visit.account, app.organizationId)) return undefined
  if (done === 'barred' && app.isBarred) return { text: words.barred(app.name), isDone: true }
  if (done === 'allowed' && !app.isBarred) return { text: words.allowed(app.name), isDone: true }
  return noteOf(visit, query)
}

/** The same, for the list of an organization: of apps that nobody has, and that no page of theirs shows. */
export async function noteOfList(
  visit: AccountVisit,
  query: Parameters,
  { organizationId }: { readonly organizationId: string },
): Promise<Note | undefined> {
  if (query.get('done')?.[0] !== 'allowed') return noteOf(visit, query)
  const { desk } = visit
  const { store } = desk.services.world
  const id = query.get('client')?.[0]
  const client = id === undefined ? undefined : await store.findClient(id)
  if (!client || (await store.isBarred(organizationId, client.id))) return undefined
  return { text: desk.place.words.account.done.allowed(client.name), isDone: true }
}
