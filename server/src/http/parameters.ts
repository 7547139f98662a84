/**
 * Parameters, strictly read: whatever is broken, doubled or too much is refused by name, and nothing is
 * guessed.
 */
import type { BodyKind } from '../dialects/dialect.ts'
import type { Refusal } from '../kernel/refusals.ts'

/** Each name with its values, empty ones left out: RFC 6749 §3.1 treats those as omitted. */
export type Parameters = ReadonlyMap<string, readonly string[]>

export type HeardParameters = Parameters | { readonly refusal: Refusal }

const formType = 'application/x-www-form-urlencoded'
const jsonType = 'application/json'

export const acceptedTypes: Readonly<Record<BodyKind, readonly string[]>> = {
  form: [formType],
  json: [jsonType],
  'form or json': [formType, jsonType],
  'json, whatever the content type says': [jsonType],
  none: [],
}

/** The parameters of a body, by what the endpoint accepts and the request says it is. */
export function hearBody(
  kind: BodyKind,
  contentType: string | undefined,
  body: Buffer | undefined,
): HeardParameters {
  if (kind === 'none') return new Map()
  const type = contentType?.split(';')[0]?.trim().toLowerCase()
  const accepted = acceptedTypes[kind]
  const whatever = kind === 'json, whatever the content type says'
  if (!whatever && (type === undefined || !accepted.includes(type))) {
    return { refusal: { reason: 'content_type_unsupported', accepted } }
  }
  const text = hearUtf8(body ?? Buffer.alloc(0))
  if (text === undefined) return { refusal: { reason: 'body_malformed', accepted: ['UTF-8'] } }
  return whatever || type === jsonType ? hearJson(text) : hearForm(text)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function hearUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** `application/x-www-form-urlencoded`; broken percent-encoding is refused, where browsers would guess. */
export function hearForm(text: string): HeardParameters {
  const found = new Map<string, string[]>()
  if (text === '') return found
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (name === undefined) return { refusal: { reason: 'body_malformed' } }
    if (value === undefined) return { refusal: { reason: 'parameter_malformed', parameter: printable(name) } }
    add(found, name, value)
  }
  return checked(found)
}

function decode(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/**
 * A JSON object whose members are texts, numbers or truth values; a member that is there twice counts as
 * repeated.
 */
function hearJson(text: string): HeardParameters {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { refusal: { reason: 'body_malformed', accepted: ['a JSON object'] } }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { refusal: { reason: 'body_malformed', accepted: ['a JSON object'] } }
  }
  const found = new Map<string, string[]>()
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue
    if (typeof member === 'object')
      return { refusal: { reason: 'parameter_malformed', parameter: printable(name) } }
    add(found, name, String(member))
  }
  const repeated = repeatedMember(text)
  if (repeated !== undefined)
    return { refusal: { reason: 'parameter_repeated', parameter: printable(repeated) } }
  return checked(found)
}

/**
 * `JSON.parse` keeps the last of two members of one name and tells nobody. The text is known to be valid
 * JSON.
 */
function repeatedMember(text: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (part === '{' || part === '[') depth += 1
    else if (part === '}' || part === ']') depth -= 1
    else if (depth === 1 && part.endsWith(':')) {
      const name = String(JSON.parse(part.slice(0, -1)))
      if (seen.has(name)) return name
      seen.add(name)
    }
  }
  return undefined
}

function add(found: Map<string, string[]>, name: string, value: string): void {
  const values = found.get(name)
  if (values) values.push(value)
  else found.set(name, [value])
}

/** Empty values go; control characters (a NUL above all) are in no parameter of any dialect. */
function checked(found: Map<string, string[]>): HeardParameters {
  const kept = new Map<string, readonly string[]>()
  for (const [name, values] of found) {
    if (hasControl(name)) return { refusal: { reason: 'parameter_malformed', parameter: printable(name) } }
    if (values.some(hasControl))
      return { refusal: { reason: 'parameter_malformed', parameter: printable(name) } }
    const told = values.filter((value) => value !== '')
    // Doubled is doubled, even where one of the two is empty.
    if (values.length > 1) kept.set(name, values)
    else if (told.length > 0) kept.set(name, told)
  }
  return kept
}

const hasControl = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 32 || code === 127 || code === 0xfffd) return true
  }
  return loneSurrogate.test(text)
}

// JSON can spell half of a surrogate pair; no UTF-8 has it, so another text would be kept than was sent.
const loneSurrogate = /\p{Surrogate}/u

/** A name as it may be shown again: short, and without anything that is not a letter of a name. */
export const printable = (name: string): string => name.replaceAll(/[^\w.-]/g, '?').slice(0, 40)

/** Each parameter once, but for those that may be many (RFC 6749 §3.1, RFC 8707 §2). */
export function repeatedIn(parameters: Parameters, many: (name: string) => boolean): string | undefined {
  for (const [name, values] of parameters) if (values.length > 1 && !many(name)) return printable(name)
  return undefined
}
