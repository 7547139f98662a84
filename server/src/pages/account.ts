/**
 * The account's own pages: each request for one is heard here. Whoever is not signed in is asked to, and
 * comes back; what is not there, and what is not theirs to see, is told alike.
 */
import type { Parameters } from '../http/parameters.ts'
import { hearBody, hearForm } from '../http/parameters.ts'
import { isSignedIn, lookAtAccount } from '../kernel/operations/account.ts'
import { confirmApp, showApp, showApps, showUninstall, uninstall } from './account-apps.ts'
import { disable, enable, makeToken, showConnect, showConnectApp } from './account-connect.ts'
import {
  allowAgain,
  showBar,
  showOrganization,
  showOrganizationApp,
  uninstallForAll,
} from './account-organizations.ts'
import type { AccountPath, FormPath } from './account-paths.ts'
import { hearAccountPath, isForm, isShown, pageOf, sayAccountPath } from './account-paths.ts'
import { endSessions, showSessions } from './account-sessions.ts'
import type { AccountVisit } from './account-visit.ts'
import { nothingHere, seeOther } from './account-visit.ts'
import { isFormToken } from './cookies.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { formOutdated, refusedPage } from './page.ts'
import { findReturn } from './return-to.ts'
import { showSignIn } from './show-sign-in.ts'

/** Shows a page. */
export async function showAccount(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const { path, query } = request
  if (/^\/account\/?$/.test(path)) return seeOther(desk, { page: 'apps' })
  const to = hearAccountPath(path)
  if (!to) return nothingHere(desk)
  if (!isShown(to)) return { ...refusedPage(desk, { reason: 'method_not_allowed' }), allow: 'POST' }
  const visit = await visitOf(request, desk)
  if (!visit) {
    const asked = query === '' ? path : `${path}?${query}`
    const returnTo = findReturn(desk.hubs, asked) ? asked : path
    return showSignIn(request, desk, { returnTo, wrong: undefined, noted: {} })
  }
  const heard = hearForm(query)
  return show(visit, to, 'refusal' in heard ? new Map() : heard)
}

async function show(visit: AccountVisit, to: AccountPath, query: Parameters): Promise<PageAnswer> {
  switch (to.page) {
    case 'apps':
      return showApps(visit, query)
    case 'app':
      return showApp(visit, to, query)
    case 'uninstall':
      return showUninstall(visit, to)
    case 'sessions':
      return showSessions(visit, query)
    case 'organization':
      return showOrganization(visit, to, query)
    case 'organization app':
      return showOrganizationApp(visit, to, query)
    case 'bar':
      return showBar(visit, to)
    case 'connect':
      return showConnect(visit, to, query)
    case 'connect app':
      return showConnectApp(visit, to, query)
    case 'confirm':
    case 'unbar':
    case 'enable app':
    case 'disable app':
      return nothingHere(visit.desk)
  }
}

/** Hears a form. Whatever came of it, the browser then gets a page, so that nothing is sent twice. */
export async function hearAccountForm(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const to = hearAccountPath(request.path)
  if (!to) return nothingHere(desk)
  if (!isForm(to)) return { ...refusedPage(desk, { reason: 'method_not_allowed' }), allow: 'GET, HEAD' }
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal)
  const formPath = sayAccountPath(pageOf(to))
  if (request.isCrossSite) return formOutdated(desk, formPath, operations[to.page])
  const visit = await visitOf(request, desk)
  if (!visit) {
    const wrong = { text: desk.place.words.account.signedOutMeanwhile, status: 403 }
    return showSignIn(request, desk, { returnTo: formPath, wrong, noted: { reason: 'signed_out' } })
  }
  const isOurs = isFormToken(form.get('form_token')?.[0], visit.sessionSecret)
  return isOurs ? hear(visit, to, form) : formOutdated(desk, formPath, operations[to.page])
}

/** What each form does, for the log. */
const operations: Readonly<Record<FormPath['page'], string>> = {
  confirm: 'confirm_connection',
  uninstall: 'uninstall_app',
  sessions: 'end_other_session',
  bar: 'bar_client',
  unbar: 'unbar_client',
  'connect app': 'make_request_token',
  'enable app': 'enable_client',
  'disable app': 'end_enabling',
}

async function hear(visit: AccountVisit, to: FormPath, form: Parameters): Promise<PageAnswer> {
  switch (to.page) {
    case 'confirm':
      return confirmApp(visit, to, form)
    case 'uninstall':
      return uninstall(visit, to)
    case 'sessions':
      return endSessions(visit, form)
    case 'bar':
      return uninstallForAll(visit, to)
    case 'unbar':
      return allowAgain(visit, to)
    case 'connect app':
      return makeToken(visit, to)
    case 'enable app':
      return enable(visit, to)
    case 'disable app':
      return disable(visit, to)
  }
}

async function visitOf(request: PageRequest, desk: Desk): Promise<AccountVisit | undefined> {
  const { store, moment } = desk.services.world
  const sessionSecret = desk.cookies.read(request.cookies, 'session')
  const account = await lookAtAccount(store, { sessionSecret })
  const { now } = moment()
  return sessionSecret !== undefined && isSignedIn(account, now)
    ? { request, desk, account, sessionSecret, now }
    : undefined
}
