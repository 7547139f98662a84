import type { OrganizationApp } from '../kernel/account-finders.ts'
import type { Milliseconds, Organization } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import { appHead, badgesOf, factLine } from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { addressOf, framed, told } from './account-frame.ts'
import type { Listing } from './account-listing.ts'
import { listed } from './account-listing.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'

export type OrganizationView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly organization: Organization
  readonly listing: Listing<OrganizationApp>
  readonly now: Milliseconds
}

/** The apps of an organization. */
export function organizationPage({ frame, note, organization, listing, now }: OrganizationView): Html {
  const { place } = frame
  const words = place.words.account.organizationApps
  const name = organization.name || organization.id
  return framed(
    frame,
    words.title(name),
    html`<h1>${words.title(name)}</h1>
${told(note)}
${
  listing.isEmpty
    ? html`<div class="empty"><h2>${words.none}</h2>
<p>${words.noneText}</p></div>`
    : html`<p class="lead">${words.lead(name)}</p>
${listed(
  frame,
  { page: 'organization', organizationId: organization.id },
  listing,
  html`<ul class="items">
${listing.shown.map((app) => entry(frame, organization.id, app, now))}</ul>`,
)}`
}`,
  )
}

function entry(frame: Frame, organizationId: string, app: OrganizationApp, now: Milliseconds): Html {
  const { place } = frame
  const to = { page: 'organization app', organizationId, clientId: app.client.id } as const
  const title = html`<h2><a href="${addressOf(frame, to)}">${app.client.name}</a></h2>`
  const more = html`${organizationBadges(place, app)}
${factLine(countsOf(place, app, now))}`
  return html`<li class="item${app.pending > 0 && ' waiting'}">
${appHead(place, app.client, title, more)}
</li>
`
}

/** How many, since when, last used. */
export function countsOf(place: Place, app: OrganizationApp, now: Milliseconds): readonly string[] {
  const { account } = place.words
  const words = account.organizationApps
  const { count, date, ago } = formatsFor(place.language)
  if (app.barred) return [words.barredSince(date(app.since))]
  return [
    words.people(count(app.connections), app.connections),
    ...(app.pending > 0 ? [words.waiting(count(app.pending))] : []),
    words.since(date(app.since)),
    app.lastUsed === undefined ? account.neverUsed : account.lastUsed(ago(app.lastUsed, now)),
  ]
}

export const organizationBadges = (place: Place, { client, barred }: OrganizationApp): Html =>
  html`${
    barred && html`<p><span class="badge barred">${place.words.account.organizationApps.barred}</span></p>`
  }${badgesOf(place, client, false)}`
