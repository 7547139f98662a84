/** An app's picture on the command line: a file that is read and looked at before anything is changed. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { Logo } from '../kernel/logo.ts'
import { logoBytesMax, readLogo } from '../kernel/logo.ts'

/** The picture in a file, or `none` to take it away. */
export function readLogoOrNone(path: string): Logo | 'none' {
  if (path === 'none') return 'none'
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    throw new InvalidArgumentError(`${path} cannot be read.`)
  }
  const logo = readLogo(bytes)
  if (logo === 'too large') {
    const [size, most] = [bytes.length, logoBytesMax].map((count) => Math.ceil(count / 1024))
    throw new InvalidArgumentError(
      `${path} has ${size} KiB; a logo has at most ${most} KiB. Make it smaller.`,
    )
  }
  if (logo === 'no picture') {
    throw new InvalidArgumentError(
      `${path} is no PNG, JPEG or WebP picture. SVG may carry scripts and is not taken.`,
    )
  }
  return logo
}
