/** What the account's pages put into their frame. */
import type { AccountFrame } from './account-layout.ts'
import { accountLayout } from './account-layout.ts'
import type { AccountPath } from './account-paths.ts'
import { sayAccountPath } from './account-paths.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

/** The frame before there is a page in it. */
export type Frame = Omit<AccountFrame, 'title' | 'content'>

export const framed = (frame: Frame, title: string, content: Html): Html =>
  accountLayout({ ...frame, title, content })

/** What just happened; not `isDone`: something else than was asked for. */
export type Note = { readonly text: string; readonly isDone: boolean }

/** Announced when the page opens. */
export const told = (note: Note | undefined): Html | undefined =>
  note && html`<p class="told${!note.isDone && ' attention'}" role="status">${note.text}</p>`

/** An address of the account, for a link or a form. */
export const addressOf = ({ place }: Pick<Frame, 'place'>, to: AccountPath): string =>
  place.base + sayAccountPath(to)

/** The token without which no form of this browser is heard. */
export const tokenField = ({ formToken }: Pick<Frame, 'formToken'>): Html =>
  html`<input type="hidden" name="form_token" value="${formToken}">`
