import type { Subject } from '../kernel/operations/authorization.ts'
import type { Reason } from '../kernel/refusals.ts'
import type { ActsFor } from '../kernel/subjects.ts'
import type { Words } from '../words/index.ts'
import type { ShownApp } from './app-tile.ts'
import { appTile } from './app-tile.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { alarm, layout } from './layout.ts'
import { scopeList } from './scope-list.ts'

export type ConsentView = {
  readonly place: Place
  readonly app: ShownApp & { readonly maker: string | undefined }
  /** Where the app waits for its answer, as a user reads it. */
  readonly redirectHost: string
  readonly userName: string
  readonly scopes: readonly string[]
  /** Shown, and not asked again. */
  readonly allowedBefore: readonly string[]
  readonly subject: ActsFor
  readonly subjects: readonly Subject[]
  /** Why there is nobody whom the user could let the app act for, where it is for a reason. */
  readonly denied: Reason | undefined
  readonly returnTo: string
  readonly formToken: string
  readonly error: string | undefined
}

type ConsentWords = Words['consent']

/** The consent page: which app, for whom, what it may do. */
export function consentPage(view: ConsentView): Html {
  const { place, app } = view
  const words = place.words.consent
  const title = words.title(app.name)
  const canAllow = view.subjects.length > 0
  const asked = askedIn(view)
  return layout(
    place,
    view.error === undefined ? title : place.words.notices.errorTitle(title),
    html`<div class="app">
${appTile(place, app)}
<div>
<h1>${title}</h1>
${app.maker !== undefined && html`<p class="quiet">${words.by(app.maker)}</p>`}
</div>
</div>
<p class="lead">${leadOf(view, words)}</p>
${alarm(canAllow ? view.error : nothingToAllow(view, words))}
<form method="post" action="${place.base}${view.returnTo}">
<input type="hidden" name="form_token" value="${view.formToken}">
<input type="hidden" name="scopes" value="${asked.join(' ')}">
${view.subject !== 'user' && organizations(view, words)}
${canAllow && permissions(view, asked, words)}
<p class="quiet">${canAllow && `${words.takeBack} `}${words.back(view.redirectHost)}</p>
<div class="buttons">
${canAllow && html`<button name="decision" value="allow">${words.allow}</button>`}
<button class="second" name="decision" value="cancel" formnovalidate>${words.cancel}</button>
</div>
</form>
<form class="account" method="post" action="${place.base}/sign-out">
<input type="hidden" name="form_token" value="${view.formToken}">
<input type="hidden" name="return_to" value="${view.returnTo}">
<span>${words.signedInAs(view.userName)}</span>
<button class="link">${words.signOut}</button>
</form>`,
  )
}

/** What is new. Where nothing is, the app wants to be asked all the same, and all is. */
function askedIn({ scopes, allowedBefore }: ConsentView): readonly string[] {
  const fresh = scopes.filter((scope) => !allowedBefore.includes(scope))
  return fresh.length === 0 ? scopes : fresh
}

const leadOf = ({ place, app, subject }: ConsentView, words: ConsentWords): string =>
  subject === 'organization'
    ? words.leadOrganization(app.name, place.brand.name)
    : words.lead(app.name, place.brand.name)

function nothingToAllow({ denied }: ConsentView, words: ConsentWords): string {
  const told: { readonly [R in Reason]?: string } = {
    client_barred: words.appRemoved,
    client_barred_for_user: words.appForbidden,
    client_not_enabled: words.appNotEnabled,
    address_not_allowed: words.addressNotAllowed,
  }
  return (denied && told[denied]) ?? words.noOrganization
}

function permissions(
  { place, scopes, allowedBefore }: ConsentView,
  asked: readonly string[],
  words: ConsentWords,
): Html {
  const before = allowedBefore.filter((scope) => !asked.includes(scope))
  if (asked.length === 0 && before.length === 0) return html`<p class="section">${words.noScopes}</p>`
  return html`<p class="label section" id="scopes">${before.length === 0 ? words.scopes : words.newScopes}</p>
${scopeList(place, asked, scopes)}
${
  before.length > 0 &&
  html`<p class="label section" id="before">${words.allowedBefore}</p>
${scopeList(place, before, scopes, true)}`
}`
}

function organizations({ subjects }: ConsentView, words: ConsentWords): Html | undefined {
  const [only, another] = subjects
  // Whoever belongs to none acts alone, where the dialect lets them.
  if (!only || only.organizationId === '') return undefined
  if (!another) {
    return html`<p class="label">${words.organization}</p>
<p class="fact">${nameOf(only)}</p>
<input type="hidden" name="organization" value="${only.organizationId}">`
  }
  return html`<fieldset>
<legend>${words.organizations}</legend>
${subjects.map(
  (subject) => html`<label class="choice">
<input type="radio" name="organization" value="${subject.organizationId}" required>
<span>${nameOf(subject)}</span>
</label>\n`,
)}</fieldset>`
}

const nameOf = ({ organization, organizationId }: Subject): string => organization?.name || organizationId
