/**
 * A transcript is a recorded conversation: test and documentation in one. `dialects/README.md` has the
 * format. Reading one, filling it in, and comparing an answer with what it promises.
 */

export type Exchange = {
  /** The sentence above it: a promise. */
  readonly says: string
  readonly line: number
  /** How far the clock moves before it. */
  readonly advance: number
  /**
   * A user allows the app before it: the query of the authorization request. What the app is told is
   * captured.
   */
  readonly allow: string | undefined
  /** A one-time code comes by mail before it, and is captured under this name. */
  readonly mail: string | undefined
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly status: number
  readonly expectedHeaders: Readonly<Record<string, string>>
  readonly expectedBody: string | undefined
}

const requestLine = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS|HEAD) (\/\S*)$/
const headerLine = /^([A-Za-z][A-Za-z0-9-]*): ?(.*)$/
const statusLine = /^\d{3}$/
const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Reads a transcript. Throws, with the line, where it is none. */
export function readTranscript(text: string, name = 'transcript'): readonly Exchange[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const exchanges: Exchange[] = []
  let at = 0
  let says: string[] = []
  let advance = 0
  let allow: string | undefined
  let mail: string | undefined
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const moved = /^@advance (\d+)(ms|s|m|h|d)$/.exec(line)
    if (line.startsWith('#')) says.push(line.replace(/^#+ ?/, ''))
    else if (moved) advance += Number(moved[1]) * units[moved[2] as keyof typeof units]
    else if (line.startsWith('@allow ')) allow = line.slice('@allow '.length)
    else if (line.startsWith('@mail ')) mail = line.slice('@mail '.length)
    else if (requestLine.test(line)) {
      const read = readExchange(lines, at, name)
      exchanges.push({ ...read.exchange, says: says.join(' '), advance, allow, mail })
      at = read.next
      says = []
      advance = 0
      allow = undefined
      mail = undefined
      continue
    } else if (line !== '') throw new Error(`${name}:${at + 1}: not a line of a transcript: ${line}`)
    at += 1
  }
  return exchanges
}

function readExchange(lines: readonly string[], from: number, name: string) {
  const [, method = '', path = ''] = requestLine.exec(lines[from] ?? '') ?? []
  const request = readHeaders(lines, from + 1)
  const status = lines.findIndex((line, at) => at >= request.next && statusLine.test(line))
  const stray = lines.findIndex((line, at) => at > from && requestLine.test(line))
  if (status < 0 || (stray >= 0 && stray < status)) {
    throw new Error(`${name}:${from + 1}: no line with the status of the answer follows.`)
  }
  const answer = readHeaders(lines, status + 1)
  const next = lines.findIndex((line, at) => at >= answer.next && isBeginning(line))
  const end = next < 0 ? lines.length : next
  return {
    exchange: {
      line: from + 1,
      method,
      path,
      headers: request.headers,
      body: bodyOf(lines.slice(request.next, status)),
      status: Number(lines[status]),
      expectedHeaders: answer.headers,
      expectedBody: bodyOf(lines.slice(answer.next, end)),
    },
    next: end,
  }
}

const isBeginning = (line: string): boolean => /^[#@]/.test(line) || requestLine.test(line)

function readHeaders(lines: readonly string[], from: number) {
  const headers: Record<string, string> = {}
  let next = from
  for (; next < lines.length; next += 1) {
    const header = headerLine.exec(lines[next] ?? '')
    if (!header) break
    headers[(header[1] ?? '').toLowerCase()] = header[2] ?? ''
  }
  return { headers, next }
}

/** A form may be broken into lines at its `&`; JSON keeps its lines. */
function bodyOf(lines: readonly string[]): string | undefined {
  const told = lines.join('\n').trim()
  if (told === '') return undefined
  return isJson(told) || told.startsWith('<')
    ? told
    : told
        .split('\n')
        .map((line) => line.trim())
        .join('\n')
}

const isJson = (text: string): boolean => /^[{[]/.test(text)

export type Variables = Map<string, unknown>

/** What the placeholders of a conversation mean: captured values over the sample's, and the clock. */
export type Meaning = {
  readonly captured: Variables
  readonly section: Readonly<Record<string, unknown>>
  readonly now: number
}

export type Spelling = 'form' | 'json' | 'plain'

/** Puts in every `{{name}}`, spelt as its place asks. */
export function fill(text: string, meaning: Meaning, spelling: Spelling): string {
  return text.replaceAll(/\{\{([^{}]+)\}\}/g, (_whole, name: string) => {
    const value = meaningOf(name.trim(), meaning)
    if (spelling === 'form') return encodeURIComponent(String(value))
    if (spelling === 'json') {
      return typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value)
    }
    return String(value)
  })
}

function meaningOf(name: string, meaning: Meaning): unknown {
  const moment = /^(now|now_ms)(?:([+-])(\d+))?$/.exec(name)
  if (moment) {
    const start = moment[1] === 'now' ? Math.floor(meaning.now / 1000) : meaning.now
    return start + Number(`${moment[2] ?? '+'}${moment[3] ?? 0}`)
  }
  const [word, id = 'client_id', secret = 'client_secret'] = name.split(':')
  if (word === 'basic') {
    return Buffer.from(`${meaningOf(id, meaning)}:${meaningOf(secret, meaning)}`).toString('base64')
  }
  if (meaning.captured.has(name)) return meaning.captured.get(name)
  let value: unknown = meaning.section
  for (const step of name.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined
  }
  if (value === undefined) throw new Error(`Nothing is called {{${name}}} here.`)
  return value
}

export type Request = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** The request of an exchange, with everything put in. */
export function requestOf({ method, path, headers, body }: Exchange, meaning: Meaning): Request {
  const json = body !== undefined && isJson(body)
  const type = json ? 'application/json' : 'application/x-www-form-urlencoded'
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(value, meaning, 'plain')])
  return {
    method,
    path: fill(path, meaning, 'form'),
    headers: { ...(body !== undefined && { 'content-type': type }), ...Object.fromEntries(filled) },
    body: body && (json ? fill(body, meaning, 'json') : fill(body.replaceAll('\n', ''), meaning, 'form')),
  }
}
