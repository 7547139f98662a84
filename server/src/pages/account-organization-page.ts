import type { AppShown, OrganizationApp } from '../kernel/account-finders.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
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
  /** There is an app that an admin can do something for. */
  readonly isConnectable: boolean
  readonly now: Milliseconds
  readonly reachOf: (app: AppShown) => Reach
}

/** The apps of an organization. */
export function organizationPage(view: OrganizationView): Html {
  const { frame, note, organization, listing, isConnectable } = view
  const { place } = frame
  const words = place.words.account.organizationApps
  const name = organization.name || organization.id
  const connect = { page: 'connect', organizationId: organization.id } as const
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
${listing.shown.map((app) => entry(view, app))}</ul>`,
)}`
}
${
  isConnectable &&
  html`<div class="buttons">
<a class="button second" href="${addressOf(frame, connect)}">${place.words.account.connect.title}</a>
</div>`
}`,
  )
}

function entry({ frame, organization, reachOf, now }: OrganizationView, app: OrganizationApp): Html {
  const { place } = frame
  const organizationId = organization.id
  const reach = reachOf(app.client)
  const to = { page: 'organization app', organizationId, clientId: app.client.id } as const
  const title = html`<h2><a href="${addressOf(frame, to)}">${app.client.name}</a></h2>`
  const more = html`${organizationBadges(place, app)}
${factLine(countsOf(place, app, { reach, now }))}`
  return html`<li class="item${app.pending > 0 && ' waiting'}">
${appHead(place, app.client, title, more)}
</li>
`
}

/** How many, since when, last used; the last not where none of them does anything before it is confirmed. */
export function countsOf(
  place: Place,
  app: OrganizationApp,
  { reach, now }: { readonly reach: Reach; readonly now: Milliseconds },
): readonly string[] {
  const { account } = place.words
  const words = account.organizationApps
  const { count, date, ago } = formatsFor(place.language)
  if (app.barred) return [words.since(date(app.since))]
  const people = app.connections - (app.isForAll ? 1 : 0)
  const areAllAsleep = reach !== 'all' && app.pending === app.connections
  return [
    ...(app.isForAll ? [account.wholeOrganization] : []),
    ...(people > 0 ? [words.people(count(people), people)] : []),
    ...(app.pending > 0 ? [words.waiting(count(app.pending), app.pending)] : []),
    words.since(date(app.since)),
    ...(areAllAsleep
      ? []
      : [app.lastUsed === undefined ? account.neverUsed : account.lastUsed(ago(app.lastUsed, now))]),
  ]
}

export const organizationBadges = (place: Place, { client, barred }: OrganizationApp): Html =>
  html`${
    barred && html`<p><span class="badge barred">${place.words.account.organizationApps.barred}</span></p>`
  }${badgesOf(place, client, undefined)}`
