import type { Session } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import { factLine } from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { addressOf, framed, tokenField, told } from './account-frame.ts'
import { nameBrowser } from './browser-names.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { supportLink } from './layout.ts'

export type SessionsView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly own: Session
  readonly others: readonly Session[]
  /** Where users choose another password, if the operator has such a page. */
  readonly passwordPage: string | undefined
  /** The name of the operator's own provider, where there is one. */
  readonly provider: string | undefined
}

/** Where the user is signed in. */
export function sessionsPage(view: SessionsView): Html {
  const { frame, note, own, others } = view
  const words = frame.place.words.account
  return framed(
    frame,
    words.sessions,
    html`<h1>${words.sessions}</h1>
${told(note)}
<p class="lead">${words.sessionsLead}</p>
<p>${passwordHelp(view)}</p>
<ul class="items">
${entry(frame.place, own, html`<span class="badge fine">${words.thisBrowser}</span>`)}
${others.map((session) => entry(frame.place, session, endForm(frame, session)))}</ul>
${
  others.length === 0
    ? html`<p class="quiet">${words.noOthers}</p>`
    : html`<form method="post" action="${addressOf(frame, { page: 'sessions' })}">
${tokenField(frame)}
<input type="hidden" name="session" value="others">
<div class="buttons"><button class="second">${words.endOthers}</button></div>
</form>`
}`,
  )
}

/** Where another password comes from: whoever was told to choose one must not have to look for it. */
function passwordHelp({ frame, own, passwordPage, provider }: SessionsView): Html {
  const { place } = frame
  const { password } = place.words.account
  if (own.method === 'provider' && provider !== undefined) return html`${password.provider(provider)}`
  if (passwordPage !== undefined) return html`<a href="${passwordPage}">${password.page}</a>`
  return html`${password.operator(place.brand.name)} ${supportLink(place)}`
}

function entry(place: Place, { userAgent, created, address }: Session, more: Html): Html {
  const words = place.words.account
  const { moment } = formatsFor(place.language)
  const facts = [words.signedInOn(moment(created)), ...(address ? [words.from(address)] : [])]
  return html`<li class="item">
<div class="app"><div>
<h2>${browserOf(place, userAgent)}</h2>
${factLine(facts)}
</div></div>
${more}
</li>
`
}

function endForm(frame: Frame, { hash, userAgent, created }: Session): Html {
  const words = frame.place.words.account
  const since = formatsFor(frame.place.language).moment(created)
  return html`<form method="post" action="${addressOf(frame, { page: 'sessions' })}">
${tokenField(frame)}
<input type="hidden" name="session" value="${Buffer.from(hash).toString('hex')}">
<button class="second" aria-label="${words.endSessionOf(browserOf(frame.place, userAgent), since)}">${words.endSession}</button>
</form>`
}

function browserOf({ words }: Place, userAgent: string | undefined): string {
  const { browser, system } = nameBrowser(userAgent)
  const { aBrowser, browserOn } = words.account
  return system === undefined ? (browser ?? aBrowser) : browserOn(browser ?? aBrowser, system)
}
