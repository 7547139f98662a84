/** The parts in which a connected app is shown, in a list or alone. */
import type { AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import type { Connection, Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import type { Frame } from './account-frame.ts'
import { addressOf, tokenField } from './account-frame.ts'
import { appTile } from './app-tile.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { scopeEntry } from './scope-list.ts'
/** Picture, name and maker; `title` is the heading with the name, and `more` stands below it. */
export const appHead = (place: Place, client: AppShown, title: Html, more?: Html): Html =>
  html`<div class="app">
${appTile(place, client)}
<div>${title}
${client.maker && html`<p>${place.words.account.by(client.maker)}</p>`}
${more}</div>
</div>`

/** What must be seen at first sight. */
export function badgesOf(place: Place, client: AppShown, waiting: Html | undefined): Html | undefined {
  const { disabled } = place.words.account
  if (!waiting && client.status === 'enabled') return undefined
  return html`<p>${waiting}${
    client.status === 'disabled' && html`<span class="badge barred">${disabled}</span>`
  }</p>`
}

/** That it waits for whoever reads this, or for somebody whom they govern. */
export function waitingBadge(
  { words }: Place,
  { confirmation }: Connection,
  isOwn: boolean,
): Html | undefined {
  if (confirmation !== 'pending') return undefined
  const text = isOwn ? words.account.confirmation : words.account.organizationApps.waits
  return html`<span class="badge waiting">${text}</span>`
}

/** For whom, since when, how it came, and when it was last used: one line. */
export function factsOf(
  place: Place,
  { connection, organization, lastUsed }: ConnectedApp,
  { isOwn, reach, now }: FactsAsked,
): Html {
  const words = place.words.account
  const { ago } = formatsFor(place.language)
  const used = lastUsed === undefined ? words.neverUsed : words.lastUsed(ago(lastUsed, now))
  const facts = [cameOf(place, connection, isOwn), ...(isAsleep(connection, reach) ? [] : [used])]
  return factLine(isOwn && organization ? [organization.name || organization.id, ...facts] : facts)
}

type FactsAsked = {
  readonly isOwn: boolean
  readonly reach: Reach
  readonly now: Milliseconds
}

/**
 * Whether its tokens open nothing before it is confirmed. They may have been renewed all the same, and to say
 * that it was used would make users believe that it had read something.
 */
export const isAsleep = ({ confirmation }: Connection, reach: Reach): boolean =>
  confirmation === 'pending' && reach !== 'all'

export const factLine = (facts: readonly string[]): Html => html`<p>${facts.join(' · ')}</p>`

/** How a connection came about, and when. */
export function cameOf({ words, language }: Place, { origin, since }: Connection, isOwn: boolean): string {
  const { migratedOn, authorizedOn, authorizedFor } = words.account
  const came = origin === 'migrated' ? migratedOn : isOwn ? authorizedOn : authorizedFor
  return came(formatsFor(language).date(since))
}

/** What the app may do, in the operator's words. */
export const permissionsOf = (place: Place, scopes: readonly string[]): Html =>
  scopes.length === 0
    ? html`<p>${place.words.account.noScopes}</p>`
    : html`<ul class="scopes">
${scopes.map((scope) => scopeEntry(scope, place.scopeWords(scope, scopes)))}</ul>`

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

/** What a waiting app may do is read before it is confirmed; of any other it is folded away. */
export const foldedScopes = (place: Place, { confirmation, scopes }: Connection): Html | undefined =>
  confirmation === 'pending'
    ? undefined
    : html`<details><summary>${place.words.account.mayDo}</summary>
${permissionsOf(place, scopes)}
</details>`

/** The end of a connection's entry in a list: what there is to confirm, and what can be done. */
export function entryEnd(frame: Frame, connection: Connection, reach: Reach, appName: string): Html {
  const { place } = frame
  const words = place.words.account
  const waits = connection.confirmation === 'pending'
  return html`${
    waits &&
    html`<div class="more">
<p>${words.pendingText[reach]} ${words.mayDo}:</p>
${permissionsOf(place, connection.scopes)}
</div>`
  }
<div class="buttons">
${waits && confirmForm(frame, connection, appName)}
${uninstallLink(frame, connection, appName)}
</div>`
}
