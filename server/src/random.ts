/**
 * Chance from the system, fetched a page at a time: to ask for a few bytes costs as much as to ask for many.
 */
import { randomFillSync } from 'node:crypto'

const page = Buffer.allocUnsafeSlow(4096)
let used = page.length

/** Random bytes that nobody had before; what was handed out is wiped from the page. */
export function random(bytes: number): Buffer {
  if (bytes > page.length) return randomFillSync(Buffer.allocUnsafeSlow(bytes))
  if (used + bytes > page.length) {
    randomFillSync(page)
    used = 0
  }
  const taken = Buffer.allocUnsafe(bytes)
  page.copy(taken, 0, used, used + bytes)
  page.fill(0, used, used + bytes)
  used += bytes
  return taken
}
