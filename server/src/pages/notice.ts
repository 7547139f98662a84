import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { alarm, layout, supportLink } from './layout.ts'

export type NoticeView = {
  readonly place: Place
  readonly title: string
  readonly text: string
  readonly isError: boolean
  /** A link onwards: a path of this server and its label. */
  readonly link?: { readonly path: string; readonly label: string } | undefined
  /** Whether it takes the operator's help to go on. */
  readonly isForSupport?: boolean
}

/** A page that says one thing. */
export const noticePage = ({ place, title, text, isError, link, isForSupport }: NoticeView): Html =>
  layout(
    place,
    title,
    html`<h1>${title}</h1>
${isError ? alarm(text) : html`<p>${text}</p>`}
${isForSupport && supportLink(place) && html`<p>${supportLink(place)}</p>`}
${link && html`<div class="buttons"><a class="button" href="${place.base}${link.path}">${link.label}</a></div>`}`,
  )
