import { sha256 } from '../kernel/ring.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'

/** What is seen of an app beside its name. */
export type ShownApp = { readonly id: string; readonly name: string; readonly logo: string | undefined }

const coloursMax = 8

/** An app's logo, or a tile with its first letter. The name stands beside it, so the picture says nothing. */
export const appTile = ({ base }: Pick<Place, 'base'>, { id, name, logo }: ShownApp): Html =>
  logo === undefined
    ? html`<span class="tile tile-${(sha256(id)[0] ?? 0) % coloursMax}" aria-hidden="true">${firstLetter(name)}</span>`
    : html`<img class="tile" src="${base}/assets/logos/${logo}" alt="" width="48" height="48">`

/** A name may begin with anything; a mark that changes what stands around it is no letter. */
const firstLetter = (name: string): string => /[\p{L}\p{N}]/u.exec(name)?.[0].toLocaleUpperCase('en') ?? '•'
