/** What is said of a setting that cannot be used. */
import { z } from 'zod'

/** What would be accepted instead. */
export function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return kinds[issue.expected] ?? issue.message
  }
  return issue.message
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  array: 'a list, each entry behind a dash',
  object: 'settings, each written name: value',
  record: 'names with values, each written name: value',
}

/** What is said of a name that no setting has at this place. */
export function unknownName(name: string, path: readonly (string | number)[], schema: z.ZodType): string {
  const known = namesAt(schema, path)
  const near = nearest(name, known)
  return near === undefined
    ? `there is no such setting here; there are ${known.join(', ')}`
    : `there is no such setting here. Did you mean ${near}?`
}

type Shape = {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
}

function namesAt(schema: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  // zod's answer is JSON Schema; the type above is the part of it that leads to a name.
  let shapes = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape]
  for (const step of path) {
    shapes = shapes.flatMap((shape) => {
      const next = typeof step === 'number' ? shape.items : shape.properties?.[step]
      return next ? [next, ...(next.anyOf ?? [])] : []
    })
  }
  return shapes.flatMap(({ properties }) => Object.keys(properties ?? {}))
}

/** The name that was probably meant: few letters away from what was written. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, far: distance(written.toLowerCase(), name) }))
    .sort((one, other) => one.far - other.far)
  return best && best.far <= Math.ceil(best.name.length / 3) ? best.name : undefined
}

/** How many letters must be put in, left out or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1]
    for (let place = 1; place <= to.length; place += 1) {
      const changed = (row[place - 1] ?? 0) + (letter === to[place - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[place] ?? 0) + 1, (next[place - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
