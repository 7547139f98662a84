/** Long lists: some at a time, and a field to look for one. */
import type { Parameters } from '../http/parameters.ts'
import { formatsFor } from '../words/formats.ts'
import type { Frame } from './account-frame.ts'
import { addressOf } from './account-frame.ts'
import type { AccountPath } from './account-paths.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export type Listing<Entry> = {
  /** Those of this page. */
  readonly shown: readonly Entry[]
  /** How many fit what is looked for, on all pages. */
  readonly count: number
  /** There is nothing at all, whatever is looked for. */
  readonly isEmpty: boolean
  readonly isSearchable: boolean
  readonly wanted: string
  readonly page: number
  readonly last: number
}

const entriesPerPage = 50
const wantedLengthMax = 100
/** A field to look for one of a few would be in the way. */
const searchableMin = 10

/** What of a list is shown: `textsOf` says in what of an entry the words are looked for. */
export function listingOf<Entry>(
  entries: readonly Entry[],
  query: Parameters,
  textsOf: (entry: Entry) => readonly (string | undefined)[],
): Listing<Entry> {
  const wanted = query.get('q')?.[0]?.trim().slice(0, wantedLengthMax) ?? ''
  const words = wanted.toLowerCase()
  const fits = (entry: Entry): boolean =>
    words === '' || textsOf(entry).some((text) => text?.toLowerCase().includes(words))
  const found = entries.filter(fits)
  const last = Math.max(1, Math.ceil(found.length / entriesPerPage))
  const page = Math.min(last, hearPage(query.get('page')?.[0]))
  return {
    shown: found.slice((page - 1) * entriesPerPage, page * entriesPerPage),
    count: found.length,
    isEmpty: entries.length === 0,
    isSearchable: entries.length > searchableMin,
    wanted,
    page,
    last,
  }
}

const hearPage = (text: string | undefined): number =>
  text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1

/** A list between the field to look for an entry and the way to its other pages; `to` is its address. */
export function listed(frame: Frame, to: AccountPath, listing: Listing<unknown>, list: Html): Html {
  const words = frame.place.words.account
  return html`${listing.isSearchable && search(frame, to, listing)}
${listing.count === 0 ? html`<p>${words.findNothing}</p>` : list}
${listing.last > 1 && pages(frame, to, listing)}`
}

function search(frame: Frame, to: AccountPath, { wanted, count }: Listing<unknown>): Html {
  const words = frame.place.words.account
  const address = addressOf(frame, to)
  const shown = formatsFor(frame.place.language).count(count)
  return html`<form class="search" role="search" method="get" action="${address}">
<div><label for="q">${words.find}</label>
<input id="q" name="q" type="search" value="${wanted}" maxlength="${wantedLengthMax}" autocomplete="off" spellcheck="false"></div>
<button class="second">${words.findButton}</button>
</form>
<p class="quiet">${words.count(shown, count)}${wanted !== '' && html` · <a href="${address}">${words.findAll}</a>`}</p>`
}

function pages(frame: Frame, to: AccountPath, { wanted, page, last }: Listing<unknown>): Html {
  const words = frame.place.words.account
  const { count } = formatsFor(frame.place.language)
  const addressOfPage = (number: number): string => {
    const query = new URLSearchParams({ ...(wanted !== '' && { q: wanted }), page: String(number) })
    return `${addressOf(frame, to)}?${query}`
  }
  return html`<nav class="pages" aria-label="${words.pages}">
${page > 1 && html`<a rel="prev" href="${addressOfPage(page - 1)}">${words.previous}</a>`}
<span>${words.page(count(page), count(last))}</span>
${page < last && html`<a rel="next" href="${addressOfPage(page + 1)}">${words.next}</a>`}
</nav>`
}
