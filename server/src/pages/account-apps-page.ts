import type { AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { appHead, badgesOf, entryEnd, factsOf, foldedScopes, waitingBadge } from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { addressOf, framed, told } from './account-frame.ts'
import type { Listing } from './account-listing.ts'
import { listed } from './account-listing.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type AppsView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly listing: Listing<ConnectedApp>
  readonly now: Milliseconds
  readonly reachOf: (app: AppShown) => Reach
}

/** The page of connected apps. */
export function appsPage(view: AppsView): Html {
  const { place } = view.frame
  const words = place.words.account
  return framed(
    view.frame,
    words.apps,
    html`<h1>${words.apps}</h1>
${told(view.note)}
${
  view.listing.isEmpty
    ? html`<div class="empty"><h2>${words.noApps}</h2>
<p>${words.noAppsText}</p></div>`
    : html`<p class="lead">${words.appsLead}</p>
${listed(view.frame, { page: 'apps' }, view.listing, sections(view))}`
}`,
  )
}

function sections(view: AppsView): Html {
  const words = view.frame.place.words.account
  const waiting = view.listing.shown.filter(isWaiting)
  const others = view.listing.shown.filter((app) => !isWaiting(app))
  return html`${waiting.length > 0 && section(view, 'waiting', words.waiting, waiting)}
${others.length > 0 && section(view, 'connected', words.others, others)}`
}

const isWaiting = ({ connection }: ConnectedApp): boolean => connection.confirmation === 'pending'

const section = (view: AppsView, id: string, title: string, apps: readonly ConnectedApp[]): Html =>
  html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
<ul class="items">
${apps.map((app) => entry(view, app))}</ul>
</section>`

function entry(view: AppsView, app: ConnectedApp): Html {
  const { frame, now } = view
  const { connection, client } = app
  const { place } = frame
  const waits = isWaiting(app)
  const reach = view.reachOf(client)
  const address = addressOf(frame, { page: 'app', number: connection.number })
  const title = html`<h3><a href="${address}">${client.name}</a></h3>`
  const facts = html`${badgesOf(place, client, waitingBadge(place, connection, true))}
${factsOf(place, app, { isOwn: true, reach, now })}
${foldedScopes(place, connection)}`
  return html`<li class="item${waits && ' waiting'}">
${appHead(place, client, title, facts)}
${entryEnd(frame, connection, reach, client.name)}
</li>
`
}
