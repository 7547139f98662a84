/**
 * Policy on the command line: `access=10m`, `rotate.at_most_every=60s`, `scope_map.old=new`; `access=` takes
 * it away.
 */
import { parse } from 'yaml'
import { z } from 'zod'
import { nearest, wanted } from '../config-words.ts'
import type { Policy } from '../kernel/policy.ts'
import { parsePolicy, policyNames } from '../policy-fields.ts'
import { CommandError } from './command.ts'

export type PolicyArguments = {
  readonly set: Partial<Policy>
  readonly removed: readonly (keyof Policy)[]
}

export function readPolicyArguments(texts: readonly string[]): PolicyArguments {
  const written: Record<string, unknown> = {}
  const removed: (keyof Policy)[] = []
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1)
      throw new CommandError(`--policy ${text}: a setting is written key=value, such as access=10m.`)
    const [name = '', member] = text.slice(0, at).split(/\.(.*)/s)
    const value = text.slice(at + 1)
    if (!isPolicyName(name)) {
      throw new CommandError(`--policy ${name}: there is no such setting. ${didYouMean(name)}`)
    }
    if (value === '' && member === undefined) removed.push(policyNames[name])
    else if (member === undefined) written[name] = heardValue(value)
    else written[name] = { ...(written[name] as object | undefined), [member]: memberValue(name, value) }
  }
  try {
    return { set: parsePolicy(written), removed }
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    throw new CommandError(`--policy ${issue?.path.join('.')}: expected: ${issue && wanted(issue)}.`)
  }
}

const isPolicyName = (name: string): name is keyof typeof policyNames => Object.hasOwn(policyNames, name)

function didYouMean(name: string): string {
  const near = nearest(name, Object.keys(policyNames))
  return near === undefined ? `There are: ${Object.keys(policyNames).join(', ')}.` : `Did you mean ${near}?`
}

/** Numbers, booleans and `{…}` as in the configuration file. */
function heardValue(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}

/** A scope may be called `true` or `404`; statuses are numbers. */
const memberValue = (name: string, text: string): unknown => (name === 'scope_map' ? text : heardValue(text))

/** A policy as the operator writes it, with durations in their largest whole unit. */
export function writePolicy(policy: Partial<Policy>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(policyNames)
    .filter(([, field]) => policy[field] !== undefined)
    .map(([name, field]) => [name, written(field, policy[field])])
  return Object.fromEntries(entries)
}

function written(field: string, value: unknown): unknown {
  if (value === null) return 'never'
  if (typeof value === 'number') return field.endsWith('Seconds') ? duration(value) : value
  if (typeof value !== 'object') return value
  if ('atMostEverySeconds' in value) return { at_most_every: duration(Number(value.atMostEverySeconds)) }
  if ('retireAfterSeconds' in value) return { retire_after: duration(Number(value.retireAfterSeconds)) }
  return value
}

function duration(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds % each === 0) ?? ['s', 1]
  return `${seconds / size}${unit}`
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const
