/** Processor time of a process and of all that it started, from proc(5); elsewhere nothing is known: 0. */
import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** User and system time of the process, of its children that have ended and of those that live. */
export function treeSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0)
    return childrenOf(pid).reduce((sum, child) => sum + treeSeconds(child), ticks / ticksPerSecond)
  } catch {
    // It ended meanwhile: its parent counts it.
    return 0
  }
}

/** The process and all below it. */
export const tree = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(tree)]

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Memory in bytes: now, and at its highest. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
  } catch {
    return { now: 0, peak: 0 }
  }
}
