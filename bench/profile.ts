/** Where the time goes: the functions and the files that a profile of V8 names most often. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Node = {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}
type Profile = {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/**
 * The newest profile in the folder as two lists: own time by function and by file, in hundredths of the
 * busy time.
 */
export function topOf(folder: string, built: string): string {
  const name = readdirSync(folder).sort().at(-1)
  if (name === undefined) return 'No profile was written.'
  const profile = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  let busy = 0
  for (const [at, id] of profile.samples.entries()) {
    const frame = nodes.get(id)?.callFrame
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(program)') continue
    const time = profile.timeDeltas[at] ?? 0
    const file = shorten(frame.url, built)
    busy += time
    add(byFile, file, time)
    add(byFunction, `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`, time)
  }
  const list = (times: Map<string, number>, length: number): string =>
    [...times]
      .sort(([, one], [, other]) => other - one)
      .slice(0, length)
      .map(([what, time]) => `${((time / busy) * 100).toFixed(1).padStart(6)}  ${what}`)
      .join('\n')
  return `${join(folder, name)}\n${list(byFunction, 50)}\n\n${list(byFile, 25)}`
}

const add = (times: Map<string, number>, what: string, time: number): void => {
  times.set(what, (times.get(what) ?? 0) + time)
}

const shorten = (url: string, built: string): string =>
  url
    .replace('file://', '')
    .replace(built, '')
    .replace(/^.*\/node_modules\//, '') || '(native)'
