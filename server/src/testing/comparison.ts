/**
 * Compares an answer with what a transcript promises, and captures what it names. Credentials are never
 * printed.
 */
import type { Exchange, Meaning, Variables } from './transcript.ts'
import { fill } from './transcript.ts'

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

/**
 * What differs, in words; nothing where the promise is kept. Captured values are put into `meaning.captured`.
 */
export function differences(exchange: Exchange, answer: Answer, meaning: Meaning): readonly string[] {
  const found: string[] = []
  const show = shower(meaning)
  if (answer.status !== exchange.status) {
    found.push(`status: ${exchange.status} promised, ${answer.status} came: ${show(answer.text)}`)
  }
  const captured: Variables = new Map()
  for (const [name, expected] of Object.entries(exchange.expectedHeaders)) {
    const value = answer.headers[name]
    const actual = Array.isArray(value) ? value.join(', ') : value
    const filled = fill(expected, meaning, 'plain')
    if (typeof actual !== 'string' || !fits(filled, actual, captured, true)) {
      found.push(`header ${name}: ${show(filled)} promised, ${show(actual)} came`)
    }
  }
  if (answer.status === exchange.status) found.push(...bodyDifferences(exchange, answer, meaning, captured))
  for (const [name, value] of captured) meaning.captured.set(name, value)
  return found
}

function bodyDifferences(
  { expectedBody }: Exchange,
  { text }: Answer,
  meaning: Meaning,
  captured: Variables,
) {
  const show = shower(meaning)
  if (expectedBody === undefined) return text === '' ? [] : [`body: none promised, ${show(text)} came`]
  if (!/^[{["]/.test(expectedBody)) return pageDifferences(expectedBody, text, meaning, captured)
  const expected: unknown = JSON.parse(fill(expectedBody, meaning, 'json'))
  let actual: unknown
  try {
    actual = JSON.parse(text)
  } catch {
    return [`body: JSON promised, ${show(text)} came`]
  }
  const found: string[] = []
  compare(expected, actual, 'body', { captured, show, found })
  return found
}

/** A page promises lines that occur in it. */
function pageDifferences(expected: string, text: string, meaning: Meaning, captured: Variables) {
  return expected
    .split('\n')
    .map((line) => fill(line.trim(), meaning, 'plain'))
    .filter((line) => !fits(line, text, captured, false))
    .map((line) => `page: no ${shower(meaning)(line)} in it`)
}

type Comparison = {
  readonly captured: Variables
  readonly show: (value: unknown) => string
  readonly found: string[]
}

function compare(expected: unknown, actual: unknown, at: string, comparison: Comparison): void {
  const { captured, show, found } = comparison
  if (expected === '<<any>>' && actual !== undefined) return
  const name = typeof expected === 'string' && /^<<(\w+)>>$/.exec(expected)?.[1]
  if (name && (typeof actual === 'string' || typeof actual === 'number')) {
    captured.set(name, actual)
    return
  }
  if (typeof expected === 'string' && typeof actual === 'string') {
    if (!fits(expected, actual, captured, true))
      found.push(`${at}: ${show(expected)} promised, ${show(actual)} came`)
    return
  }
  const both = [expected, actual].every((value) => typeof value === 'object' && value !== null)
  if (!both || Array.isArray(expected) !== Array.isArray(actual)) {
    if (expected !== actual) found.push(`${at}: ${show(expected)} promised, ${show(actual)} came`)
    return
  }
  const [wanted, got] = [entries(expected), entries(actual)]
  for (const key of new Set([...wanted.keys(), ...got.keys()])) {
    if (!got.has(key)) found.push(`${at}.${key}: ${show(wanted.get(key))} promised, but it is missing`)
    else if (!wanted.has(key)) found.push(`${at}.${key}: not promised, but ${show(got.get(key))} came`)
    else compare(wanted.get(key), got.get(key), `${at}.${key}`, comparison)
  }
}

// Only called with objects and arrays, see `compare`.
const entries = (value: unknown): Map<string, unknown> => new Map(Object.entries(value as object))

/** Text with `<<name>>` in it: as a whole, or somewhere in a page. */
function fits(expected: string, actual: string, captured: Variables, whole: boolean): boolean {
  if (!/<<\w+>>/.test(expected)) return whole ? expected === actual : actual.includes(expected)
  const names: string[] = []
  const source = expected.split(/(<<\w+>>)/).map((part) => {
    const name = /^<<(\w+)>>$/.exec(part)?.[1]
    if (!name) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    names.push(name)
    return '([^"&<>\\s;]+)'
  })
  const found = new RegExp(whole ? `^${source.join('')}$` : source.join('')).exec(actual)
  for (const [at, name] of names.entries()) if (found && name !== 'any') captured.set(name, found[at + 1])
  return found !== null
}

/** Shows a value with each credential by its name: a test's output is a log, too. */
function shower({ captured, section }: Meaning): (value: unknown) => string {
  const names = new Map<string, string>()
  for (const [name, value] of [...Object.entries(section), ...captured]) {
    if (typeof value === 'string' && value.length > 3) names.set(value, name)
    if (Array.isArray(value)) for (const [at, one] of value.entries()) names.set(String(one), `${name}.${at}`)
  }
  return (value) => {
    let text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
    for (const [known, name] of names) text = text.replaceAll(known, `{{${name}}}`)
    return text.replaceAll(/[\w.~+/=-]{24,}/g, (word) => `[${word.length} characters]`)
  }
}
