/** How far an import has come: a bar on a terminal, a line now and then anywhere else. */
import type { Progress } from './import-file.ts'

export type ProgressTeller = { tell(progress: Progress): void; end(): void }

type Output = { readonly isTTY?: boolean; write(text: string): unknown }

const barMilliseconds = 100
const lineMilliseconds = 5000
const barWidth = 24

export function progressTeller(output: Output, now: () => number = () => performance.now()): ProgressTeller {
  const started = now()
  const every = output.isTTY ? barMilliseconds : lineMilliseconds
  let told = started
  return {
    tell(progress) {
      const at = now()
      if (at - told < every) return
      told = at
      const line = describe(progress, at - started)
      // `\x1b[K` clears what a longer line left behind.
      output.write(output.isTTY ? `\r${bar(progress)} ${line}\x1b[K` : `${line}\n`)
    },
    end() {
      if (output.isTTY && told !== started) output.write('\r\x1b[K')
    },
  }
}

/** Of the bytes that were read, the part whose rows are dealt with. */
const shareOf = ({ rows, rowsRead, bytesRead, bytes }: Progress): number =>
  bytes === 0 || rowsRead === 0 ? 0 : Math.min(1, (bytesRead / bytes) * (rows / rowsRead))

function describe(progress: Progress, milliseconds: number): string {
  const share = shareOf(progress)
  const rate = Math.round(progress.rows / (milliseconds / 1000))
  const left = share === 0 ? 0 : (milliseconds / share) * (1 - share)
  const parts = [
    `${Math.floor(share * 100)} %`,
    `writing: ${progress.rows.toLocaleString('en')} rows`,
    `${rate.toLocaleString('en')} rows/s`,
    `${clock(left)} left`,
  ]
  return parts.join(', ')
}

function bar(progress: Progress): string {
  const full = Math.floor(shareOf(progress) * barWidth)
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}]`
}

function clock(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
