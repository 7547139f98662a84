/** The one more question before an app is uninstalled. */
import type { AppShown, ConnectedApp } from '../kernel/account-finders.ts'
import type { Organization } from '../kernel/records.ts'
import { appHead, holderOf } from './account-app-parts.ts'
import type { Frame } from './account-frame.ts'
import { addressOf, framed, tokenField } from './account-frame.ts'
import type { AccountPath } from './account-paths.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type UninstallView = {
  readonly frame: Frame
  readonly app: ConnectedApp
  readonly isOwn: boolean
  /** Where who changes their mind goes. */
  readonly back: AccountPath
}

export function uninstallPage({ frame, app, isOwn, back }: UninstallView): Html {
  const { client, organization, user, connection } = app
  const words = frame.place.words.account
  const question = words.uninstallQuestion
  const text = isOwn
    ? question.own(client.name)
    : user
      ? question.other(client.name, holderOf(app, frame.place))
      : question.whole(client.name, organization?.name || connection.organizationId)
  return asks({
    frame,
    client,
    title: question.title(client.name),
    texts: [text, isOwn ? question.ownBack : question.back],
    to: { page: 'uninstall', number: connection.number },
    label: words.uninstall,
    back,
  })
}

export type BarView = {
  readonly frame: Frame
  readonly client: AppShown
  readonly organization: Organization
}

/** Of the whole organization. */
export function barPage({ frame, client, organization }: BarView): Html {
  const words = frame.place.words.account.organizationApps
  const name = organization.name || organization.id
  const where = { organizationId: organization.id, clientId: client.id }
  return asks({
    frame,
    client,
    title: words.question(client.name, name),
    texts: [words.questionText(client.name, name), words.questionBack],
    to: { ...where, page: 'bar' },
    label: words.uninstall,
    back: { ...where, page: 'organization app' },
  })
}

type Question = {
  readonly frame: Frame
  readonly client: AppShown
  readonly title: string
  readonly texts: readonly string[]
  readonly to: AccountPath
  readonly label: string
  readonly back: AccountPath
}

function asks({ frame, client, title, texts, to, label, back }: Question): Html {
  const { cancel } = frame.place.words.account
  return framed(
    frame,
    title,
    html`${appHead(frame.place, client, html`<h1>${title}</h1>`)}
<section class="panel">
${texts.map((text) => html`<p>${text}</p>\n`)}
<form method="post" action="${addressOf(frame, to)}">
${tokenField(frame)}
<div class="buttons">
<button class="danger">${label}</button>
<a class="button second" href="${addressOf(frame, back)}">${cancel}</a>
</div>
</form>
</section>`,
  )
}
