import type { ConnectedApp, OrganizationApp } from '../kernel/account-finders.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import type { Milliseconds, Organization } from '../kernel/records.ts'
import {
  appHead,
  entryEnd,
  factLine,
  factsOf,
  foldedScopes,
  holderOf,
  waitingBadge,
} from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { addressOf, framed, tokenField, told } from './account-frame.ts'
import { countsOf, organizationBadges } from './account-organization-page.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type OrganizationAppView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly organization: Organization
  readonly app: OrganizationApp
  /** Those of this page. */
  readonly connected: readonly ConnectedApp[]
  /** The number after which the next page begins. */
  readonly next: number | undefined
  readonly reach: Reach
  readonly now: Milliseconds
}

/** One app in an organization: who is connected, and what an admin can do about it. */
export function organizationAppPage(view: OrganizationAppView): Html {
  const { frame, note, organization, app, connected, next, now } = view
  const { place } = frame
  const words = place.words.account.organizationApps
  const where = { organizationId: organization.id, clientId: app.client.id }
  const title = html`<h1>${app.client.name}</h1>`
  return framed(
    frame,
    `${app.client.name} · ${words.title(organization.name || organization.id)}`,
    html`${appHead(place, app.client, title, organizationBadges(place, app))}
${told(note)}
<section class="panel">
${factLine(countsOf(place, app, { reach: view.reach, now }))}
${
  app.barred
    ? html`<p>${words.barredText}</p>
<form method="post" action="${addressOf(frame, { ...where, page: 'unbar' })}">
${tokenField(frame)}
<div class="buttons"><button>${words.allow}</button></div>
</form>`
    : html`<div class="buttons"><a class="button second" href="${addressOf(frame, { ...where, page: 'bar' })}">${words.uninstall}</a></div>`
}
</section>
${
  connected.length > 0 &&
  html`<section aria-labelledby="connections">
<h2 id="connections">${words.connections}</h2>
<ul class="items">
${connected.map((one) => entry(view, one))}</ul>
</section>`
}
${
  next !== undefined &&
  html`<p><a href="${addressOf(frame, { ...where, page: 'organization app' })}?after=${next}">${words.more}</a></p>`
}`,
  )
}

function entry({ frame, app, reach, now }: OrganizationAppView, connected: ConnectedApp): Html {
  const { place } = frame
  const { connection } = connected
  const holder = holderOf(connected, place)
  const waits = connection.confirmation === 'pending'
  return html`<li class="item${waits && ' waiting'}">
<div class="app"><div><h3>${holder}</h3>
${waits && html`<p>${waitingBadge(place, connection, false)}</p>`}
${factsOf(place, connected, { isOwn: false, reach, now })}
${foldedScopes(place, connection)}
</div></div>
${entryEnd(frame, connection, reach, `${app.client.name}, ${holder}`)}
</li>
`
}
