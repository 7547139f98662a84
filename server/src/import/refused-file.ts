/** The rows that stayed out: line and reason, and nothing of the row itself. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

export type RefusedFile = {
  readonly path: string
  write(line: number, reason: string): void
  count(): number
  close(): void
}

/** Lines that are kept before they are written: a file may be all wrong. */
const bufferedMax = 1000

export function refusedFile(path: string): RefusedFile {
  // What an earlier run refused may since have been mended, and would mislead.
  rmSync(path, { force: true })
  let descriptor: number | undefined
  let buffered: string[] = []
  let count = 0

  const flush = (): void => {
    if (buffered.length === 0) return
    descriptor ??= openSync(path, 'wx', 0o600)
    writeSync(descriptor, buffered.join(''))
    buffered = []
  }
  return {
    path,
    write(line, reason) {
      if (count === 0) buffered.push('line,reason\n')
      buffered.push(`${line},"${reason.replaceAll('"', '""')}"\n`)
      count += 1
      if (buffered.length >= bufferedMax) flush()
    },
    count: () => count,
    close() {
      flush()
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
