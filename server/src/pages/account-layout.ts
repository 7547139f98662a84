import type { Organization } from '../kernel/records.ts'
import { sayAccountPath } from './account-paths.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { document, footer } from './layout.ts'

/**
 * The frame of the account's pages.
 *
 * What `content` may be made of, beside what the narrow card has (`alarm`, `told`, `buttons`, `scopes` …):
 * - `<p class="lead">` below the heading; `<section class="panel">` a card.
 * - `<ul class="items">` of `<li class="item">` (`item waiting`: wants an answer); in it `<div class="app">`,
 *   `appTile` and a `<div>` of `<h2>` and `<p>`, then `<div class="buttons">`; `<p class="empty">` for none.
 * - `<span class="badge">`, `badge waiting`, `badge barred`, `badge fine`.
 * - `<dl class="facts">` with `<dt>` and `<dd>`; `<details>` with `<summary>`.
 * - `<form class="search" role="search">` of a `<div>` with label and `<input type="search">`, and a button.
 * - `<nav class="pages">` with links and a `<span>`, to the pages of a long list.
 * - `<table>`: below 640 pixels each row becomes a card, where `<td data-label="…">` says what its column's
 *   head did; give table, rows and cells their `role` then, which they lose as blocks. `<td class="number">`.
 * - `class="danger"` on a button or a link with `class="button"`.
 */
export type AccountFrame = {
  readonly place: Place
  /** What the tab says; the heading is the content's. */
  readonly title: string
  /** The entry of the navigation that this page is of. */
  readonly current:
    | { readonly page: 'apps' | 'sessions' }
    | { readonly page: 'organization'; readonly organizationId: string }
  /** Those that the user governs. */
  readonly organizations: readonly Pick<Organization, 'id' | 'name'>[]
  readonly userName: string
  /** Of the session, for the form that signs out. */
  readonly formToken: string
  readonly content: Html
}

/** A wide page: the operator's name, the way to the other pages, who is signed in, and the content. */
export function accountLayout(frame: AccountFrame): Html {
  const { place, title, current, organizations, userName, formToken, content } = frame
  const { base, brand } = place
  const words = place.words.account
  const here = sayAccountPath(current)
  const entries = [
    { path: sayAccountPath({ page: 'apps' }), label: words.apps },
    { path: sayAccountPath({ page: 'sessions' }), label: words.sessions },
    ...organizations.map(({ id, name }) => ({
      path: sayAccountPath({ page: 'organization', organizationId: id }),
      label: words.appsOf(name || id),
    })),
  ]
  return document(
    place,
    title,
    html`<body class="wide">
<a class="skip" href="#main">${words.skip}</a>
<header class="top">
<div class="frame bar">
<a class="brand" href="${base}${sayAccountPath({ page: 'apps' })}">${brand.name}</a>
<form method="post" action="${base}/sign-out">
<input type="hidden" name="form_token" value="${formToken}">
<span>${userName}</span>
<button class="link">${words.signOut}</button>
</form>
</div>
<nav class="frame tabs" aria-label="${words.navigation}">
<ul>
${entries.map(
  ({ path, label }) =>
    html`<li><a href="${base}${path}"${path === here && html` aria-current="page"`}>${label}</a></li>\n`,
)}</ul>
</nav>
</header>
<main class="frame" id="main" tabindex="-1">
${content}
</main>
${footer(place)}
</body>`,
  )
}
