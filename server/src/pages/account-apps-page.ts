import type { AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Policy } from '../kernel/policy.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import { appHead, badgesOf, confirmForm, factsOf, permissionsOf, uninstallLink } from './account-app-parts.ts'
import type { Frame } from './account-frame.ts'
import { addressOf, framed, told } from './account-frame.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type AppsView = {
  readonly frame: Frame
  readonly note: string | undefined
  /** Those of this page. */
  readonly apps: readonly ConnectedApp[]
  /** How many there are on all pages. */
  readonly count: number
  /** Nothing is connected at all, whatever was looked for. */
  readonly isEmpty: boolean
  readonly isSearchable: boolean
  readonly wanted: string
  readonly page: number
  readonly last: number
  readonly now: Milliseconds
  readonly waitingOf: (app: AppShown) => Policy['confirmation']
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
  view.isEmpty
    ? html`<div class="empty"><h2>${words.noApps}</h2>
<p>${words.noAppsText}</p></div>`
    : html`<p class="lead">${words.appsLead}</p>
${listing(view)}`
}`,
  )
}

function listing(view: AppsView): Html {
  const words = view.frame.place.words.account
  const waiting = view.apps.filter(isWaiting)
  const others = view.apps.filter((app) => !isWaiting(app))
  if (view.count === 0) {
    return html`${search(view)}<p>${words.findNothing}</p>`
  }
  return html`${search(view)}
${waiting.length > 0 && section(view, 'waiting', words.waiting, waiting)}
${others.length > 0 && section(view, 'connected', words.others, others)}
${view.last > 1 && pages(view)}`
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
  const words = place.words.account
  const waits = isWaiting(app)
  const permissions = permissionsOf(place, connection.scopes)
  const address = addressOf(frame, { page: 'app', number: connection.number })
  const title = html`<h3><a href="${address}">${client.name}</a></h3>`
  const facts = html`${badgesOf(place, client, waits)}
${factsOf(place, app, { isOwn: true, now })}
${
  !waits &&
  html`<details><summary>${words.mayDo}</summary>
${permissions}
</details>`
}`
  return html`<li class="item${waits && ' waiting'}">
${appHead(place, client, title, facts)}
${
  waits &&
  html`<div class="more">
<p>${words.pendingText[view.waitingOf(client) === 'required' ? 'required' : 'notify']} ${words.mayDo}:</p>
${permissions}
</div>`
}
<div class="buttons">
${waits && confirmForm(frame, connection, client.name)}
${uninstallLink(frame, connection, client.name)}
</div>
</li>
`
}

function search({ frame, isSearchable, wanted, count }: AppsView): Html | undefined {
  if (!isSearchable) return undefined
  const words = frame.place.words.account
  const address = addressOf(frame, { page: 'apps' })
  const shown = formatsFor(frame.place.language).count(count)
  return html`<form class="search" role="search" method="get" action="${address}">
<div><label for="q">${words.find}</label>
<input id="q" name="q" type="search" value="${wanted}" maxlength="100" autocomplete="off" spellcheck="false"></div>
<button class="second">${words.findButton}</button>
</form>
<p class="quiet">${words.count(shown, count)}${wanted !== '' && html` · <a href="${address}">${words.findAll}</a>`}</p>`
}

function pages({ frame, wanted, page, last }: AppsView): Html {
  const words = frame.place.words.account
  const { count } = formatsFor(frame.place.language)
  const to = (number: number): string => {
    const query = new URLSearchParams({ ...(wanted !== '' && { q: wanted }), page: String(number) })
    return `${addressOf(frame, { page: 'apps' })}?${query}`
  }
  return html`<nav class="pages" aria-label="${words.pages}">
${page > 1 && html`<a rel="prev" href="${to(page - 1)}">${words.previous}</a>`}
<span>${words.page(count(page), count(last))}</span>
${page < last && html`<a rel="next" href="${to(page + 1)}">${words.next}</a>`}
</nav>`
}
