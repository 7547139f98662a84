/** One demo at a time on a folder: a second one, at another port, would move the first one's addresses. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from './command.ts'

/** Holds the folder until this process ends, however it does; what a dead process has left is taken over. */
export function lockDemo(folder: string): void {
  const path = join(folder, 'demo.lock')
  const holder = holderOf(path)
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) throw taken(folder, path, holder)
  rmSync(path, { force: true })
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    // Another demo has started in the same moment.
    const other = holderOf(path)
    throw other === undefined ? error : taken(folder, path, other)
  }
  process.on('exit', () => {
    if (holderOf(path) === process.pid) rmSync(path, { force: true })
  })
}

const taken = (folder: string, path: string, holder: number): CommandError =>
  new CommandError(
    `A demo already runs on this folder (process ${holder}). Stop it, or choose another folder than ` +
      `${folder}: TOKENFERRY_DATA=/path. If process ${holder} is no demo, remove ${path}`,
  )

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
