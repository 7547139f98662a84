/** `docs/dialects/`: a page for each dialect, from its file and its transcript. */
import type { AuthorizePage, Dialect, Endpoint, Refuse } from '../../server/src/dialects/dialect.ts'
import type { Reason } from '../../server/src/kernel/refusals.ts'
import { reasons } from '../../server/src/kernel/refusals.ts'
import type { Exchange } from '../../server/src/testing/transcript.ts'
import { readTranscript } from '../../server/src/testing/transcript.ts'
import { read } from '../files.ts'
import { code, generated, headerOf, page, table } from './markdown.ts'
import { wordOf } from './refusals.ts'

export const dialectsPage = (dialects: readonly Dialect[]): string =>
  page(
    generated('the dialects'),
    '# Dialects',
    'How each company speaks. A mount serves one dialect under one prefix; a client speaks one dialect.',
    table(
      ['dialect', 'who speaks so', 'learned from'],
      dialects.map(({ name, title, source }) => [`[${name}](${name}.md)`, title, source]),
    ),
  )

/** `beside` is what stands above the refusals: where a page of its own says more of them. */
export function dialectPage(dialect: Dialect, beside = ''): string {
  const { name, title, source, endpoints, authorize } = dialect
  const file = `server/src/dialects/${name}`
  const exchanges = readTranscript(read(`${file}.http`), `${name}.http`)
  return page(
    generated(`${code(`${file}.ts`)} and ${code(`${file}.http`)}`),
    `# ${title}`,
    headerOf(read(`${file}.ts`)),
    `Learned from: ${source}.`,
    '## Endpoints',
    'Paths are below the prefix of the mount.',
    table(['route', 'where', 'body', 'parameters', 'does'], endpoints.map(endpointRow)),
    authorize ? authorizeOf(authorize) : '',
    '## Refusals',
    beside,
    refusalsOf(dialect),
    '## A conversation',
    `Each answer below is checked against the running server. ${code('<<name>>')} in an answer is a value that is used
again as ${code('{{name}}')}; other names in double braces are the app's own credentials.`,
    ...exchanges.flatMap((exchange) => conversation(exchange, authorize?.path)),
  )
}

const endpointRow = ({ route, when, body, takes, does }: Endpoint): readonly string[] => [
  code(route),
  Object.entries(when ?? {})
    .map(([name, value]) => code(`${name}=${value}`))
    .join(' '),
  body,
  Object.entries(takes)
    .map(([name, kind]) => code(name) + (kind === 'required' ? '' : ` (${kind})`))
    .join(', '),
  code(does),
]

/** What the address of the authorize page may say. */
function authorizeOf({ path, scopes, resource, separator, ...page }: AuthorizePage): string {
  const { responseTypes = ['code'], displays = [] } = page
  const asked =
    scopes === 'asked' ? [`${code('scope')} (by ${separator === ' ' ? 'space' : code(separator)})`] : []
  const parameters = [
    ...['client_id', 'redirect_uri'].map(code),
    responseTypes.map((type) => code(`response_type=${type}`)).join(' or '),
    ...['state', 'nonce'].map(code),
    ...asked,
    ...(displays.length > 0 ? [`${code('display')} (${displays.map(code).join(', ')})`] : []),
    ...(resource === 'many' ? [`${code('resource')} (many)`] : []),
    ...['code_challenge', 'code_challenge_method=S256', 'max_age'].map(code),
    `${code('prompt')} (${['none', 'consent', 'login', 'select_account'].map(code).join(', ')})`,
  ]
  return `Users allow an app at ${code(`GET ${path}`)}, with ${parameters.join(', ')}.`
}

/** One column for the dialect's own words, and one for each endpoint that has others. */
function refusalsOf(dialect: Dialect): string {
  const others = new Map<string, { readonly refuse: Refuse; readonly at: string }>()
  for (const { refuse, route, when } of dialect.endpoints) {
    if (!refuse) continue
    const words = reasons.map((reason) => wordOf(reason, dialect, refuse))
    if (words.every((word, at) => word === wordOf(reasons[at] ?? 'internal', dialect, dialect.refuse)))
      continue
    // Endpoints that say the same share a column.
    const key = words.join('\n')
    const at = code([route.split(' ')[1], ...Object.values(when ?? {})].join(' '))
    const before = others.get(key)
    others.set(key, { refuse, at: before ? `${before.at}, ${at}` : at })
  }
  return table(
    ['reason', 'status and word', ...[...others.values()].map(({ at }) => `at ${at}`)],
    reasons.map((reason) => [
      `[${code(reason)}](../reference/refusals.md)`,
      wordOf(reason, dialect, dialect.refuse),
      ...[...others.values()].map(({ refuse }) => differing(reason, dialect, refuse)),
    ]),
  )
}

/** Empty where the endpoint says what the dialect says everywhere. */
function differing(reason: Reason, dialect: Dialect, refuse: Refuse): string {
  const [usual, here] = [wordOf(reason, dialect, dialect.refuse), wordOf(reason, dialect, refuse)]
  if (here === usual) return ''
  const [status = '', ...word] = here.split(' ')
  return usual.startsWith(`${status} `) && word.length > 0 ? word.join(' ') : here
}

/** `6 days later`. */
function later(milliseconds: number): string {
  const [name, size] = units.find(([, each]) => milliseconds % each === 0) ?? ['second', 1000]
  const count = milliseconds / size
  return `${count} ${name}${count === 1 ? '' : 's'} later`
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const conversation = (exchange: Exchange, authorize: string | undefined): readonly string[] => [
  exchange.says && `**${exchange.says}**`,
  exchange.allow === undefined
    ? ''
    : `The user allows the app at ${code(`GET ${authorize}?${exchange.allow}`)}.`,
  exchange.mail === undefined
    ? ''
    : `The user gets a mail with a code in it: ${code(`{{${exchange.mail}}}`)}.`,
  exchange.advance === 0 ? '' : `${later(exchange.advance)}:`,
  ['```http', `${exchange.method} ${exchange.path}`, ...headersOf(exchange.headers), ...bodyOf(exchange.body)]
    .concat(
      '',
      String(exchange.status),
      ...headersOf(exchange.expectedHeaders),
      ...bodyOf(exchange.expectedBody),
    )
    .concat('```')
    .join('\n'),
]

const headersOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

const bodyOf = (body: string | undefined): string[] => (body === undefined ? [] : ['', body])
