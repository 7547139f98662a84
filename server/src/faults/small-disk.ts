/** A disk that is soon full: a file system of its own in memory, which only root may mount. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type SmallDisk = {
  readonly folder: string
  /** Writes until nothing more fits. */
  fill(): void
  /** Makes room again. */
  free(): void
  remove(): Promise<void>
}

/** Why there can be none here; `false`: there can. */
export const noSmallDisk: string | false =
  process.platform === 'linux' && process.getuid?.() === 0 ? false : 'only root of a Linux can mount a disk'

export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-disk-'))
  // A shell unmounts it when its input ends, with this process, however that ends.
  const guard = `trap '' INT TERM HUP; mount -t tmpfs -o size=${megabytes}m tokenferry "$FOLDER" || exit 1
    echo mounted; cat >/dev/null; umount -l "$FOLDER"; rmdir "$FOLDER"`
  const shell = spawn('/bin/sh', ['-c', guard], {
    env: { ...process.env, FOLDER: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = await Promise.race([once(shell.stdout, 'data'), once(shell, 'exit')])
  if (!String(said).startsWith('mounted')) throw new Error('The small disk could not be mounted.')
  // Whoever runs here, PostgreSQL as nobody included, may write to it.
  chmodSync(folder, 0o777)
  const filler = join(folder, 'filler')
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a')
      for (let size = 1 << 20; size >= 512; size /= 2) {
        try {
          for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break
        } catch {
          // So much does not fit any more; perhaps half of it does.
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler, { force: true }),
    async remove() {
      const ended = once(shell, 'exit')
      shell.stdin.end()
      await ended
    },
  }
}
