/** A mail before it has a form: a list of blocks, from which text and HTML are made alike. */

export type Block =
  | { readonly block: 'heading'; readonly text: string }
  | { readonly block: 'paragraph'; readonly text: string }
  /** A list with the line that introduces it. */
  | { readonly block: 'list'; readonly text: string; readonly items: readonly string[] }
  | { readonly block: 'button'; readonly text: string; readonly address: string }
  /** To be read, and typed or copied, as it stands. */
  | { readonly block: 'code'; readonly text: string }
  /** Of less weight; with an address, that stands behind it and can be followed. */
  | { readonly block: 'quiet'; readonly text: string; readonly address?: string }

export type Mail = {
  readonly language: string
  readonly subject: string
  /** What a list of mails shows behind the subject. */
  readonly preview: string
  readonly blocks: readonly Block[]
  /** Under the mail: who sent it, and why. */
  readonly footer: readonly string[]
}

/** An address as people read it. */
export const shownAddress = (address: string): string => address.replace(/^mailto:/, '')
