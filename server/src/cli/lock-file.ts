/** One process at a time: a file with its id beside what it works on. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Holds the lock until this process ends, however it does; what a dead process has left is taken over. Throws
 * what `taken` makes of the process that holds it.
 */
export function holdLock(path: string, taken: (holder: number) => Error): void {
  const holder = holderOf(path)
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) throw taken(holder)
  rmSync(path, { force: true })
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    // Another process has come in the same moment.
    const other = holderOf(path)
    throw other === undefined ? error : taken(other)
  }
  process.on('exit', () => {
    if (holderOf(path) === process.pid) rmSync(path, { force: true })
  })
}

function holderOf(path: string): number | undefined {
  try {
    const holder = Number(readFileSync(path, 'utf8'))
    return Number.isSafeInteger(holder) && holder > 0 ? holder : undefined
  } catch {
    return undefined
  }
}

function isAlive(id: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(id, 0)
    return true
  } catch (error) {
    // It is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
