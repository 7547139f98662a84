import type { AdmittableApp } from '../kernel/admissions.ts'
import type { RequestTokenMade } from '../kernel/operations/make-request-token.ts'
import type { Milliseconds, Organization } from '../kernel/records.ts'
import { requestTokenUsesMax } from '../kernel/request-token.ts'
import { ofCompany } from '../kernel/scopes.ts'
import { formatsFor } from '../words/formats.ts'
import { appHead, permissionsOf } from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { addressOf, framed, tokenField, told } from './account-frame.ts'
import type { Listing } from './account-listing.ts'
import { listed } from './account-listing.ts'
import type { AccountPath } from './account-paths.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'

/** An app, and what an organization's admin can do for it. */
export type ConnectableApp = AdmittableApp & {
  /** It connects a whole organization with what its admin hands it. */
  readonly takesToken: boolean
  /** Nobody connects it before an admin has let it in. */
  readonly wantsEnabling: boolean
}

export type ConnectView = {
  readonly frame: Frame
  readonly organization: Organization
  readonly listing: Listing<ConnectableApp>
}

/** The apps of which an admin chooses one. */
export function connectPage({ frame, organization, listing }: ConnectView): Html {
  const { place } = frame
  const words = place.words.account.connect
  const organizationId = organization.id
  const entry = (app: ConnectableApp): Html => {
    const to = { page: 'connect app', organizationId, clientId: app.client.id } as const
    const title = html`<h2><a href="${addressOf(frame, to)}">${app.client.name}</a></h2>`
    return html`<li class="item">
${appHead(place, app.client, title, enabledBadge(place, app))}
</li>
`
  }
  return framed(
    frame,
    words.title,
    html`<h1>${words.title}</h1>
${
  listing.isEmpty
    ? html`<div class="empty"><h2>${words.none}</h2>
<p>${words.noneText}</p></div>`
    : html`<p class="lead">${words.lead(organization.name || organization.id)}</p>
${listed(
  frame,
  { page: 'connect', organizationId },
  listing,
  html`<ul class="items">
${listing.shown.map(entry)}</ul>`,
)}`
}
${backTo(frame, { page: 'organization', organizationId }, words.back)}`,
  )
}

const enabledBadge = ({ words }: Place, { wantsEnabling, enabled }: ConnectableApp): Html | undefined => {
  const { isEnabled, isNotEnabled } = words.account.connect
  if (!wantsEnabling) return undefined
  return enabled
    ? html`<p><span class="badge fine">${isEnabled}</span></p>`
    : html`<p><span class="badge">${isNotEnabled}</span></p>`
}

const backTo = (frame: Frame, to: AccountPath, label: string): Html =>
  html`<p><a href="${addressOf(frame, to)}">${label}</a></p>`

export type ConnectAppView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly organization: Organization
  readonly app: ConnectableApp
  /** Until when a request token that was made before is good, where there is one. */
  readonly openUntil: Milliseconds | undefined
}

/** One app: what it may do, whether it is let in, and the form that hands it what it connects with. */
export function connectAppPage(view: ConnectAppView): Html {
  const { frame, note, organization, app } = view
  const { place } = frame
  const words = place.words.account.connect
  const title = html`<h1>${app.client.name}</h1>`
  return framed(
    frame,
    `${app.client.name} · ${words.title}`,
    html`${appHead(place, app.client, title, enabledBadge(place, app))}
${told(note)}
${app.takesToken && (app.enabled || !app.wantsEnabling) && connecting(view)}
${app.wantsEnabling && enabling(view)}
${backTo(frame, { page: 'connect', organizationId: organization.id }, words.others)}`,
  )
}

function enabling({ frame, organization, app }: ConnectAppView): Html {
  const { client, enabled } = app
  const words = frame.place.words.account.connect
  const name = organization.name || organization.id
  const to = { organizationId: organization.id, clientId: client.id } as const
  const page = enabled ? 'disable app' : 'enable app'
  const button = enabled
    ? html`<button class="second">${words.disable}</button>`
    : html`<button>${words.enable}</button>`
  return html`<section class="panel">
<p>${enabled ? words.enabledText(client.name, name) : words.notEnabledText(client.name, name)}</p>
${
  !enabled &&
  html`<h2>${frame.place.words.account.mayDo}</h2>
${permissionsOf(frame.place, ofCompany(client.scopes))}`
}
<form method="post" action="${addressOf(frame, { ...to, page })}">
${tokenField(frame)}
<div class="buttons">${button}</div>
</form>
</section>`
}

function connecting({ frame, organization, app: { client }, openUntil }: ConnectAppView): Html {
  const { place } = frame
  const words = place.words.account.connect
  const name = organization.name || organization.id
  const to = { page: 'connect app', organizationId: organization.id, clientId: client.id } as const
  return html`<section class="panel">
<h2>${words.mayDo(client.name, name)}</h2>
${permissionsOf(place, ofCompany(client.scopes))}
<p>${words.how(client.name)}</p>
${openUntil !== undefined && html`<p>${words.isOpen(formatsFor(place.language).moment(openUntil))}</p>`}
<form method="post" action="${addressOf(frame, to)}">
${tokenField(frame)}
<div class="buttons"><button>${words.make}</button></div>
</form>
</section>`
}

export type RequestTokenView = {
  readonly frame: Frame
  readonly client: ConnectableApp['client']
  readonly made: RequestTokenMade
  readonly back: AccountPath
}

/** The only page that ever shows the token. */
export function requestTokenPage({ frame, client, made, back }: RequestTokenView): Html {
  const { place } = frame
  const words = place.words.account.connect
  const { moment, count } = formatsFor(place.language)
  return framed(
    frame,
    words.madeTitle(client.name),
    html`${appHead(place, client, html`<h1>${words.madeTitle(client.name)}</h1>`)}
${told({ text: words.shownOnce, isDone: false })}
<section class="panel">
<p>${words.whatToDo(client.name)}</p>
<dl class="facts">
<dt>${words.organizationId}</dt><dd><code class="whole">${made.subjectId}</code></dd>
<dt>${words.requestToken}</dt><dd><code class="whole">${made.requestToken}</code></dd>
<dt>${words.goodUntil}</dt><dd>${moment(made.expires)}</dd>
</dl>
<p>${words.goodFor(client.name, count(requestTokenUsesMax))}</p>
<p>${words.secret}</p>
<div class="buttons"><a class="button second" href="${addressOf(frame, back)}">${words.done.finished}</a></div>
</section>`,
  )
}
