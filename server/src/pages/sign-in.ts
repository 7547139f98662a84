import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { alarm, layout } from './layout.ts'

export type SignInView = {
  readonly place: Place
  /** Absent: the user comes for the account's own pages. */
  readonly appName: string | undefined
  /** The hub's own path and query, to which the form leads back. */
  readonly returnTo: string
  readonly formToken: string
  /** What was typed before; a password is never said again. */
  readonly username: string
  readonly error: string | undefined
  /** Whether there is a form for a password. */
  readonly password: boolean
  /** The name of the operator's own provider, where there is one. */
  readonly provider: string | undefined
  /** Where a forgotten password is replaced: a page of the operator's. */
  readonly passwordPage: string | undefined
}

/** The sign-in page. */
export function signInPage(view: SignInView): Html {
  const { signIn: words, notices } = view.place.words
  return layout(
    view.place,
    view.error === undefined ? words.title : notices.errorTitle(words.title),
    html`<h1>${view.appName === undefined ? words.titleAccount : words.title}</h1>
${view.appName !== undefined && html`<p class="quiet">${words.lead(view.appName)}</p>`}
${alarm(view.error)}
${view.password && passwordForm(view)}
${view.password && view.provider !== undefined && html`<p class="or">${words.or}</p>`}
${view.provider !== undefined && providerForm(view, view.provider)}`,
  )
}

function passwordForm(view: SignInView): Html {
  const { signIn: words } = view.place.words
  return html`<form method="post" action="${view.place.base}/sign-in">
${hiddenFields(view)}
<label for="username">${words.username}</label>
<input id="username" name="username" type="text" value="${view.username}" required autocomplete="username"
 autocapitalize="none" autocorrect="off" spellcheck="false"${view.username === '' && html` autofocus`}>
<label for="password">${words.password}</label>
<input id="password" name="password" type="password" required autocomplete="current-password"
${view.username !== '' && html` autofocus`}>
<div class="buttons"><button>${words.submit}</button></div>
${view.passwordPage !== undefined && html`<p><a href="${view.passwordPage}">${words.forgotten}</a></p>`}
</form>`
}

/** A button, not a redirect: users see where they go before they are there. */
const providerForm = (view: SignInView, provider: string): Html =>
  html`<form method="post" action="${view.place.base}/sign-in/provider">
${hiddenFields(view)}
<div class="buttons"><button${view.password && html` class="second"`}>${view.place.words.signIn.withProvider(provider)}</button></div>
</form>`

const hiddenFields = (view: SignInView): Html =>
  html`<input type="hidden" name="form_token" value="${view.formToken}">
<input type="hidden" name="return_to" value="${view.returnTo}">`
