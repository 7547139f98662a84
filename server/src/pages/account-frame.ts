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

/** What just happened, announced when the page opens. */
export const told = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="told" role="status">${text}</p>`

/** An address of the account, for a link or a form. */
export const addressOf = ({ place }: Pick<Frame, 'place'>, to: AccountPath): string =>
  place.base + sayAccountPath(to)

/** The token without which no form of this browser is heard. */
export const tokenField = ({ formToken }: Pick<Frame, 'formToken'>): Html =>
  html`<input type="hidden" name="form_token" value="${formToken}">`
