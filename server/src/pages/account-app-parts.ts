/** The parts in which a connected app is shown, in a list or alone. */
import type { AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Connection, Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import type { Frame } from './account-frame.ts'
import { addressOf, tokenField } from './account-frame.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'

/** Picture, name and maker; `title` is the heading with the name. */
export const appHead = (place: Place, { name, maker }: AppShown, title: Html, badges: Html): Html =>
  html`<div class="app-head">
<span class="tile" aria-hidden="true">${firstLetter(name)}</span>
<div class="app-names">${title}${maker && html`<p class="quiet">${place.words.account.by(maker)}</p>`}</div>
${badges}</div>`

/** What must be seen at first sight. */
export const badgesOf = (place: Place, client: AppShown, isWaiting: boolean): Html => {
  const { confirmation, disabled } = place.words.account
  return html`${isWaiting && html`<span class="badge waiting">${confirmation}</span>`}${
    client.status === 'disabled' && html`<span class="badge">${disabled}</span>`
  }`
}

/** For whom, since when, how it came, and when it was last used. */
export function factsOf(
  place: Place,
  { connection, organization, lastUsed }: ConnectedApp,
  { isOwn, now }: { readonly isOwn: boolean; readonly now: Milliseconds },
): readonly string[] {
  const words = place.words.account
  const { date, ago } = formatsFor(place.language)
  const authorized = isOwn ? words.authorizedOn : words.authorizedFor
  const came = (connection.origin === 'migrated' ? words.migratedOn : authorized)(date(connection.since))
  const used = lastUsed === undefined ? words.neverUsed : words.lastUsed(ago(lastUsed, now))
  return [...(isOwn && organization ? [organization.name || organization.id] : []), came, used]
}

/** What the app may do, in the operator's words. */
export const permissionsOf = (place: Place, scopes: readonly string[], label: string): Html =>
  scopes.length === 0
    ? html`<p>${place.words.consent.noScopes}</p>`
    : html`<ul aria-label="${label}">
${scopes.map((scope) => html`<li>${scope}</li>\n`)}</ul>`

/** Confirms what this page shows: the scopes go with it, so that nobody confirms more than they saw. */
export function confirmForm(frame: Frame, { number, scopes }: Connection, appName: string): Html {
  const words = frame.place.words.account
  return html`<form method="post" action="${addressOf(frame, { page: 'confirm', number })}">
${tokenField(frame)}
<input type="hidden" name="scopes" value="${scopes.join(' ')}">
<button aria-label="${words.confirmApp(appName)}">${words.confirm}</button>
</form>`
}

/** Leads to the question, which can be answered with no. */
export function uninstallLink(frame: Frame, { number }: Connection, appName: string): Html {
  const words = frame.place.words.account
  const address = addressOf(frame, { page: 'uninstall', number })
  return html`<a class="button second" href="${address}" aria-label="${words.uninstallApp(appName)}">${words.uninstall}</a>`
}

/** Whoever a connection is for, as an admin tells them apart. */
export const holderOf = ({ user }: ConnectedApp, place: Place): string =>
  user === undefined ? place.words.account.wholeOrganization : nameOf(user)

const nameOf = ({
  name,
  username,
}: {
  readonly name: string | undefined
  readonly username: string
}): string => (name ? `${name} (${username})` : username)

/** A letter may be made of several code points. */
const firstLetter = (name: string): string =>
  [...new Intl.Segmenter().segment(name.trim())][0]?.segment.toUpperCase() ?? '?'
