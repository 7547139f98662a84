import type { Subject } from '../kernel/operations/authorization.ts'
import type { Words } from '../words/index.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { alarm, layout } from './layout.ts'

export type ConsentView = {
  readonly place: Place
  readonly appName: string
  /** Where the app waits for its answer, as a user reads it. */
  readonly redirectHost: string
  readonly userName: string
  readonly scopes: readonly string[]
  readonly subject: 'user' | 'user in an organization' | 'organization'
  readonly subjects: readonly Subject[]
  /** An admin of an organization of the user has taken the app out of it. */
  readonly isBarred: boolean
  readonly returnTo: string
  readonly formToken: string
  readonly error: string | undefined
}

/** The consent page: which app, for whom, what it may do. */
export function consentPage(view: ConsentView): Html {
  const words = view.place.words.consent
  return layout(
    view.place,
    words.title(view.appName),
    html`<h1>${words.title(view.appName)}</h1>
<p>${(view.subject === 'organization' ? words.leadOrganization : words.lead)(view.appName)}</p>
${alarm(view.subjects.length === 0 ? nothingToAllow(view, words) : view.error)}
<form method="post" action="${view.place.base}${view.returnTo}">
<input type="hidden" name="form_token" value="${view.formToken}">
<input type="hidden" name="scopes" value="${view.scopes.join(' ')}">
${view.subject !== 'user' && organizations(view.subjects, words)}
${permissions(view.scopes, words)}
<p class="quiet">${words.back(view.redirectHost)}</p>
<div class="buttons">
${view.subjects.length > 0 && html`<button name="decision" value="allow">${words.allow}</button>`}
<button class="second" name="decision" value="cancel" formnovalidate>${words.cancel}</button>
</div>
</form>
<form class="account" method="post" action="${view.place.base}/sign-out">
<input type="hidden" name="form_token" value="${view.formToken}">
<input type="hidden" name="return_to" value="${view.returnTo}">
<span>${words.signedInAs(view.userName)}</span>
<button class="link">${words.signOut}</button>
</form>`,
  )
}

const nothingToAllow = ({ isBarred }: ConsentView, words: Words['consent']): string =>
  isBarred ? words.appRemoved : words.noOrganization

const permissions = (scopes: readonly string[], words: Words['consent']): Html =>
  scopes.length === 0
    ? html`<p>${words.noScopes}</p>`
    : html`<p class="label" id="scopes">${words.scopes}</p>
<ul aria-labelledby="scopes">
${scopes.map((scope) => html`<li>${scope}</li>\n`)}</ul>`

function organizations(subjects: readonly Subject[], words: Words['consent']): Html | undefined {
  const [only, another] = subjects
  if (!only) return undefined
  if (!another) {
    return html`<p class="label">${words.organization}</p>
<p>${nameOf(only)}</p>
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
