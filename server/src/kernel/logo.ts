/** An app's picture, as it is shown beside its name. */
import { sha256 } from './ring.ts'

export type Logo = {
  /** By its content: SHA-256 and kind, `3f2a….png`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** A tile of 48 pixels needs no more, and a page with two hundred of them stays light. */
export const logoBytesMax = 65_536

type Kind = {
  readonly ending: string
  readonly contentType: string
  /** Bytes that its files begin with, by their place; what a file says of itself in its name is not asked. */
  readonly marks: readonly (readonly [at: number, bytes: readonly number[]])[]
}

/** No SVG: it is a document, which may carry scripts and load what it likes. */
const kinds: readonly Kind[] = [
  { ending: 'png', contentType: 'image/png', marks: [[0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]]] },
  { ending: 'jpg', contentType: 'image/jpeg', marks: [[0, [0xff, 0xd8, 0xff]]] },
  {
    ending: 'webp',
    contentType: 'image/webp',
    marks: [
      [0, [0x52, 0x49, 0x46, 0x46]], // RIFF
      [8, [0x57, 0x45, 0x42, 0x50]], // WEBP
    ],
  },
]

/** The logo in a file's bytes; `too large` or `no picture` where it is none that is shown. */
export function readLogo(bytes: Uint8Array): Logo | 'too large' | 'no picture' {
  if (bytes.length > logoBytesMax) return 'too large'
  const kind = kinds.find(({ marks }) =>
    marks.every(([at, mark]) => mark.every((byte, offset) => bytes[at + offset] === byte)),
  )
  return kind ? { name: `${sha256(bytes).toString('hex')}.${kind.ending}`, bytes } : 'no picture'
}

/** As what a logo is served; absent where no logo can have this name. */
export function contentTypeOf(name: string): string | undefined {
  const [, ending] = /^[0-9a-f]{64}\.([a-z]+)$/.exec(name) ?? []
  return kinds.find((kind) => kind.ending === ending)?.contentType
}
