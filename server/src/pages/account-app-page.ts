import type { ConnectedApp } from '../kernel/account-finders.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import {
  appHead,
  badgesOf,
  cameOf,
  confirmForm,
  holderOf,
  isAsleep,
  permissionsOf,
  uninstallLink,
  waitingBadge,
} from './account-app-parts.ts'
import type { Frame, Note } from './account-frame.ts'
import { framed, told } from './account-frame.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type AppView = {
  readonly frame: Frame
  readonly note: Note | undefined
  readonly app: ConnectedApp
  /** Else an admin looks at it. */
  readonly isOwn: boolean
  readonly reach: Reach
  readonly now: Milliseconds
}

/** One connected app, with all there is to say of it. */
export function appPage({ frame, note, app, isOwn, reach, now }: AppView): Html {
  const { place } = frame
  const { connection, client, organization, lastUsed } = app
  const words = place.words.account
  const waits = connection.confirmation === 'pending'
  const used = lastUsed === undefined ? words.neverUsed : formatsFor(place.language).ago(lastUsed, now)
  const title = html`<h1>${client.name}</h1>`
  return framed(
    frame,
    client.name,
    html`${appHead(place, client, title, badgesOf(place, client, waitingBadge(place, connection, isOwn)))}
${told(note)}
<section class="panel">
${client.status === 'disabled' && html`<p>${words.disabledText(place.brand.name)}</p>`}
${waits && html`<p>${words.pendingText[reach]}</p>`}
<dl class="facts">
${!isOwn && fact(words.person, holderOf(app, place))}
${organization && fact(words.organization, organization.name || organization.id)}
${fact(words.connected, cameOf(place, connection, isOwn))}
${!isAsleep(connection, reach) && fact(words.lastUse, used)}
${connection.confirmation === 'confirmed' && fact(words.confirmationState, words.confirmed)}
</dl>
<h2>${words.mayDo}</h2>
${permissionsOf(place, connection.scopes)}
<div class="buttons">
${waits && confirmForm(frame, connection, client.name)}
${uninstallLink(frame, connection, client.name)}
</div>
</section>`,
  )
}

const fact = (name: string, value: string): Html => html`<dt>${name}</dt><dd>${value}</dd>\n`
