/** Events in the order of their ids, from a cursor on; a file that was begun is gone on with. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Shipping } from './event-line.ts'
import { eventIn, lineOf } from './event-line.ts'

const eventsPerPage = 1_000

export type ExportOptions = {
  readonly store: Pick<Store, 'listEvents'>
  readonly shipping: Shipping
  /** The last id that is there already. */
  readonly after: number
  readonly since: Milliseconds | undefined
  /** Takes whole lines; what it was given is safe once it returns. */
  readonly write: (lines: string) => void
}

/** Writes all that there is; returns the last id seen, with which the next call goes on. */
export async function exportEvents({ store, shipping, after, since, write }: ExportOptions): Promise<number> {
  let last = after
  for (;;) {
    const events = await store.listEvents(last, eventsPerPage)
    const wanted = events.filter(({ at }) => since === undefined || at >= since)
    if (wanted.length > 0) write(wanted.map((event) => `${lineOf(event, shipping)}\n`).join(''))
    last = events.at(-1)?.id ?? last
    if (events.length < eventsPerPage) return last
  }
}

export type EventFile = { readonly last: number; write(lines: string): void; close(): void }

const tailBytes = 65_536

/**
 * Opens a file to be gone on with: behind its last whole line, whose id is the cursor. Throws where that line
 * is no event, or another deployment's.
 */
export function openEventFile(path: string, shipping: Shipping): EventFile {
  const isThere = existsSync(path)
  const file = openSync(path, isThere ? 'r+' : 'w+', 0o600)
  const size = isThere ? statSync(path).size : 0
  const tail = Buffer.alloc(Math.min(size, tailBytes))
  readSync(file, tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf('\n') + 1
  // Half a line is what a crash left of one: it is written again.
  let place = size - tail.length + end
  const lastLine = tail.subarray(0, Math.max(0, end - 1))
  const line = lastLine.subarray(lastLine.lastIndexOf('\n') + 1).toString()
  const shipped = eventIn(line, shipping)
  const last = line === '' ? 0 : shipped?.event.id
  const refuse = (why: string): never => {
    closeSync(file)
    throw new Error(why)
  }
  if (last === undefined || (size > 0 && end === 0)) return refuse('its last line is no event')
  if (shipped && shipped.deploymentId !== shipping.deploymentId)
    return refuse('its events are of another deployment')
  ftruncateSync(file, place)
  return {
    last,
    write(lines) {
      const bytes = Buffer.from(lines)
      // Where a disk has room for a part, that part is written, and only the next call says why no more.
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, place + at)
      place += bytes.length
      fsyncSync(file)
    },
    close: () => closeSync(file),
  }
}
