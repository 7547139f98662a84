import type { ConnectedApp } from '../kernel/account-finders.ts'
import type { Policy } from '../kernel/policy.ts'
import type { Milliseconds } from '../kernel/records.ts'
import {
  appHead,
  badgesOf,
  confirmForm,
  factsOf,
  holderOf,
  permissionsOf,
  uninstallLink,
} from './account-app-parts.ts'
import type { Frame } from './account-frame.ts'
import { framed, told } from './account-frame.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type AppView = {
  readonly frame: Frame
  readonly note: string | undefined
  readonly app: ConnectedApp
  /** Else an admin looks at it. */
  readonly isOwn: boolean
  readonly waiting: Policy['confirmation']
  readonly now: Milliseconds
}

/** One connected app, with all there is to say of it. */
export function appPage({ frame, note, app, isOwn, waiting, now }: AppView): Html {
  const { place } = frame
  const { connection, client } = app
  const words = place.words.account
  const waits = connection.confirmation === 'pending'
  const title = html`<h1>${client.name}</h1>`
  return framed(
    frame,
    client.name,
    html`${appHead(place, client, title, badgesOf(place, client, waits))}
${told(note)}
${client.status === 'disabled' && html`<p>${words.disabledText(place.brand.name)}</p>`}
${waits && html`<p>${words.pendingText[waiting === 'required' ? 'required' : 'notify']}</p>`}
${!isOwn && html`<p class="label">${holderOf(app, place)}</p>`}
<ul class="plain">
${factsOf(place, app, { isOwn, now }).map((fact) => html`<li>${fact}</li>\n`)}</ul>
<h2>${words.mayDo}</h2>
${permissionsOf(place, connection.scopes, words.mayDo)}
<div class="actions">
${waits && confirmForm(frame, connection, client.name)}
${uninstallLink(frame, connection, client.name)}
</div>`,
  )
}
