/**
 * What just happened, for the page after a form. The address only names it; it is told where it is true, and
 * in our words, so that no link of a stranger's makes the page say anything.
 */
import type { Parameters } from '../http/parameters.ts'
import { governs, isAdminOf } from '../kernel/operations/account.ts'
import type { AccountVisit } from './account-visit.ts'

export async function noteOf(visit: AccountVisit, query: Parameters): Promise<string | undefined> {
  const { done: words } = visit.desk.place.words.account
  const done = query.get('done')?.[0]
  if (done === 'gone' || done === 'ended' || done === 'others_ended') return words[done]
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
  return client && words[done](client.name)
}

/** The same, of an app in a whole organization. */
export async function noteOfBar(
  visit: AccountVisit,
  query: Parameters,
  app: { readonly organizationId: string; readonly name: string; readonly isBarred: boolean },
): Promise<string | undefined> {
  const { done: words } = visit.desk.place.words.account
  const done = query.get('done')?.[0]
  if (!isAdminOf(visit.account, app.organizationId)) return undefined
  if (done === 'barred' && app.isBarred) return words.barred(app.name)
  if (done === 'allowed' && !app.isBarred) return words.allowed(app.name)
  return noteOf(visit, query)
}

/** Of an app that may come in again, and that nobody has yet: it stands on no page of its own. */
export async function noteOfAllowed(
  { desk }: AccountVisit,
  query: Parameters,
  { organizationId }: { readonly organizationId: string },
): Promise<string | undefined> {
  const { store } = desk.services.world
  const id = query.get('done')?.[0] === 'allowed' ? query.get('client')?.[0] : undefined
  const client = id === undefined ? undefined : await store.findClient(id)
  if (!client || (await store.isBarred(organizationId, client.id))) return undefined
  return desk.place.words.account.done.allowed(client.name)
}
