/**
 * Every way of getting a good request wrong: what any server on the open network is sent, sooner or later.
 */
import type { Endpoint } from '../dialects/dialect.ts'
import { byAccessToken } from '../dialects/proofs.ts'
import type { Reason } from '../kernel/refusals.ts'
import type { Request } from './transcript.ts'

export type Sent = Omit<Request, 'body'> & { readonly body: string | Buffer | undefined }

export type Mistake = {
  readonly name: string
  readonly sent: Sent
  /** Reasons that may be logged; the first is the usual one. */
  readonly reasons: readonly Reason[]
  /** What the caller's answer should name, where its dialect has words for it. */
  readonly parameter?: string
}

const formType = 'application/x-www-form-urlencoded'
const jsonType = 'application/json'

/**
 * All mistakes that can be made with this request to this endpoint. `methods` are those that the path takes.
 */
export function mistakesOf(
  request: Request,
  endpoint: Endpoint,
  methods: readonly string[],
  bodyBytesMax: number,
): readonly Mistake[] {
  const body = bodyOf(request)
  return [
    ...typeMistakes(request, endpoint),
    ...bodyMistakes(request, endpoint, body),
    ...(endpoint.client === byAccessToken ? bearerMistakes(request) : []),
    ...parameterMistakes(request, endpoint, body),
    ...addressMistakes(request, methods),
    // RFC 9110 §9.3.1: a GET's body means nothing, and is not read.
    ...(request.method === 'GET' ? [] : [tooLarge(request, bodyBytesMax)]),
  ]
}

const tooLarge = (request: Request, bodyBytesMax: number): Mistake => ({
  name: 'a body over the limit',
  sent: { ...request, body: `${request.body}${' '.repeat(bodyBytesMax)}` },
  reasons: ['body_too_large'],
})

type Pairs = readonly (readonly [string, string])[]
type Body = { readonly json: boolean; readonly pairs: Pairs }

function bodyOf({ body = '' }: Request): Body {
  if (!body.startsWith('{')) return { json: false, pairs: [...new URLSearchParams(body)] }
  const members: unknown = JSON.parse(body)
  return { json: true, pairs: Object.entries(Object(members)).map(([name, value]) => [name, String(value)]) }
}

function withPairs(request: Request, { json }: Body, pairs: Pairs): Sent {
  if (!json) return { ...request, body: new URLSearchParams(pairs.map(([...pair]) => pair)).toString() }
  const members = pairs.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return { ...request, body: `{ ${members.join(', ')} }` }
}

function typeMistakes(request: Request, { body }: Endpoint): readonly Mistake[] {
  if (body === 'json, whatever the content type says' || body === 'none') return []
  const { 'content-type': _, ...rest } = request.headers
  const wrong = ['text/plain', 'multipart/form-data; boundary=x', 'application/xml', ';', 'x'.repeat(200)]
  if (body === 'form') wrong.push(jsonType)
  if (body === 'json') wrong.push(formType)
  const reasons = ['content_type_unsupported'] as const
  return [
    ...wrong.map((type) => ({
      name: `content type ${type.slice(0, 30)}`,
      sent: { ...request, headers: { ...rest, 'content-type': type } },
      reasons,
    })),
    { name: 'no content type', sent: { ...request, headers: rest }, reasons },
  ]
}

function bodyMistakes(request: Request, endpoint: Endpoint, body: Body): readonly Mistake[] {
  // A body that nobody reads can have no mistake.
  if (endpoint.body === 'none') return []
  return body.json ? jsonMistakes(request, body) : formMistakes(request, body)
}

function bearerMistakes(request: Request): readonly Mistake[] {
  const { authorization = '', ...rest } = request.headers
  const token = authorization.replace(/^Bearer /, '')
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${token}`,
    `Bearer ${token} ${token}`,
    `Bearer ${token}x`,
    `Bearer x${token}`,
    `Bearer ${'x'.repeat(9000)}`,
    token,
  ]
  const reasons = ['access_token_invalid'] as const
  return [
    { name: 'no token', sent: { ...request, headers: rest }, reasons },
    ...wrong.map((written, at) => ({
      name: `a broken header ${at}`,
      sent: { ...request, headers: { ...rest, authorization: written } },
      reasons,
    })),
  ]
}

function jsonMistakes(request: Request, body: Body): readonly Mistake[] {
  const text = request.body ?? ''
  const [[name = '', value = ''] = []] = body.pairs
  const broken = [
    '{',
    text.slice(0, -1),
    `${text}}`,
    '[]',
    'null',
    '"text"',
    '1',
    '',
    ' ',
    `[${text}]`,
    'a=b',
  ]
  const replaced = (written: string): string => text.replace(JSON.stringify(value), written)
  return [
    ...broken.map((sent, at) => ({
      name: `broken JSON ${at}`,
      sent: { ...request, body: sent },
      reasons: ['body_malformed'] as const,
    })),
    ...['{}', '[]', '["x"]', '{"a":{"b":1}}'].map((written) => ({
      name: `a member that is ${written}`,
      sent: { ...request, body: replaced(written) },
      reasons: ['parameter_malformed'] as const,
      parameter: name,
    })),
    {
      name: 'a NUL byte, escaped',
      sent: { ...request, body: replaced(`"${value}\\u0000"`) },
      reasons: ['parameter_malformed'],
      parameter: name,
    },
    {
      name: 'half of a surrogate pair',
      sent: { ...request, body: replaced(`"${value}\\ud800"`) },
      reasons: ['parameter_malformed'],
      parameter: name,
    },
    {
      name: 'broken UTF-8',
      sent: { ...request, body: withByte(text, JSON.stringify(value), 0xff) },
      reasons: ['body_malformed'],
    },
    {
      name: 'a NUL byte, raw',
      sent: { ...request, body: withByte(text, JSON.stringify(value), 0) },
      reasons: ['body_malformed'],
    },
  ]
}

function formMistakes(request: Request, body: Body): readonly Mistake[] {
  const text = request.body ?? ''
  const last = body.pairs.at(-1)?.[0] ?? ''
  const malformed = { reasons: ['parameter_malformed'] as const, parameter: last }
  return [
    {
      name: 'broken UTF-8, raw',
      sent: { ...request, body: withByte(text, '', 0xff) },
      reasons: ['body_malformed'],
    },
    { name: 'a NUL byte, raw', sent: { ...request, body: withByte(text, '', 0) }, ...malformed },
    ...['%00', '%ff', '%C3', '%zz', '%', '%0a', '%ED%A0%80', '%EF%BF%BD'].map((end) => ({
      name: `a value that ends in ${end}`,
      sent: { ...request, body: text + end },
      ...malformed,
    })),
    { name: 'a broken name', sent: { ...request, body: `${text}&%ff=1` }, reasons: ['body_malformed'] },
    {
      name: 'a name with a NUL byte',
      sent: { ...request, body: `${text}&a%00=1` },
      reasons: ['parameter_malformed'],
    },
  ]
}

/** The text with one byte more, inside of this part or, where none is named, at the end. */
function withByte(text: string, inside: string, byte: number): Buffer {
  const at = inside === '' ? text.length : text.indexOf(inside) + inside.length - 1
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([byte]), Buffer.from(text.slice(at))])
}

function parameterMistakes(request: Request, endpoint: Endpoint, body: Body): readonly Mistake[] {
  const { takes, when = {} } = endpoint
  // Without the others, it is a request to the endpoint that is there for all the rest.
  const [selector] = Object.keys(when)
  const mistakes: Mistake[] = []
  for (const [name, value] of body.pairs) {
    if (takes[name] !== 'many') {
      mistakes.push({
        name: `${name} twice`,
        sent: withPairs(request, body, [...body.pairs, [name, value]]),
        reasons: ['parameter_repeated'],
        parameter: name,
      })
      mistakes.push({
        name: `${name} twice, once empty`,
        sent: withPairs(request, body, [...body.pairs, [name, '']]),
        reasons: ['parameter_repeated'],
        parameter: name,
      })
    }
    const isRequired = takes[name] === 'required' || name === selector
    if (!isRequired) continue
    const others = body.pairs.filter(([other]) => other !== name)
    const reasons: readonly Reason[] =
      name === selector
        ? ['grant_type_missing']
        : ['parameter_missing', 'client_id_missing', 'client_secret_missing']
    mistakes.push({
      name: `${name} missing`,
      sent: withPairs(request, body, others),
      reasons,
      parameter: name,
    })
    mistakes.push({
      name: `${name} empty`,
      sent: withPairs(request, body, [...others, [name, '']]),
      reasons,
      parameter: name,
    })
  }
  for (const name of Object.keys(when)) {
    const others = body.pairs.filter(([other]) => other !== name)
    mistakes.push({
      name: `an unknown ${name}`,
      sent: withPairs(request, body, [...others, [name, 'unheard-of']]),
      reasons: [name === selector ? 'grant_type_unsupported' : 'parameter_malformed'],
      parameter: name,
    })
  }
  return mistakes
}

function addressMistakes(request: Request, methods: readonly string[]): readonly Mistake[] {
  const [path = ''] = request.path.split('?')
  const { 'content-type': _, ...headers } = request.headers
  const bare = { ...request, headers, body: undefined }
  const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => !methods.includes(method))
  return [
    ...others.map((method) => ({
      name: `${method} instead`,
      sent: { ...bare, method },
      reasons: ['method_not_allowed'] as const,
    })),
    ...[`${path}/nothing`, `/nothing${path}`, `${path}%41`, '/nothing'].map((unknown) => ({
      name: `the path ${unknown}`,
      sent: { ...request, path: unknown },
      reasons: ['path_unknown'] as const,
    })),
    ...[`${path}?a=%ff`, `${path}?a=%00`, `${path}?%ff=a`].map((broken) => ({
      name: `the query ${broken.slice(path.length)}`,
      sent: { ...request, path: broken },
      reasons: ['parameter_malformed', 'body_malformed', 'query_not_allowed'] as const,
    })),
    {
      name: 'a path that cannot be decoded',
      sent: { ...request, path: `${path}/%zz` },
      reasons: ['body_malformed', 'path_unknown'],
    },
  ]
}
