/** One demo at a time on a folder: a second one, at another port, would move the first one's addresses. */
import { join } from 'node:path'
import { CommandError } from './command.ts'
import { holdLock } from './lock-file.ts'

export function lockDemo(folder: string): void {
  const path = join(folder, 'demo.lock')
  holdLock(
    path,
    (holder) =>
      new CommandError(
        `A demo already runs on this folder (process ${holder}). Stop it, or choose another folder than ` +
          `${folder}: TOKENFERRY_DATA=/path. If process ${holder} is no demo, remove ${path}`,
      ),
  )
}
